"""A command read from one async function: name, help and options from its signature, its docstring and its orders.

The first parameter is what was asked (`bot.asked.Asked`); every other one is an option. A parameter whose type is a
pydantic model stands for all the model's fields, so that `/grid` and the engine share one table of names and bounds.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

from pydantic import BaseModel, create_model
from pydantic.fields import FieldInfo

from engine.contract.approaches import TITLES
from engine.contract.sentence import bounds

Kind = Literal["text", "whole", "number", "yesno"]


@dataclass(frozen=True)
class Option:
    """One option. `choices` are (label, value) pairs; `completes` names a completion, such as `styles` or `grids`."""

    name: str
    kind: Kind
    help: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[tuple[str, str], ...] = ()
    completes: str | None = None


@dataclass(frozen=True)
class Command:
    """A command. `moderators`: only for them; `private`: the answer is for the person alone."""

    name: str
    help: str
    options: tuple[Option, ...]
    run: Callable[..., Awaitable[Any]]
    moderators: bool = False
    private: bool = False


def command(
    function: Callable[..., Awaitable[Any]],
    *,
    moderators: bool = False,
    private: bool = False,
    name: str | None = None,
    completes: Mapping[str, str] | None = None,
) -> Command:
    """The command that `function` is. Its name is the function's, its help the first line of its docstring.

    `completes`: options that are completed otherwise than their names say.
    """
    lines = inspect.getdoc(function)
    if not lines:
        raise TypeError(f"The command {function.__name__} has no docstring, and so no help.")
    options = tuple(
        _option(option, field, COMPLETES | dict(completes or {}))
        for model in orders(function).values()
        for option, field in model.model_fields.items()
        if option != "kind"
    )
    name = name or function.__name__.strip("_")
    return Command(name, lines.splitlines()[0].rstrip("."), options, function, moderators, private)


@cache
def orders(function: Callable[..., Awaitable[Any]]) -> dict[str, type[BaseModel]]:
    """What checks the options: a parameter's own pydantic model, or one made of all plain parameters (under "")."""
    hints = get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    models = {p.name: hints[p.name] for p in parameters if _is_model(hints[p.name])}
    plain = {
        p.name: (hints[p.name], ... if p.default is inspect.Parameter.empty else p.default)
        for p in parameters
        if p.name not in models
    }
    return models | ({"": create_model("Options", **plain)} if plain else {})  # type: ignore[call-overload]


# How values are completed goes by an option's name, the same in every command.
COMPLETES = {"style": "styles", "prompt": "prompts", "id": "grids", "name": "styles", "command": "commands"}


def _option(name: str, field: FieldInfo, completes: Mapping[str, str]) -> Option:
    low, high = bounds(field)
    kinds = list(_plain_types(field.annotation))
    choices = tuple((_label(name, value), str(value)) for value in kinds if not isinstance(value, type))
    kind = _kind({value if isinstance(value, type) else type(value) for value in kinds})
    help_text = field.description or name
    return Option(name, kind, help_text, field.is_required(), low, high, choices, completes.get(name))


def _plain_types(annotation: Any) -> Iterable[Any]:
    """The types, or a Literal's values, that an annotation allows besides None."""
    if annotation is type(None):
        return
    if not get_args(annotation):
        yield annotation
        return
    for part in get_args(annotation):
        if isinstance(part, str | int):
            yield part
        elif isinstance(part, type) or get_args(part):
            yield from _plain_types(part)


def _kind(types: set[type]) -> Kind:
    if bool in types:
        return "yesno"
    if float in types:
        return "number"
    return "whole" if int in types else "text"


def _label(name: str, value: Any) -> str:
    return f"{value} {TITLES.get(value, 'the usual')}" if name == "approach" else str(value)


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)
