"""What a person and a server prefer, and what a server's moderators allow: names and values in rows."""

import json
import re
import unicodedata
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.history import Database
from bot.words import UNSPACED


class Preferences(BaseModel):
    """None means: nobody set it. A person's set only `approach`, `blocks` and `ping`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    approach: int | None = None
    blocks: int | None = None
    ping: bool | None = None
    channels: tuple[str, ...] | None = None
    waiting: int | None = None
    pictures_per_hour: int | None = None
    words: tuple[str, ...] | None = None
    retention_days: int | None = None

    def forbidden(self, text: str) -> str | None:
        """The first entry of the word list that `text`, as `spelled`, holds.

        Entries are words; `*` stands for any letters.
        """
        return next((entry for entry in self.words or () if _pattern(entry).search(text)), None)


class PreferenceRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_person(self, person: int) -> Preferences:
        return await self._of("person", str(person))

    async def of_server(self, server: str | None) -> Preferences:
        return Preferences() if server is None else await self._of("server", server)

    async def set(self, scope: str, owner: str, name: str, value: Any) -> None:
        """Keep a value; None removes it."""
        if value is None:
            sql = "DELETE FROM preferences WHERE scope = :scope AND owner = :owner AND name = :name"
            await self._database.write(sql, scope=scope, owner=owner, name=name)
        else:
            sql = """
                INSERT INTO preferences VALUES (:scope, :owner, :name, :value)
                ON CONFLICT (scope, owner, name) DO UPDATE SET value = excluded.value
            """
            await self._database.write(sql, scope=scope, owner=owner, name=name, value=json.dumps(value))

    async def _of(self, scope: str, owner: str) -> Preferences:
        sql = "SELECT name, value FROM preferences WHERE scope = :scope AND owner = :owner"
        rows = await self._database.read(sql, scope=scope, owner=owner)
        return Preferences(**{row["name"]: json.loads(row["value"]) for row in rows})


def spelled(text: str) -> str:
    """One spelling for what looks the same: letters composed with their accents, and nothing invisible in between."""
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", visible)


def _pattern(entry: str) -> re.Pattern[str]:
    """A whole word; `*` stands for any letters. In a script without spaces no sign says where a word ends, so there it
    is found wherever it stands.

    Each part is taken where it comes first, and no other place is tried (`(?>…)`): with more of them an entry full of
    stars would run for ever, and with it the whole bot.
    """
    text = spelled(entry).strip()
    first, *others = (re.escape(part) for part in text.split("*"))
    edge = rf"[{UNSPACED}]"
    if re.match(edge, text):
        first, others = "", [first, *others]
    after = "" if re.match(edge, text[-1:]) else r"(?!\w)"
    parts = "".join(rf"(?>\w*?{part})" for part in others[:-1])
    last = rf"(?>\w*?{others[-1]}{after})" if others else after
    return re.compile(rf"(?<!\w){first}{parts}{last}", re.IGNORECASE)
