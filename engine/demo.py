"""The last lines of `demo`: how the other approaches did beside the first one on the same seeds."""

from collections.abc import Sequence
from typing import Any

from engine.contract.estimate import Estimate, signed
from engine.evaluation.statistics import Values, difference, holm
from engine.evaluation.verdict import verdict


def beside(grids: Sequence[dict[str, Any]]) -> str:
    """The grids, as JSON, of one prompt and seed: the first is the baseline. Scores are paired by cell."""
    first, *others = grids
    estimates = holm([difference(_scores(grid), _scores(first)) for grid in others])
    lines = [f"Compared with approach {first['approach']}, the baseline, on the same seeds:"]
    for grid, estimate in zip(others, estimates, strict=True):
        sentence = verdict(f"approach {grid['approach']}", estimate, None, estimate.n)
        lines.append(f"  {sentence}{_numbers(estimate)}")
    return "\n".join(lines)


def _numbers(estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return ""
    interval = f"95 % interval {signed(estimate.low)} … {signed(estimate.high)}"
    return f" Its score differs by {signed(estimate.value)} ({interval}; {estimate.n} pairs)."


def _scores(grid: dict[str, Any]) -> Values:
    """Of the prompt's pictures; their places are the seed's, so that the n-th is the n-th of any approach."""
    scores = [cell["score"] for cell in grid["cells"] if cell["unique"]]
    return {(0, draw): score for draw, score in enumerate(scores)}
