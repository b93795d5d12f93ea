"""The database: one file, one writing connection and one reading connection. It knows SQL, not what the rows mean.

A rule about rows is one statement, or one `transaction`; never a read in Python that a later write relies on.
"""

import asyncio
import errno
import hashlib
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from bot.disk import NotKept, seen_through
from bot.migrations import MIGRATIONS
from bot.words import own_words

Row = sqlite3.Row

# A commit is a promise to a person, so it is on the disk before anybody is told (synchronous = FULL).
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
)
# What SQLite answers where the disk is full, failing or gone, or another program (a VACUUM) keeps the file locked;
# its other errors are mistakes of ours.
DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY,
}
NEWER = (
    "{path} was written by a newer Tessera, and this one would not understand it. Start the newer one again, or put "
    "back a copy from before it."
)
DAMAGED = " Put back a copy of DATA_DIR, or move this file away to begin with an empty history."


class Unusable(Exception):
    """The database is of a newer version, damaged, or cannot be opened; a sentence for whoever runs the bot."""


class Orphan(Exception):
    """What the row would belong to is gone."""


class Database:
    """Every call raises NotKept where the disk does not let it, and Orphan; then nothing of it has happened."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer, self._reader = writer, reader
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> "Database":
        """Make the file where it is missing and bring it up to date. Raises Unusable, and then holds nothing open."""
        async with AsyncExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                version = await asyncio.to_thread(_version, path)
                if version > len(MIGRATIONS):
                    raise Unusable(NEWER.format(path=path))
                database = cls(*[await _connect(path, stack) for _ in range(2)])
                await database._migrate(version)
            except (sqlite3.Error, OSError) as error:
                # Its subclasses are what the disk or another program does; this one itself is a damaged file.
                hint = DAMAGED if type(error) is sqlite3.DatabaseError else ""
                message = f"{path} cannot be used: {getattr(error, 'strerror', None) or error}.{hint}"
                raise Unusable(message) from error
            stack.pop_all()
            return database

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()

    async def read(self, sql: str, **values: Any) -> list[Row]:
        with _translated():
            return _rows(await self._reader.execute_fetchall(sql, values))

    async def one(self, sql: str, **values: Any) -> Row | None:
        rows = await self.read(sql, **values)
        return rows[0] if rows else None

    async def write(self, sql: str, **values: Any) -> list[Row]:
        """One statement, committed when this returns; the rows of its RETURNING."""
        async with self._lock:
            with _translated():
                return _rows(await self._writer.execute_fetchall(sql, values))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        """Several statements that happen together or not at all."""
        async with self._lock:
            with _translated():
                try:
                    await seen_through(self._writer.execute_fetchall("BEGIN IMMEDIATE"))
                    yield Transaction(self._writer)
                    await seen_through(self._writer.execute_fetchall("COMMIT"))
                except BaseException:
                    # Where the disk is full SQLite has rolled back already.
                    if self._writer.in_transaction:
                        await seen_through(self._writer.execute_fetchall("ROLLBACK"))
                    raise

    async def _migrate(self, version: int) -> None:
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            await self._writer.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")


class Transaction:
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def write(self, sql: str, **values: Any) -> list[Row]:
        return _rows(await self._connection.execute_fetchall(sql, values))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        # The low byte is the kind, what stands above it the detail.
        if error.sqlite_errorcode & 0xFF not in DISK:
            raise
        raise NotKept(str(error)) from error
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            raise
        raise Orphan(str(error)) from error


def _version(path: Path) -> int:
    """How many migrations the file has seen; read before anything of it is changed. A new one is for its owner only:
    SQLite gives the files beside it the same rights.
    """
    path.touch(0o600)
    with closing(sqlite3.connect(path)) as file:
        version = int(file.execute("PRAGMA user_version").fetchone()[0])
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "this user may not write it")
    return version


async def _connect(path: Path, stack: AsyncExitStack) -> aiosqlite.Connection:
    connection = await stack.enter_async_context(aiosqlite.connect(path, isolation_level=None))
    connection.row_factory = Row
    await connection.create_function("own_words", 2, own_words, deterministic=True)
    await connection.create_function("sha256", 1, _sha256, deterministic=True)
    for pragma in PRAGMAS:
        await connection.execute_fetchall(pragma)
    return connection


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(rows: Iterable[Any]) -> list[Row]:
    return list(rows)
