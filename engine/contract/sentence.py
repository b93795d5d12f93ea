"""A rejected order in one sentence: what was wrong, what would be right. Bounds are read from the order itself."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, get_args

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo


def explain(error: ValidationError, order: type[BaseModel]) -> str:
    """The first fault of `error` as a sentence in the words of `order`'s fields."""
    fault = error.errors(include_url=False)[0]
    name = next((str(part) for part in reversed(fault["loc"]) if isinstance(part, str)), "")
    if fault["type"] == "extra_forbidden":
        return unknown(name, order.model_fields)
    if fault["type"] == "missing":
        return f"{name} is missing: {_description(name, order)}."
    if fault["type"] == "value_error":
        return f"{name} {fault['ctx']['error']}."
    if fault["type"] == "string_too_long":
        return f"{name} may have at most {fault['ctx']['max_length']} characters; this one has {len(fault['input']):,}."
    if fault["type"] == "too_long":
        most, count = fault["ctx"]["max_length"], fault["ctx"]["actual_length"]
        return f"{name} may name at most {most}; these are {count:,}."
    return f"{name} must be {_description(name, order)}, not {_quoted(fault['input'])}."


def unknown(name: str, choices: Iterable[str]) -> str:
    """A sentence about a name nobody knows, with the nearest that exists."""
    names = [choice for choice in choices if choice != "kind"]
    matches = get_close_matches(name, names, n=1)
    hint = f"Did you mean {matches[0]}?" if matches else f"The choices are: {', '.join(names)}."
    return f"There is no {_quoted(name)}. {hint}"


def together(names: Sequence[str]) -> str:
    """One, two and three."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def begun(text: str) -> str:
    """With a capital, as a sentence begins."""
    return text[:1].upper() + text[1:]


def bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    """Lowest and highest allowed number of a field."""
    low = next((m.ge for m in field.metadata if isinstance(m, annotated_types.Ge)), None)
    high = next((m.le for m in field.metadata if isinstance(m, annotated_types.Le)), None)
    below = next((m.lt for m in field.metadata if isinstance(m, annotated_types.Lt)), None)
    return low, (below - 1 if below is not None else high)  # type: ignore[operator,return-value]


def _description(name: str, order: type[BaseModel]) -> str:
    field = order.model_fields.get(name)
    if field is None:
        return "given"
    choices = _choices(field.annotation)
    if choices:
        return " or ".join([", ".join(map(str, choices[:-1])), str(choices[-1])] if len(choices) > 1 else choices)
    if field.annotation is bool:
        return "true or false"
    low, high = bounds(field)
    if low is not None and high is not None:
        whole = field.annotation in {int, int | None}
        return f"a {'whole ' if whole else ''}number from {low:,} to {high:,}".replace(",", "" if high < 10**5 else " ")
    if name == "style":
        return "a style's name: lower-case letters, digits and hyphens"
    return field.description or "given"


def _choices(annotation: Any) -> list[Any]:
    """The values of a Literal, also behind `| None`."""
    choices: list[Any] = []
    for arg in get_args(annotation):
        choices += _choices(arg) if get_args(arg) else [arg] if isinstance(arg, str | int) else []
    return choices


def _quoted(value: Any) -> str:
    return f"“{shorten(f'{value:g}' if isinstance(value, float) else str(value), 40)}”"


def shorten(text: str, most: int) -> str:
    """At most `most` characters, the last an ellipsis where something was cut."""
    return text if len(text) <= most else text[: most - 1] + "…"
