"""/settings: what a person prefers, and what a server's moderators allow."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from bot import texts
from bot.asked import Asked
from bot.chat import Message
from bot.errors import BadCommand, Refused
from bot.preferences import Preferences, spelled
from engine.contract.approaches import Number

OWN = ("approach", "blocks", "ping")
CLEARED = {"none", "no", "off", "-", "all"}
MOST_CHANNELS = 50
# A mention, or an id as Discord and Slack write them.
CHANNEL = re.compile(r"<#([\w.-]+)(?:\|[^>]*)?>|\b([A-Z0-9]{8,})\b")


async def settings(
    asked: Asked,
    scope: Annotated[Literal["me", "server"], Field(description="your own, or this server's (moderators only)")] = "me",
    approach: Annotated[
        Literal[0, Number] | None, Field(description="the approach when you name none, 0 for no default")
    ] = None,
    blocks: Annotated[
        int | None, Field(ge=0, le=8, description="blocks along a side when you name none, 0 for no default")
    ] = None,
    ping: Annotated[bool | None, Field(description="be mentioned when a result takes more than a minute")] = None,
    channels: Annotated[str | None, Field(description="server: channels where grids may be made, or all")] = None,
    waiting: Annotated[
        int | None, Field(ge=0, le=100, description="server: grids a person may have waiting, 0 for the default")
    ] = None,
    pictures_per_hour: Annotated[
        int | None,
        Field(ge=0, le=100_000, description="server: pictures a person may order in an hour, 0 for the default"),
    ] = None,
    words: Annotated[
        str | None, Field(description="server: words not allowed in prompts, with commas; * for any letters; or none")
    ] = None,
    retention_days: Annotated[
        int | None, Field(ge=0, le=10_000, description="server: days pictures are kept, 0 for the default")
    ] = None,
) -> Message:
    """Your own defaults and, for moderators, the server's rules."""
    options: dict[str, Any] = {
        "approach": approach, "blocks": blocks, "ping": ping, "channels": _channels(channels), "waiting": waiting,
        "pictures_per_hour": pictures_per_hour, "words": _words(words), "retention_days": retention_days,
    }  # fmt: skip
    changes = {name: value for name, value in options.items() if value is not None}
    rows, owner = asked.parts.preferences, _owner(asked, scope, changes)
    for name, value in changes.items():
        await rows.set("person" if scope == "me" else "server", owner, name, value if name == "ping" else value or None)
    preferences = await (rows.of_person(asked.who) if scope == "me" else rows.of_server(asked.server))
    return Message(_table(preferences, scope, moderator=asked.person.moderator))


def _owner(asked: Asked, scope: str, changes: dict[str, Any]) -> str:
    """Whose settings these are. Raises BadCommand, Refused."""
    if scope == "me":
        foreign = [name for name in changes if name not in OWN]
        if foreign:
            raise BadCommand(f"{foreign[0]} is a server setting; add scope:server.")
        return str(asked.who)
    if asked.server is None:
        raise BadCommand("This is not a server; change a server's settings in one of its channels.")
    if not asked.person.moderator:
        raise Refused("Only moderators may see and change a server's settings.")
    return asked.server


def _channels(text: str | None) -> list[str] | None:
    """Ids from mentions (<#123>, <#C12|name>) or as typed; an empty list means every channel. Raises BadCommand."""
    if text is None:
        return None
    if text.strip().casefold() in CLEARED:
        return []
    ids = [mentioned or typed for mentioned, typed in CHANNEL.findall(text)]
    if not ids or len(ids) > MOST_CHANNELS or re.search(r"[^\s,]", CHANNEL.sub("", text)):
        raise BadCommand(
            f"channels must be at most {MOST_CHANNELS} channel mentions or ids, separated by commas,"
            f" not {texts.quoted(text, 40)}."
            " If a mention turns into a plain name, paste the id: it is in the channel's link."
        )
    return ids


def _words(text: str | None) -> list[str] | None:
    if text is None:
        return None
    if text.strip().casefold() in CLEARED:
        return []
    # The list as it is shown may be pasted again.
    words = [" ".join(word.split()) for word in text.replace("∗", "*").split(",")]
    words = [word for word in words if spelled(word).strip("* ")]
    if not words or len(words) > 500 or max(map(len, words)) > 60:  # noqa: PLR2004  # a list that a person can read
        raise BadCommand("words must be at most 500 words of at most 60 characters, separated by commas.")
    return words


def _table(preferences: Preferences, scope: str, *, moderator: bool) -> str:
    names = OWN if scope == "me" else tuple(Preferences.model_fields)
    head = "Your own settings" if scope == "me" else "This server's settings"
    lines = [f"*{head}*", *(f"`{name}` {_text(getattr(preferences, name))}" for name in names)]
    example = "`/settings scope:server words:one, two waiting:3`"
    lines.append(f"Change one with: {'`/settings approach:2`' if scope == 'me' else example}")
    if scope == "me" and moderator:
        lines.append(f"For this server: {example}")
    return "\n".join(lines)


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return texts.plain(", ".join(map(str, value)) if isinstance(value, tuple) else str(value), 400)
