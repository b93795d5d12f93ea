"""What is kept of a message, as rows of SQLite and as a page gets it."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["typed", "said", "posted", "whispered", "form"]

# Appended to, never edited. A deleted message stays as an empty row: pages that were away must learn of it, and its
# version must not be given twice.
MIGRATIONS = (
    """CREATE TABLE messages (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, person TEXT NOT NULL, kind TEXT NOT NULL,
        key TEXT UNIQUE, body TEXT NOT NULL, files TEXT NOT NULL, version INTEGER NOT NULL, created REAL NOT NULL,
        deleted INTEGER NOT NULL DEFAULT 0);
    CREATE UNIQUE INDEX messages_version ON messages (version);
    CREATE INDEX messages_of ON messages (person, version);
    CREATE INDEX messages_in_order ON messages (person, seq) WHERE NOT deleted""",
    "CREATE TABLE door (key BLOB NOT NULL)",
)


@dataclass(frozen=True)
class PageMessage:
    """A message as a page gets it: JSON, files by name. `created` is a Unix time."""

    id: str
    seq: int
    kind: str
    body: dict[str, Any]
    files: tuple[str, ...]
    version: int
    created: float
    deleted: bool


def page_message(row: sqlite3.Row) -> PageMessage:
    return PageMessage(
        id=row["id"],
        seq=row["seq"],
        kind=row["kind"],
        body=json.loads(row["body"]),
        files=tuple(json.loads(row["files"])),
        version=row["version"],
        created=row["created"],
        deleted=bool(row["deleted"]),
    )
