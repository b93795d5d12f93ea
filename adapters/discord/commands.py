"""The core's commands as Discord registers them, and a command that was given back as plain options."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord

from bot.command import Command, Option

LONGEST_TEXT = 6000
MOST_CHOICES = 25
FROM_TEXT = "Grid from this"
SCORE = "Score this"
_SLASH, _ON_MESSAGE = 1, 3
_EVERYWHERE = {"integration_types": [0], "contexts": [0, 1]}  # added to servers; used there and with the bot alone
_KINDS = {"text": 3, "whole": 4, "yesno": 5, "number": 10}
_MODERATORS = str(discord.Permissions(manage_guild=True).value)


def registrations(commands: Sequence[Command]) -> list[dict[str, Any]]:
    """What Discord is told at start. A moderators' command is hidden from others by default; the core checks again."""
    payloads = [_slash(command) for command in commands]
    if any(command.name == "grid" for command in commands):
        payloads.append({"type": _ON_MESSAGE, "name": FROM_TEXT, **_EVERYWHERE})
    payloads.append({"type": _ON_MESSAGE, "name": SCORE, **_EVERYWHERE})
    return payloads


def options_of(data: Mapping[str, Any]) -> dict[str, str]:
    """A slash command's options as text, such as {"approach": "2"}; numbers as Discord's JSON spells them."""
    return {option["name"]: _text(option["value"]) for option in data.get("options", ()) if "value" in option}


def focused_option(data: Mapping[str, Any]) -> tuple[str, str]:
    """The option that is being typed, and what is there so far."""
    for option in data.get("options", ()):
        if option.get("focused"):
            return option["name"], str(option.get("value", ""))
    raise ValueError("Discord asked to complete no option at all.")


def completions(values: Iterable[tuple[str, str]], option: Option) -> list[discord.app_commands.Choice[Any]]:
    """Completions as Discord takes them: at most 25; a value that would have to be cut is left out, not changed."""
    convert = {"whole": int, "number": float}.get(option.kind, str)
    pairs = [(label, value) for label, value in values if 0 < len(value) <= 100]  # noqa: PLR2004 (Discord's limit)
    return [
        discord.app_commands.Choice(name=label[:100], value=convert(value)) for label, value in pairs[:MOST_CHOICES]
    ]


def _slash(command: Command) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "type": _SLASH,
        "name": command.name,
        "description": _short(command.help),
        "options": [_option(option) for option in sorted(command.options, key=lambda option: not option.required)],
        **_EVERYWHERE,
    }
    if command.moderators:
        payload["default_member_permissions"] = _MODERATORS
    return payload


def _option(option: Option) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "type": _KINDS[option.kind],
        "name": option.name,
        "description": _short(option.help),
        "required": option.required,
    }
    if 0 < len(option.choices) <= MOST_CHOICES:
        choices = completions(option.choices, option)
        payload["choices"] = [{"name": choice.name, "value": choice.value} for choice in choices]
    elif option.completes or option.choices:
        payload["autocomplete"] = True
    return payload | _bounds(option)


def _bounds(option: Option) -> dict[str, Any]:
    if option.kind == "text":
        return {"max_length": LONGEST_TEXT}
    if option.kind == "yesno" or option.choices:
        return {}
    convert = int if option.kind == "whole" else float
    bounds = {"min_value": option.low, "max_value": option.high}
    return {name: convert(bound) for name, bound in bounds.items() if bound is not None}


def _short(help_text: str) -> str:
    line = " ".join(help_text.split())
    return line if len(line) <= 100 else line[:99] + "…"  # noqa: PLR2004 (Discord's limit)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
