"""The App Home: a person's own queue and newest grids, and a button for a new one."""

from typing import Any

from adapters.slack.blocks import escaped, plain
from bot.chat import Home

NEW = "home:new"
SHOW = "home:show"
_BLOCKS = 100
_TEXT = 3000


def home_view(home: Home) -> dict[str, Any]:
    """At most 100 blocks: the rest of the history is a command away."""
    top = [
        _row([{"type": "button", "action_id": NEW, "text": plain("New grid"), "style": "primary"}]),
        _heading("Your queue"),
        *(_line(line) for line in home.lines[:30] or ("Nothing is running or waiting.",)),
        _heading("Your newest grids"),
    ]
    grids = [_grid(each, line) for each, line in home.grids[: _BLOCKS - len(top)]]
    return {"type": "home", "blocks": top + (grids or [_line("No grids yet.")])}


def _grid(each: str, line: str) -> dict[str, Any]:
    show = {"type": "button", "action_id": f"{SHOW}:{each}", "value": each, "text": plain("Show")}
    return _line(line) | {"accessory": show}


def _line(text: str) -> dict[str, Any]:
    short = escaped(text[: _TEXT // 5]) or "…"
    return {"type": "section", "text": {"type": "mrkdwn", "text": short, "verbatim": True}}


def _heading(text: str) -> dict[str, Any]:
    return {"type": "header", "text": plain(text)}


def _row(elements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "actions", "elements": elements}
