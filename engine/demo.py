"""What the demo says at its end: how the other approaches did beside the first one on the same seeds."""

from collections.abc import Sequence
from typing import Any

from engine.evaluation.statistics import Values, difference, holm
from engine.evaluation.verdict import verdict


def beside(grids: Sequence[dict[str, Any]]) -> str:
    """The grids, as JSON, of one prompt and seed: the first is the baseline. Scores are paired by cell."""
    first, *others = grids
    found = holm([difference(_scores(grid), _scores(first)) for grid in others])
    lines = [f"Beside approach {first['approach']}, the baseline, on the same seeds:"]
    for grid, each in zip(others, found, strict=True):
        sentence = verdict(f"approach {grid['approach']}", each, None, each.n)
        numbers = "" if each.ties else f" Score {each.words()}, of {each.n} pairs."
        lines.append(f"  {sentence}{numbers}")
    return "\n".join(lines)


def _scores(grid: dict[str, Any]) -> Values:
    """Of the prompt's pictures; their places are the seed's, so that the n-th is the n-th of any approach."""
    own = [cell["score"] for cell in grid["cells"] if cell["unique"]]
    return {(0, draw): score for draw, score in enumerate(own)}
