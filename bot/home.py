"""A person's own page, where a platform has one: what runs and waits, and the newest grids."""

from bot import texts
from bot.chat import Home, Person
from bot.line import Line
from bot.parts import Parts

NEWEST = 10


async def home(parts: Parts, line: Line, person: Person) -> Home:
    """What runs and waits, and the newest grids."""
    who = await parts.people.row(person)
    places = await line.places()
    rows = await parts.database.read(
        "SELECT * FROM jobs WHERE person = :who AND state <> 'deleted' ORDER BY number DESC LIMIT 30", who=who
    )
    lines = []
    for row in rows:
        if row["state"] in {"lent", "made"}:
            verb = "Training" if row["training"] else "Painting"
            lines.append(f"{verb} `{row['id']}` {texts.quoted(row['prompt'], 80)}")
        elif row["state"] == "waiting" and row["id"] in places:
            place = places[row["id"]]
            lines.append(
                f"`{row['id']}` {texts.quoted(row['prompt'], 80)}: {texts.waiting(place.place, None, place.why)}"
            )
    delivered = [row for row in rows if row["state"] == "delivered" and not row["training"]]
    grids = [(row["id"], texts.plain(row["prompt"], 80)) for row in delivered]
    return Home(tuple(lines), tuple(grids[:NEWEST]))
