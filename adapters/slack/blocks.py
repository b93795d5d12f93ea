"""A message of the core as Slack's text and blocks, within Slack's limits; text from people cannot mention anybody.

The limits are those of https://docs.slack.dev/reference/block-kit.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from adapters.slack.scopes import BEHIND_TESSERA
from bot.chat import Button, Menu, Message

Block = dict[str, Any]

_SECTION = 3000
_SECTIONS = 12
_LABEL = 75
_ALT = 2000
VALUE = 2000
_ACTION_ID = 255
_IN_A_ROW = 5
_CHOICES = 100
_BEHIND_TESSERA = re.compile(rf"(?<![\w/])/({'|'.join(BEHIND_TESSERA)})\b")
_STYLES = {"primary": "primary", "danger": "danger"}
# Slack sends these back escaped; in which places is not documented (https://github.com/slackapi/bolt-python/issues/513).
_AS_LETTERS = str.maketrans({letter: quote(letter) for letter in "%&<>"})


def escaped(text: str) -> str:
    """Slack's three control characters, so that `<!channel>`, `<@U1>` and links in a prompt stay letters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_type(text: str) -> str:
    """The text with its commands as they are typed on Slack."""
    return _BEHIND_TESSERA.sub(r"/tessera \1", text)


def fallback(message: Message) -> str:
    """The text that notifications and screen readers get; never empty."""
    text = next(_pieces(escaped(to_type(message.text))), "Tessera")
    return f"{text}\n{_call(message.calls)}" if message.calls else text


def blocks(message: Message, files: Sequence[str] = ()) -> list[Block]:
    """`files` are the ids of the uploaded pictures, in the order of `message.pictures`."""
    layout = [_section(piece) for piece in list(_pieces(escaped(to_type(message.text))))[:_SECTIONS]]
    layout += [_section(_call(message.calls))] if message.calls else []
    for picture, file in zip(message.pictures, files, strict=False):
        alt = picture.alt.strip()[:_ALT] or "A picture made by Tessera"
        layout.append({"type": "image", "slack_file": {"id": file}, "alt_text": alt})
    if message.eta is not None:
        layout.append({"type": "context", "elements": [{"type": "mrkdwn", "text": _ready_at(message.eta)}]})
    for start in range(0, len(message.buttons), _IN_A_ROW):
        row = [button(each, start + n) for n, each in enumerate(message.buttons[start : start + _IN_A_ROW])]
        layout.append({"type": "actions", "elements": row})
    if message.menu is not None and message.menu.choices:
        layout.append({"type": "actions", "elements": [_select(message.menu)]})
    return layout


def button(each: Button, number: int) -> Block:
    """`number` keeps the ids of one message apart."""
    value = value_of(each.press)
    if len(value) > VALUE:
        raise ValueError(f"What a button sends may have {VALUE} characters on Slack, this has {len(value)}.")
    block = {"type": "button", "action_id": f"press:{number}", "value": value, "text": plain(each.label)}
    return block | ({"style": _STYLES[each.kind]} if each.kind in _STYLES else {})


def value_of(press: str) -> str:
    """What a button carries to and from Slack unchanged."""
    return press.translate(_AS_LETTERS)


def press_of(value: str) -> str:
    """What `value_of` was made from."""
    return unquote(value)


def plain(text: str, limit: int = _LABEL) -> Block:
    """A text without any marks; cut with an ellipsis at Slack's limit, never empty."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return {"type": "plain_text", "text": short or "…", "emoji": False}


def choices(pairs: Sequence[tuple[str, str]]) -> list[Block]:
    return [{"text": plain(label), "value": value} for label, value in pairs[:_CHOICES]]


def _select(menu: Menu) -> Block:
    # what is pressed goes into the id, because a choice's own value may have 150 characters only
    action = f"menu:{menu.press}"
    if len(action) > _ACTION_ID:
        raise ValueError(f"What a menu sends may have {_ACTION_ID - 5} characters on Slack: {menu.press[:40]}…")
    options = choices(menu.choices)
    return {"type": "static_select", "action_id": action, "placeholder": plain(menu.label), "options": options}


def _call(person: str) -> str:
    """A mention of the person with this id; what people write makes none, as it is escaped."""
    return f"<@{person}>"


def _section(text: str) -> Block:
    # verbatim: Slack turns no @channel, #name or address in it into a mention or a link by itself
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _ready_at(eta: float) -> str:
    clock = datetime.fromtimestamp(eta, UTC).strftime("%H:%M UTC")
    return f"<!date^{int(eta)}^Ready at about {{time_secs}}|Ready at about {clock}>"


def _pieces(text: str) -> Iterator[str]:
    """The escaped text in pieces that fit a section, cut at a line, else at a space, never inside `&amp;`."""
    while len(text) > _SECTION:
        cut = max(text.rfind("\n", 1, _SECTION), 0) or max(text.rfind(" ", 1, _SECTION), 0) or _before_entity(text)
        if text[:cut].strip():
            yield text[:cut]
        text = text[cut:].lstrip("\n")
    if text.strip():
        yield text


def _before_entity(text: str) -> int:
    start = text.rfind("&", _SECTION - 5, _SECTION)
    return start if start > 0 and ";" not in text[start:_SECTION] else _SECTION
