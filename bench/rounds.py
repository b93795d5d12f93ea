"""Fair timing on a machine that is never quite quiet: contenders take turns, A B A B, and medians are compared."""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Marks = dict[str, float]
"""Seconds from the order to some moment, by the moment's name; `painted` is always there."""
Contender = Callable[[], Awaitable[Marks]]


async def alternate(
    contenders: Mapping[str, Contender],
    rounds: int,
    limit_s: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, list[Marks]]:
    """Up to `rounds` turns of each, one after the other, after one that does not count; no round is begun after
    `limit_s`, but one there is always."""
    begun = clock()
    for contender in contenders.values():
        await contender()
    found: dict[str, list[Marks]] = {name: [] for name in contenders}
    for done in range(rounds):
        if done and clock() - begun > limit_s:
            break
        for name, contender in contenders.items():
            found[name].append(await contender())
    return found


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
