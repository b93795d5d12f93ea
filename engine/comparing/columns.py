"""The columns of a comparison, the baseline first, and the control that costs no training."""

from engine.contract.approaches import NUMBERS, STYLED, Profile
from engine.contract.comparison import MOST_COLUMNS, Compare
from engine.contract.errors import BadRequest
from engine.evaluation.columns import of_approaches, of_prompts, of_weights
from engine.evaluation.results import Column


def columns(order: Compare, profile: Profile) -> list[tuple[Column, str]]:
    """Each with its prompt; knows no model and no style's files. Raises BadRequest for an order that makes no sense."""
    compares = order.compares
    if compares == "prompts":
        pairs = _prompts(order, profile)
    elif compares == "approaches":
        style = order.styles[0] if order.styles else None
        if style and STYLED not in _approaches(order):
            raise BadRequest("Only approach 2 paints with styles; add it to the approaches, or leave the style out.")
        pairs = [(column, order.prompt) for column in of_approaches(profile, _approaches(order), style)]
    else:
        weights = order.weights if compares == "weights" else (1.0,)
        every = [column for style in order.styles for column in of_weights(profile, STYLED, style, weights)]
        pairs = [(column, order.prompt) for column in {column.key: column for column in every}.values()]
    if len(pairs) > MOST_COLUMNS:
        raise BadRequest(f"That makes {len(pairs)} columns; a comparison has at most {MOST_COLUMNS}.")
    return pairs


def _approaches(order: Compare) -> tuple[int, ...]:
    return tuple(dict.fromkeys(order.approaches)) or NUMBERS


def _prompts(order: Compare, profile: Profile) -> list[tuple[Column, str]]:
    number = order.approaches[0] if order.approaches else STYLED if order.styles else 1
    if order.styles and number != STYLED:
        raise BadRequest("Only approach 2 paints with styles; choose it, or leave the style out.")
    style = order.styles[0] if order.styles else None
    way = of_approaches(profile, [number], style)[0]
    prompts = [order.prompt, str(order.against)]
    return list(zip(of_prompts(way, prompts), prompts, strict=True))
