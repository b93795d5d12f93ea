"""Buttons, menus and forms as discord.py's. Nothing is stored: a press comes back in the custom id, for ever."""

from collections.abc import Iterator, Mapping
from typing import Any

import discord

from bot.chat import Form, Message

LONGEST_PRESS = 100
_STYLES = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "danger": discord.ButtonStyle.danger,
}


def view_of(message: Message) -> discord.ui.View | None:
    """The message's buttons and menu. It is stopped at once, so that discord.py keeps no copy of it in memory.

    Raises ValueError for a press that is longer than Discord's custom id.
    """
    if not message.buttons and message.menu is None:
        return None
    view = discord.ui.View(timeout=None)
    for button in message.buttons:
        view.add_item(
            discord.ui.Button(label=button.label[:80], custom_id=_custom_id(button.press), style=_STYLES[button.kind])
        )
    if message.menu is not None:
        options = [discord.SelectOption(label=label[:100], value=value) for label, value in message.menu.choices]
        view.add_item(
            discord.ui.Select(
                custom_id=_custom_id(message.menu.press), placeholder=message.menu.label[:150], options=options
            )
        )
    view.stop()
    return view


def modal_of(form: Form) -> discord.ui.Modal:
    """The form as a dialog of at most five fields; a value longer than a field takes (4000) is cut."""
    modal = discord.ui.Modal(title=form.title[:45], timeout=None, custom_id=_custom_id(form.press))
    for field in form.fields:
        style = discord.TextStyle.paragraph if field.long else discord.TextStyle.short
        line: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=field.name, style=style, default=field.value[:4000] or None, required=field.required
        )
        modal.add_item(discord.ui.Label(text=field.label[:45], component=line))
    modal.stop()
    return modal


def press_of(data: Mapping[str, Any]) -> str:
    """The press of a component interaction; a menu's choice is added to its press."""
    values = data.get("values") or ()
    return ":".join([data["custom_id"], *values])


def answers(data: Mapping[str, Any]) -> dict[str, str]:
    """The answers of a form that was sent, by the fields' names."""
    return dict(_answers(data.get("components", ())))


def _answers(components: Any) -> Iterator[tuple[str, str]]:
    for component in components:
        if "value" in component:
            yield component["custom_id"], component["value"] or ""
        yield from _answers(component.get("components", ()))
        if "component" in component:
            yield from _answers([component["component"]])


def _custom_id(press: str) -> str:
    if len(press) > LONGEST_PRESS:
        raise ValueError(f"Discord carries a press of at most {LONGEST_PRESS} characters, not {len(press)}.")
    return press
