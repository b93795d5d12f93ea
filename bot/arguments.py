"""Options as typed become checked arguments. Whatever does not fit becomes one sentence of BadCommand."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.command import Command, Option, orders
from bot.errors import BadCommand
from bot.grammar import STRAIGHT
from engine.contract.sentence import explain, unknown

YES, NO = {"yes", "y", "true", "on", "1"}, {"no", "n", "false", "off", "0"}


def values(command: Command, options: Mapping[str, str]) -> dict[str, Any]:
    """Keyword arguments for `command.run`. Raises BadCommand for the first fault."""
    by_name = {option.name: option for option in command.options}
    for name in options:
        if name not in by_name:
            raise BadCommand(unknown(name, by_name) if by_name else f"/{command.name} takes no options.")
    converted = {name: _convert(by_name[name], value) for name, value in options.items()}
    arguments: dict[str, Any] = {}
    for parameter, model in orders(command.run).items():
        fields = {name: value for name, value in converted.items() if name in model.model_fields}
        order = _validate(model, fields)
        if parameter:
            arguments[parameter] = order
        else:
            arguments |= {name: getattr(order, name) for name in fields}
    return arguments


def _validate(model: type[BaseModel], fields: Mapping[str, Any]) -> BaseModel:
    try:
        return model(**fields)
    except ValidationError as error:
        raise BadCommand(explain(error, model)) from error


def _convert(option: Option, value: str) -> Any:
    """A number where one is wanted; what is none stays as typed, and the order's own check says what is right."""
    text = value.strip()
    if option.kind == "yesno":
        if text.lower() not in YES | NO:
            raise BadCommand(f"{option.name} must be yes or no.")
        return text.lower() in YES
    if option.choices:
        return _choice(option, text)
    if option.kind == "text":
        # As in a command that was typed whole, so that the same words paint the same everywhere.
        return value.translate(STRAIGHT)
    return _number(text, int if option.kind == "whole" else float)


def _choice(option: Option, text: str) -> Any:
    """A choice by its value or by its label, in any case of letters."""
    for label, choice in option.choices:
        if text.casefold() in {choice.casefold(), label.casefold()}:
            return int(choice) if option.kind == "whole" else choice
    return text


def _number(text: str, kind: Callable[[str], float]) -> float | str:
    try:
        # Only plain digits: int() and float() also take underscores and words such as "nan".
        return kind(text) if len(text) <= 40 and text.isascii() and "_" not in text else text  # noqa: PLR2004
    except ValueError:
        return text
