"""A grid's score: how well the prompt's pictures match, beside the fillers, and how often they rank first."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from engine.contract.grid import GridScore, Judged, Plan, PlannedCell, Retrieval

Z95 = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""


def grid_score(plan: Plan, judged: Mapping[str, Judged]) -> GridScore:
    """Scores of all cells become one; withheld cells (score None) are not counted."""
    prompts = [cell for cell in plan.cells if cell.unique]
    scores = _scores(prompts, judged)
    fillers = _scores([cell for cell in plan.cells if not cell.unique], judged)
    detailed = [j.with_details for cell in prompts if (j := judged.get(cell.cell)) and j.with_details is not None]
    mean, fillers_mean = _mean(scores), _mean(fillers)
    return GridScore(
        judge=plan.judge,
        n=len(scores),
        mean=mean,
        std=stdev(scores) if len(scores) > 1 else None,
        fillers_mean=fillers_mean,
        margin=mean - fillers_mean if mean is not None and fillers_mean is not None else None,
        with_details=_mean(detailed),
        retrieval=_retrieval(plan, judged),
        tokens_not_scored=plan.tokens_not_scored,
    )


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a proportion (E. B. Wilson, JASA 22, 1927): low and high, both within 0 … 1."""
    p, zz = hits / of, Z95 * Z95
    middle = (p + zz / (2 * of)) / (1 + zz / of)
    half = Z95 / (1 + zz / of) * math.sqrt(p * (1 - p) / of + zz / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def _scores(cells: Sequence[PlannedCell], judged: Mapping[str, Judged]) -> list[float]:
    scores = (judged.get(cell.cell, Judged()).score for cell in cells)
    return [score for score in scores if score is not None]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _retrieval(plan: Plan, judged: Mapping[str, Judged]) -> Retrieval | None:
    """First means strictly above every filler of the block. A block with nothing to compare is left out."""
    blocks: dict[tuple[int, int], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for cell in plan.cells:
        score = judged.get(cell.cell, Judged()).score
        if score is not None:
            blocks[cell.block][0 if cell.unique else 1].append(score)
    trials = [(unique[0], fillers) for unique, fillers in blocks.values() if unique and fillers]
    if not trials:
        return None
    hits = sum(unique > max(fillers) for unique, fillers in trials)
    low, high = wilson(hits, len(trials))
    chance = fmean(1 / (1 + len(fillers)) for _, fillers in trials)
    return Retrieval(hits=hits, of=len(trials), chance=chance, low=low, high=high)
