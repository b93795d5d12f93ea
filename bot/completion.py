"""What may be typed next. Only a person's own prompts and grids are offered."""

from bot import texts
from bot.chat import Offers, Person
from bot.parts import Parts
from engine.contract.errors import TesseraError

MOST = 25
# Platforms take at most a hundred characters of a suggestion.
LONGEST = 100
# WikiArt's classes, as huggan/wikiart names them; only offered, the engine asks the data set itself.
ART_STYLES = (
    "Impressionism", "Abstract Expressionism", "Action painting", "Analytical Cubism", "Art Nouveau", "Baroque",
    "Color Field Painting", "Contemporary Realism", "Cubism", "Early Renaissance", "Expressionism", "Fauvism",
    "High Renaissance", "Mannerism Late Renaissance", "Minimalism", "Naive Art Primitivism", "New Realism",
    "Northern Renaissance", "Pointillism", "Pop Art", "Post Impressionism", "Realism", "Rococo", "Romanticism",
    "Symbolism", "Synthetic Cubism", "Ukiyo e",
)  # fmt: skip


async def complete(parts: Parts, person: Person, command: str, option: str, typed: str) -> Offers:
    """Values of an option that fit what was typed so far, at most 25; neither they nor their labels are too long.

    Nobody knows a grid by its id, so its label tells its prompt.
    """
    options = next((entry.options for entry in parts.commands if entry.name == command), ())
    wanted_option = next((entry for entry in options if entry.name == option), None)
    if wanted_option is None:
        return []
    start = typed.strip().casefold()
    if wanted_option.completes == "grids":
        grids = await _own_grids(parts, person, start, ids=True)
        return [(texts.plain(f"{job} · {prompt}", LONGEST), job) for job, prompt in grids[:MOST]]
    if wanted_option.choices:
        values = [label for label, _ in wanted_option.choices]
    elif wanted_option.completes == "commands":
        values = [entry.name for entry in parts.commands]
    elif wanted_option.completes == "styles":
        values = await style_names(parts)
    elif wanted_option.completes == "art styles":
        values = list(ART_STYLES)
    elif wanted_option.completes == "prompts":
        values = [prompt for _, prompt in await _own_grids(parts, person, start)]
    else:
        values = []
    suggestions = [value for value in dict.fromkeys(values) if start in value.casefold() and len(value) <= LONGEST]
    return [(value, value) for value in suggestions[:MOST]]


async def style_names(parts: Parts) -> list[str]:
    """The names of the styles that there are; none while no engine answers, as whoever types does not wait."""
    if parts.engine.absent:
        return []
    try:
        return [str(card["name"]) for card in await parts.engine.client.styles()]
    except TesseraError:
        return []


async def _own_grids(parts: Parts, person: Person, start: str, *, ids: bool = False) -> list[tuple[str, str]]:
    """Ids and prompts of one's own grids whose prompts, or with `ids` whose ids, hold what was typed; newest first."""
    who = await parts.people.row(person)
    # Only among the newest: a completion has to be there while one types.
    sql = """
        SELECT id, prompt FROM (
            SELECT id, prompt, number FROM jobs WHERE person = :who AND state <> 'deleted' AND NOT training
            ORDER BY number DESC LIMIT 2000
        ) WHERE prompt LIKE :start ESCAPE '!' OR (:ids AND id LIKE :start ESCAPE '!') ORDER BY number DESC LIMIT 50
    """
    escaped = start.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = await parts.database.read(sql, who=who, start=f"%{escaped}%", ids=ids)
    return [(str(row["id"]), str(row["prompt"])) for row in rows]
