"""What Discord keeps: people, a server's rooms, messages with their files, and the interactions it told the bot of."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import discord

_EPOCH = 1420070400000
TEXT, DIRECT, THREAD = 0, 1, 11
RIGHTS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    attach_files=True,
    read_message_history=True,
).value
ALL = discord.Permissions.all().value
EPHEMERAL, LOADING = 64, 128
# docs.discord.com/developers/interactions/receiving-and-responding, "Resolved Data Structure"
NOT_IN_PARTIAL = ("permission_overwrites",)


class Snowflakes:
    """Ids that grow with time, as Discord's do: the time can be read from them."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, at: float | None = None) -> int:
        made = int((time.time() if at is None else at) * 1000 - _EPOCH) << 22
        if at is None:
            self._last = made = max(made, self._last + 1)
        return made


@dataclass
class Talker:
    """A person or the bot. `takes_direct`: direct messages reach this person."""

    id: int
    name: str
    bot: bool = False
    manage_guild: bool = False
    takes_direct: bool = True

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
        }


@dataclass
class Room:
    """A text channel, a direct conversation or a thread; `rights` are the bot's there.

    In an archived thread nothing is changed until it is opened; a new message opens it. In a locked one the bot, who
    may not manage threads, writes, changes and opens nothing. `invited`: whether the bot is in a private thread, which
    is closed to it otherwise.
    """

    id: int
    kind: int
    name: str
    guild: int | None = None
    parent: int | None = None
    rights: int = RIGHTS
    nsfw: bool = False
    person: Talker | None = None
    archived: bool = False
    locked: bool = False
    private: bool = False
    invited: bool = False

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"id": str(self.id), "type": self.kind, "name": self.name}
        if self.kind == DIRECT:
            recipients = [self.person.as_json()] if self.person else []
            return {"id": str(self.id), "type": DIRECT, "last_message_id": None, "recipients": recipients}
        if self.kind == THREAD:
            told |= {"type": 12} if self.private else {}
            told |= {"parent_id": str(self.parent), "owner_id": "1", "message_count": 0, "member_count": 1}
            told["thread_metadata"] = {
                "archived": self.archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": stamp(),
                "locked": self.locked,
            }
        else:
            deny = {"id": str(self.guild), "type": 0, "allow": "0", "deny": str(ALL & ~self.rights)}
            told |= {"position": 0, "permission_overwrites": [deny], "nsfw": self.nsfw, "topic": None}
        return told | {"guild_id": str(self.guild), "rate_limit_per_user": 0, "last_message_id": None}

    def as_partial(self) -> dict[str, Any]:
        """What an interaction says of it, which is less."""
        return {name: value for name, value in self.as_json().items() if name not in NOT_IN_PARTIAL}


@dataclass
class Posted:
    """A message as it stands. `told` is the id of the interaction that it answers, if it does.

    `pinged`: whom it notified when it was new; an edit notifies nobody.
    """

    id: int
    room: int
    content: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    alts: dict[str, str] = field(default_factory=dict)
    components: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 0
    told: int | None = None
    asked_by: Talker | None = None
    edits: int = 0
    pinged: list[int] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)

    @property
    def presses(self) -> dict[str, str]:
        """The labels of its buttons and menus, with their custom ids."""
        controls = [control for row in self.components for control in row["components"]]
        return {control.get("label") or control.get("placeholder", ""): control["custom_id"] for control in controls}

    def as_json(self, bot: Talker) -> dict[str, Any]:
        files = [
            {
                "id": str(self.id + at + 1),
                "filename": name,
                "size": len(data),
                "description": self.alts.get(name),
                "url": f"http://127.0.0.1/cdn/{name}",
                "proxy_url": f"http://127.0.0.1/cdn/{name}",
            }
            for at, (name, data) in enumerate(self.files.items())
        ]
        told: dict[str, Any] = {
            "id": str(self.id),
            "channel_id": str(self.room),
            "author": bot.as_json(),
            "content": self.content,
            "timestamp": stamp(),
            "edited_timestamp": stamp() if self.edits else None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": files,
            "embeds": [],
            "pinned": False,
            "type": 20 if self.told else 0,
            "flags": self.flags,
            "components": self.components,
        }
        if self.told and self.asked_by:
            told["interaction_metadata"] = {
                "id": str(self.told),
                "type": 2,
                "user": self.asked_by.as_json(),
                "authorizing_integration_owners": {},
            }
        return told


@dataclass
class Told:
    """An interaction that the bot was told of. `born` is when (s); `answer` is the type of the first answer it gave.

    `dismissed`: the person deleted the answer while the bot was still thinking.
    """

    id: int
    token: str
    kind: int
    room: Room
    person: Talker
    payload: dict[str, Any]
    born: float
    file_bytes: int
    answer: int | None = None
    dismissed: bool = False
    original: int | None = None
    pressed: int | None = None
    modal: dict[str, Any] | None = None
    choices: list[dict[str, Any]] | None = None


def stamp() -> str:
    return datetime.now(UTC).isoformat()
