"""The last lines of `demo`: how the other approaches did beside the first one on the same seeds."""

from collections.abc import Sequence
from typing import Any

from engine.contract.estimate import Estimate, signed
from engine.evaluation.statistics import Values, difference, holm
from engine.evaluation.verdict import verdict


def beside(grids: Sequence[dict[str, Any]]) -> str:
    """The grids, as JSON, of one prompt and seed: the first is the baseline. Scores are paired by cell."""
    first, *others = grids
    found = holm([difference(_scores(grid), _scores(first)) for grid in others])
    lines = [f"Compared with approach {first['approach']}, the baseline, on the same seeds:"]
    for grid, each in zip(others, found, strict=True):
        sentence = verdict(f"approach {grid['approach']}", each, None, each.n)
        lines.append(f"  {sentence}{_numbers(each)}")
    return "\n".join(lines)


def _numbers(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return ""
    interval = f"95 % interval {signed(found.low)} … {signed(found.high)}"
    return f" Its score differs by {signed(found.value)} ({interval}; {found.n} pairs)."


def _scores(grid: dict[str, Any]) -> Values:
    """Of the prompt's pictures; their places are the seed's, so that the n-th is the n-th of any approach."""
    own = [cell["score"] for cell in grid["cells"] if cell["unique"]]
    return {(0, draw): score for draw, score in enumerate(own)}
