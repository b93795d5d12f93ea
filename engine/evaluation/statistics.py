"""Means and paired differences with 95 % intervals: Student's t over seeds, or a bootstrap over prompts.

Values are keyed by (number of the prompt, number of the draw). A draw is a picture's turn: draw 3 of a prompt has the
same seed in every column, and that is what makes a difference paired.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TypeGuard

from engine.contract.estimate import Estimate, nothing
from engine.evaluation.intervals import over_prompts, over_seeds, tied

Key = tuple[int, int]
Values = Mapping[Key, float | None]

ENOUGH_PROMPTS = 20
"""From so many prompts up they stand for prompts in general and are what is resampled."""


def difference(values: Values, baseline: Values, *, seed: int = 0, shared: bool = False) -> Estimate:
    """The mean of values minus baseline, paired by prompt and draw; a pair without two finite values is left out.

    `shared` says that the values of one prompt are made of each other (a mean distance within the prompt), so that
    draws are no independent units. `seed` is the bootstrap's.
    """
    pairs = {key: (values.get(key), baseline.get(key)) for key in {*values, *baseline}}
    differences = {key: a - b for key, (a, b) in pairs.items() if _is_number(a) and _is_number(b)}
    return _estimate(differences, len(pairs), "pairs", seed, shared)


def level(values: Values, *, seed: int = 0, shared: bool = False) -> Estimate:
    """The mean of the values, with the same two kinds of interval. Its `p` is None: nothing is compared."""
    numbers = {key: value for key, value in values.items() if _is_number(value)}
    return _estimate(numbers, len(values), "pictures", seed, shared).model_copy(update={"p": None})


def holm(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The same with `p_corrected` for all that have a p (S. Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = sorted((estimate.p, index) for index, estimate in enumerate(estimates) if estimate.p is not None)
    corrected: dict[int, float] = {}
    largest = 0.0
    for rank, (p, index) in enumerate(order):
        largest = max(largest, min(1.0, p * (len(order) - rank)))
        corrected[index] = largest
    return [
        estimate.model_copy(update={"p_corrected": corrected.get(index)}) for index, estimate in enumerate(estimates)
    ]


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _estimate(numbers: Mapping[Key, float], expected: int, unit: str, seed: int, shared: bool) -> Estimate:  # noqa: FBT001 - handed on
    if not numbers:
        return nothing(f"There are no {unit} to compare: every score is missing.", 0, unit)
    if same := tied(list(numbers.values()), unit):
        return same
    prompts, missing = _by_prompt(numbers), expected - len(numbers)
    left_out = f"{missing} of {expected} {unit} left out, because a score is missing." if missing else ""
    if len(prompts) >= ENOUGH_PROMPTS:
        return over_prompts([fmean(values) for values in prompts], seed, left_out)
    if shared:
        return nothing(
            f"The values of one prompt share pictures, so seeds give no interval; it takes {ENOUGH_PROMPTS} prompts.",
            len(numbers),
            unit,
        )
    return over_seeds(prompts, left_out)


def _by_prompt(numbers: Mapping[Key, float]) -> list[list[float]]:
    """The values of each prompt in the order of their draws."""
    by_prompt: dict[int, list[float]] = defaultdict(list)
    for (prompt, _), value in sorted(numbers.items()):
        by_prompt[prompt].append(value)
    return list(by_prompt.values())
