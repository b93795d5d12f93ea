"""A command read from one async function: name, help and options from its signature, its docstring and its orders.

The first parameter is what was asked (`bot.commands.Asked`); every other one is an option. A parameter whose type is a
pydantic model stands for all the model's fields, so that `/grid` and the engine share one table of names and bounds.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

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
