"""What each person's page shows, kept: the same after a reload, a lost connection or a restart of the bot.

Every change takes the next version number, so a page that saw version 41 asks for what is newer and misses nothing.
"""

import json
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapters.web.feed import Feed
from adapters.web.files import Files, message_of
from adapters.web.messages import MIGRATIONS, Kind, PageMessage, page_message
from adapters.web.rows import Rows
from bot.chat import Picture

# Seconds for which a replaced preview can still be loaded.
LOADING_S = 30.0
DAY_S = 24 * 3600


class Conversation:
    def __init__(self, folder: Path) -> None:
        self.feed = Feed()
        self.files = Files(folder / "files")
        self._rows = Rows(folder / "conversation.sqlite3", MIGRATIONS)
        self._old_files: dict[str, float] = {}

    async def add(
        self, person: str, kind: Kind, body: dict[str, Any], pictures: Iterable[Picture] = (), key: str | None = None
    ) -> str:
        """Add a message; its id. With a key that was used before nothing is added, and the id is the earlier one's."""
        earlier = await self.find(key) if key else None
        if earlier:
            return earlier
        message = secrets.token_hex(10)
        names = await self.files.keep(message, pictures)
        row = await self._rows.first(
            "INSERT INTO messages (id, person, kind, key, body, files, version, created) VALUES "
            "(?, ?, ?, ?, ?, ?, (SELECT coalesce(max(version), 0) + 1 FROM messages), ?) "
            "ON CONFLICT (key) DO NOTHING RETURNING id",
            *(message, person, kind, key, json.dumps(body), json.dumps(names), time.time()),
        )
        if row is None:
            await self.files.drop(names)
            return str(await self.find(key))
        self.feed.wake(person)
        return message

    async def replace(self, message: str, body: dict[str, Any], pictures: Iterable[Picture] = ()) -> bool:
        """Show a message in its newest state; False if it is gone.

        The files of the state before are kept for a moment: a page may be about to load them.
        """
        old_row = await self._rows.first("SELECT person, files FROM messages WHERE id = ? AND NOT deleted", message)
        if old_row is None:
            return False
        names = await self.files.keep(message, pictures)
        row = await self._rows.first(
            "UPDATE messages SET body = ?, files = ?, version = (SELECT max(version) + 1 FROM messages) "
            "WHERE id = ? AND NOT deleted RETURNING id",
            *(json.dumps(body), json.dumps(names), message),
        )
        now = time.monotonic()
        await self._drop([name for name, moment in self._old_files.items() if now - moment >= LOADING_S])
        self._old_files |= dict.fromkeys(json.loads(old_row["files"]) if row else names, now)
        if row:
            for name in names:
                self._old_files.pop(name, None)
        self.feed.wake(old_row["person"])
        return row is not None

    async def remove(self, message: str) -> None:
        """Take a message back; what is gone already stays gone. Its key is not free again: it must not come twice."""
        row = await self._rows.first("SELECT person, files FROM messages WHERE id = ? AND NOT deleted", message)
        if row is None:
            return
        await self._rows.all(
            "UPDATE messages SET deleted = 1, body = '{}', files = '[]', "
            "version = (SELECT max(version) + 1 FROM messages) WHERE id = ?",
            message,
        )
        old_names = [name for name in self._old_files if message_of(name) == message]
        await self._drop([*json.loads(row["files"]), *old_names])
        self.feed.wake(row["person"])

    async def forget(self, person: str) -> None:
        """Remove all of a person's messages and files."""
        for row in await self._rows.all("SELECT id FROM messages WHERE person = ? AND NOT deleted", person):
            await self.remove(row["id"])

    async def find(self, key: str | None) -> str | None:
        row = await self._rows.first("SELECT id FROM messages WHERE key = ?", key)
        return row["id"] if row else None

    async def kind(self, message: str, person: str) -> str | None:
        """Which kind of message this is, if it is this person's and still there."""
        row = await self._rows.first(
            "SELECT kind FROM messages WHERE id = ? AND person = ? AND NOT deleted", message, person
        )
        return row["kind"] if row else None

    async def files_of(self, message: str, person: str) -> list[str]:
        """The names of a message's files, if it is this person's and still there."""
        row = await self._rows.first(
            "SELECT files FROM messages WHERE id = ? AND person = ? AND NOT deleted", message, person
        )
        return list(json.loads(row["files"])) if row else []

    async def newest(self, person: str, most: int, before: int | None = None) -> list[PageMessage]:
        """The last `most` messages, oldest first, or those before the one with the sequence number `before`."""
        rows = await self._rows.all(
            "SELECT * FROM messages WHERE person = ? AND NOT deleted AND seq < ? ORDER BY seq DESC LIMIT ?",
            *(person, before or 2**62, most),
        )
        return [page_message(row) for row in reversed(rows)]

    async def since(self, person: str, version: int, most: int = 200) -> list[PageMessage]:
        """What changed after this version, deletions included, in the order of the changes."""
        rows = await self._rows.all(
            "SELECT * FROM messages WHERE person = ? AND version > ? ORDER BY version LIMIT ?", person, version, most
        )
        return [page_message(row) for row in rows]

    async def version(self, person: str) -> int:
        row = await self._rows.first("SELECT max(version) AS version FROM messages WHERE person = ?", person)
        return (row["version"] if row else None) or 0

    async def sweep(self, keep_days: int, most_bytes: int) -> None:
        """Remove messages older than so many days (0: none is too old), the oldest whose files are too much together,
        and files that a crash left behind."""
        oldest = time.time() - keep_days * DAY_S if keep_days else 0
        for row in await self._rows.all("SELECT id FROM messages WHERE created < ? AND NOT deleted", oldest):
            await self.remove(row["id"])
        sizes, total = await self.files.sizes(), 0
        for row in await self._rows.all("SELECT id, files FROM messages WHERE files != '[]' ORDER BY seq DESC"):
            total += sum(sizes.get(name, 0) for name in json.loads(row["files"]))
            if total > most_bytes:
                await self.remove(row["id"])
        await self.files.sweep(self._names_in_use)

    async def key(self) -> bytes:
        """What the door makes proofs with: kept, so that after a restart nobody is asked for the token again."""
        make = "INSERT INTO door (key) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM door)"
        await self._rows.all(make, secrets.token_bytes(32))
        return bytes((await self._rows.all("SELECT key FROM door"))[0]["key"])

    def close(self) -> None:
        self._rows.close()

    async def _drop(self, names: Iterable[str]) -> None:
        await self.files.drop(names)
        for name in names:
            self._old_files.pop(name, None)

    async def _names_in_use(self) -> set[str]:
        rows = await self._rows.all("SELECT files FROM messages WHERE files != '[]'")
        return {name for row in rows for name in json.loads(row["files"])}
