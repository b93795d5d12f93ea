"""Which style a place has adopted: a preference of the server, in a direct message of the person."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from bot.asked import Asked
from bot.history import Database
from engine.contract.approaches import STYLED
from engine.contract.orders import MakeGrid


@dataclass(frozen=True)
class Scope:
    """Whose choice it is, as the preferences name it."""

    scope: str
    owner: str


def scope_of(asked: Asked, more: str = "") -> Scope:
    """Whose adopted style is meant: the server's, or in a direct message the person's own.

    `more` is the end of a press: a button that had to be shown in a direct message, where Slack shows pictures, names
    the workspace that it was asked for in, and still means that.
    """
    workspace = next((word for word in more.split() if word.startswith(f"{asked.person.platform}:")), None)
    server = asked.server or workspace
    return Scope("server", server) if server else Scope("person", str(asked.who))


def press(action: str, style: str, scope: Scope, *words: str) -> str:
    """What a button about a style sends; with the server whose choice it is about."""
    more = " ".join([*words, *([scope.owner] if scope.scope == "server" else [])])
    return ":".join([action, style, *([more] if more else [])])


async def with_adopted(asked: Asked, work: MakeGrid) -> MakeGrid:
    """The order with the adopted style in it, where its approach paints with styles and it names none."""
    if work.approach != STYLED or work.style is not None:
        return work
    style = await Adopted(asked.parts.database).style(scope_of(asked))
    return work.model_copy(update={"style": style}) if style else work


class Adopted:
    """Rows of the preferences named `styles`: a list, the present style first, then those before it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def style(self, scope: Scope) -> str | None:
        row = await self._database.one(ONE, scope=scope.scope, owner=scope.owner)
        return json.loads(row["value"])[0] if row else None

    async def adopt(self, scope: Scope, style: str) -> None:
        """From now on this is the style here; the one before is remembered."""
        await self._change(scope, lambda names: [style, *(name for name in names if name != style)])

    async def roll_back(self, scope: Scope, style: str) -> str | None:
        """Give up this style, if it is the present one, for the one before; the present style then, None for none."""
        return next(iter(await self._change(scope, lambda names: names[names[:1] == [style] :])), None)

    async def elsewhere(self, scope: Scope, style: str) -> bool:
        """Whether another place has adopted this style at present."""
        rows = await self._database.read(ALL)
        others = [row for row in rows if Scope(row["scope"], row["owner"]) != scope]
        return any(json.loads(row["value"])[0] == style for row in others)

    async def replaced(self, style: str, name: str | None) -> None:
        """The style has another name now, or (None) is no more: everywhere, also where it is only remembered."""

        def renamed(names: list[str]) -> list[str]:
            return [new for old in names if (new := name if old == style else old)]

        for row in await self._database.read(ALL):
            await self._change(Scope(row["scope"], row["owner"]), renamed)

    async def _change(self, scope: Scope, change: Callable[[list[str]], list[str]]) -> list[str]:
        """Read and write in one transaction; the names as they are now."""
        place = {"scope": scope.scope, "owner": scope.owner}
        async with self._database.transaction() as rows:
            preferences = await rows.write(ONE, **place)
            names = change(json.loads(preferences[0]["value"]) if preferences else [])
            if names:
                await rows.write(KEEP, **place, value=json.dumps(names))
            else:
                await rows.write(NONE, **place)
        return names


ALL = "SELECT scope, owner, value FROM preferences WHERE name = 'styles'"
ONE = "SELECT value FROM preferences WHERE scope = :scope AND owner = :owner AND name = 'styles'"
NONE = "DELETE FROM preferences WHERE scope = :scope AND owner = :owner AND name = 'styles'"
KEEP = """
INSERT INTO preferences VALUES (:scope, :owner, 'styles', :value)
ON CONFLICT (scope, owner, name) DO UPDATE SET value = excluded.value
"""
