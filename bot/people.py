"""People and the places they ask in: rows for persons, names for servers, and who is a moderator."""

from dataclasses import replace

from bot.chat import Person, Place
from bot.history import Database
from bot.migrations import NEXT


class People:
    def __init__(self, database: Database, moderators: tuple[str, ...]) -> None:
        self._database = database
        self._moderators = frozenset(moderators)

    async def row(self, person: Person) -> int:
        """The number of this person's row, which is made at the first sight."""
        values = {"platform": person.platform, "key": person.id, "name": person.name}
        row = await self._database.one(KNOWN, **values)
        return int((row or (await self._database.write(PERSON, **values))[0])["id"])

    async def key(self, person: int) -> str | None:
        """The platform's id of the person with this row; None where it is gone."""
        row = await self._database.one("SELECT key FROM people WHERE id = :id", id=person)
        return str(row["key"]) if row else None

    def with_rights(self, person: Person) -> Person:
        """The person with the configured list of moderators applied."""
        listed = f"{person.platform}:{person.id}" in self._moderators
        return replace(person, moderator=True) if listed else person


KNOWN = "SELECT id FROM people WHERE platform = :platform AND key = :key AND name = :name"
PERSON = f"""
INSERT INTO people (id, platform, key, name) SELECT {NEXT.format("people", "id")}, :platform, :key, :name WHERE true
ON CONFLICT (platform, key) DO UPDATE SET name = excluded.name RETURNING id
"""  # constants


def server_of(platform: str, place: Place) -> str | None:
    """A server's name in the rows: ids of two platforms may be the same."""
    return None if place.server is None else f"{platform}:{place.server}"
