"""Fair timing on a machine that is never quite quiet: contenders take turns, A B A B, and medians are compared."""

import statistics
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

Marks = dict[str, float]
"""Seconds from the order to some moment, by the moment's name; `painted` is always there."""
Contender = Callable[[], Awaitable[Marks]]


# A median of fewer says little.
LEAST = 3


async def alternate(
    contenders: Mapping[str, Contender],
    rounds: int,
    limit_s: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
    *,
    warm: Collection[str] | None = None,
) -> dict[str, list[Marks]]:
    """Up to `rounds` turns of each, one after the other; after `limit_s` none but the first `LEAST` is begun. Before,
    those of `warm` (all, where nothing is said) take a turn that does not count."""
    start = clock()
    for name, contender in contenders.items():
        if warm is None or name in warm:
            await contender()
    marks: dict[str, list[Marks]] = {name: [] for name in contenders}
    for number in range(rounds):
        if number >= LEAST and clock() - start > limit_s:
            break
        for name, contender in contenders.items():
            marks[name].append(await contender())
    return marks


def spread(values: list[float]) -> dict[str, Any]:
    """Median, least and most, and all of them in the order in which they were measured."""
    return {
        "median": round(statistics.median(values), 4),
        "least": round(min(values), 4),
        "most": round(max(values), 4),
        "all": [round(value, 4) for value in values],
    }


def ratio(slow: list[float], fast: list[float]) -> dict[str, Any]:
    """How many times faster, round by round: neighbours in time saw the same machine."""
    return spread([one / other for one, other in zip(slow, fast, strict=True)])
