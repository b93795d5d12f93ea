"""Where one job is answered on Discord, as a JSON string. It knows ids and the interaction's token, never an object."""

import json
import time
from dataclasses import asdict, dataclass, fields
from typing import Literal

TOKEN_LIVES = 14 * 60.0
"""Seconds for which an interaction's token is used; Discord takes it for fifteen minutes."""

Acknowledged = Literal["", "public", "private", "quiet", "form"]


@dataclass
class Address:
    """`message` is the job's own message, `thread` the one opened for it.

    `replied`: `message` is Discord's reply to the command, so that the token reaches it; else it was posted by itself.
    `rights` and `file_bytes` are what Discord said when it was asked; `holds` marks the result that `message` carries.
    `token` works until `token_until` (Unix time); everything but private answers works without it.
    """

    channel: int
    user: int
    event: int
    application: int
    guild: int | None = None
    token: str | None = None
    token_until: float = 0.0
    kind: Literal["command", "press", "form"] = "command"
    in_thread: bool = False
    thread_private: bool = False
    can_thread: bool = False
    rights: int = 0
    file_bytes: int = 0
    acknowledged: Acknowledged = ""
    said: bool = False
    message: int | None = None
    replied: bool = False
    thread: int | None = None
    holds: str | None = None

    @property
    def private(self) -> bool:
        return self.acknowledged == "private"

    def live_token(self) -> str | None:
        return self.token if time.time() < self.token_until else None

    def as_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


def read_address(text: str) -> Address:
    """The address that was stored, by an older or a newer version too: what one of them lacks has its default."""
    names = {each.name for each in fields(Address)}
    return Address(**{name: value for name, value in json.loads(text).items() if name in names})


def message_id(channel: int, message: int) -> str:
    """A message's id for the core: a message alone cannot be found on Discord without its channel."""
    return f"{channel}/{message}"


def read_message_id(text: str) -> tuple[int, int]:
    channel, _, message = text.partition("/")
    return int(channel), int(message)
