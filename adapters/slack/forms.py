"""Forms as Slack's modal views: the core's own, and one that is read from a command's signature."""

import json
from typing import Any

from adapters.slack.address import Address
from adapters.slack.blocks import VALUE, choices, plain, to_type, value_of
from bot.chat import Button, Field, Form, Message
from bot.command import Command, Option

View = dict[str, Any]

ASKED = "asked"
COMMAND = "command:"
WHERE = "where"
REOPEN = "form:"
_TITLE = 24
_TEXT = 3000
# completions whose values are a closed set; others only help to type a text
_CLOSED = ("styles", "grids")
_YES_NO = (("yes", "yes"), ("no", "no"))


def form_view(form: Form, address: Address) -> View:
    """The core's form; what it sends back and where it was opened travel inside it."""
    inputs = [_field(field) for field in form.fields]
    metadata = json.dumps({"address": address.dump(), "press": form.press})
    return _view(ASKED, form.title, metadata, inputs)


def command_view(command: Command, address: Address, values: dict[str, str] | None = None) -> View:
    """A form with one input per option; where no channel is known, it asks for one."""
    inputs = [_option(option, (values or {}).get(option.name, "")) for option in command.options]
    if not address.channel:
        inputs.append(_where())
    metadata = json.dumps({"address": address.dump()})
    return _view(COMMAND + command.name, f"New {command.name}", metadata, inputs)


def answers(view: View) -> dict[str, str]:
    """What was filled in, by the fields' names; what was left empty is left out."""
    values = {}
    for block, elements in view["state"]["values"].items():
        for element in elements.values():
            value = element.get("value") or element.get("selected_conversation")
            value = value or (element.get("selected_option") or {}).get("value")
            if value:
                values[block] = str(value)
    return values


def offer(form: Form) -> Message:
    """A button that opens the form, for when Slack's three seconds are over or nothing was pressed."""
    press = REOPEN + json.dumps([form.title, form.press, [_field_json(field) for field in form.fields]])
    if len(value_of(press)) > VALUE:
        return Message("The form could not be opened in time. Please press the button again.")
    return Message(f"Press to open: {form.title}", buttons=(Button("Open the form", press, "primary"),))


def form_of(press: str) -> Form:
    """The form that `offer` has put into a button."""
    title, form_press, fields = json.loads(press.removeprefix(REOPEN))
    return Form(title, form_press, tuple(Field(*field) for field in fields))


def _field_json(field: Field) -> list[Any]:
    return [field.name, field.label, field.value, field.required, field.long]


def _view(callback: str, title: str, metadata: str, inputs: list[View]) -> View:
    return {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, _TITLE),
        "submit": plain("Send", _TITLE),
        "close": plain("Close", _TITLE),
        "private_metadata": metadata,
        "blocks": inputs,
    }


def _field(field: Field) -> View:
    element = _text(field.value, multiline=field.long) | {"action_id": field.name}
    return _input(field.name, field.label, element, optional=not field.required)


def _option(option: Option, value: str) -> View:
    label = f"{option.name}: {option.help}"
    element = _element(option, value) | {"action_id": option.name}
    return _input(option.name, label, element, optional=not option.required)


def _element(option: Option, value: str) -> View:
    if option.choices or option.kind == "yesno":
        return {"type": "static_select", "options": choices(option.choices or _YES_NO)}
    if option.completes in _CLOSED:
        return {"type": "external_select", "min_query_length": 0}
    if option.kind == "text":
        return _text(value, multiline=option.required)
    bounds = {"min_value": option.low, "max_value": option.high}
    limits = {name: f"{bound:.12g}" for name, bound in bounds.items() if bound is not None}
    return {"type": "number_input", "is_decimal_allowed": option.kind == "number", **limits}


def _text(value: str, *, multiline: bool) -> View:
    element: View = {"type": "plain_text_input", "multiline": multiline, "max_length": _TEXT}
    return element | ({"initial_value": value[:_TEXT]} if value else {})


def _where() -> View:
    element = {
        "type": "conversations_select",
        "action_id": WHERE,
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private", "im"], "exclude_bot_users": True},
    }
    return _input(WHERE, "Where to post it (empty: here, to you alone)", element, optional=True)


def _input(name: str, label: str, element: View, *, optional: bool) -> View:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(to_type(label), 2000),
        "element": element,
        "optional": optional,
    }
