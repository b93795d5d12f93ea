"""What may be typed next. Only a person's own prompts and grids are offered."""

from bot.chat import Person
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


async def complete(parts: Parts, person: Person, command: str, option: str, typed: str) -> list[str]:
    """Values of an option that fit what was typed so far, at most 25 of at most 100 characters."""
    known = next((entry for entry in parts.commands if entry.name == command), None)
    wanted = next((entry for entry in known.options if entry.name == option), None) if known else None
    if wanted is None:
        return []
    start = typed.strip().casefold()
    if wanted.choices:
        values = [label for label, _ in wanted.choices]
    elif wanted.completes == "commands":
        values = [entry.name for entry in parts.commands]
    elif wanted.completes == "styles":
        values = await style_names(parts)
    elif wanted.completes == "art styles":
        values = list(ART_STYLES)
    elif wanted.completes in {"grids", "prompts"}:
        values = await _own(parts, person, "id" if wanted.completes == "grids" else "prompt", start)
    else:
        values = []
    return [value for value in dict.fromkeys(values) if start in value.casefold() and len(value) <= LONGEST][:MOST]


async def style_names(parts: Parts) -> list[str]:
    """The names of the styles that there are; none while no engine answers, as whoever types does not wait."""
    if parts.engine.absent:
        return []
    try:
        return [str(card["name"]) for card in await parts.engine.client.styles()]
    except TesseraError:
        return []


async def _own(parts: Parts, person: Person, column: str, start: str) -> list[str]:
    assert column in {"id", "prompt"}  # noqa: S101  # the only two words that are put into the statement
    who = await parts.people.row(person)
    # Only among the newest: a completion has to be there while one types.
    sql = f"""
        SELECT {column} AS found FROM (
            SELECT id, prompt, number FROM jobs WHERE person = :who AND state <> 'deleted' AND NOT training
            ORDER BY number DESC LIMIT 2000
        ) WHERE {column} LIKE :start ESCAPE '!' OR prompt LIKE :start ESCAPE '!' ORDER BY number DESC LIMIT 50
    """  # noqa: S608  # see above
    escaped = start.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return [str(row["found"]) for row in await parts.database.read(sql, who=who, start=f"%{escaped}%")]
