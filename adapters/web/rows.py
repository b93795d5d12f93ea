"""One SQLite file, one statement at a time, each committed before it returns. It knows no message and no person."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from bot.errors import BotError, PlatformAway


class Rows:
    """Opened on first use, so that a talk can be answered before anything is served."""

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        self._path, self._migrations = path, migrations
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    async def all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        return await asyncio.to_thread(self._execute, statement, values)

    async def first(self, statement: str, *values: Any) -> sqlite3.Row | None:
        rows = await self.all(statement, *values)
        return rows[0] if rows else None

    def close(self) -> None:
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _execute(self, statement: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        with self._lock:
            try:
                self._database = self._database or self._open()
                return self._database.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:
                raise PlatformAway(f"The conversation cannot be kept in {self._path} ({error}).") from error
            except sqlite3.DatabaseError as error:
                raise BotError(f"{self._path} cannot be used: {error}. Put back a copy, or move it away.") from error

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Autocommit: every statement is a transaction, and one statement is all that any change here needs.
        with ExitStack() as stack:
            database = stack.enter_context(
                closing(sqlite3.connect(self._path, isolation_level=None, check_same_thread=False))
            )
            database.row_factory = sqlite3.Row
            database.execute("PRAGMA journal_mode = WAL")
            version: int = database.execute("PRAGMA user_version").fetchone()[0]
            if version > len(self._migrations):
                raise BotError(
                    f"{self._path} was written by a newer Tessera. Start that one again, or put back a copy."
                )
            for number, migration in enumerate(self._migrations[version:], start=version + 1):
                database.executescript(f"BEGIN; {migration}; PRAGMA user_version = {number}; COMMIT")
            stack.pop_all()
        return database
