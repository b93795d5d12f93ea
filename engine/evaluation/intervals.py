"""From independent units to a mean with its 95 % interval: Student's t, or a percentile bootstrap."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

import numpy as np
from numpy.typing import NDArray

from engine.contract.estimate import LEVEL, Estimate, nothing, number
from engine.evaluation import student

RESAMPLES = 10_000
SAME = 1e-12
"""Values no further apart than this are called equal: they differ by rounding only."""


def tied(values: Sequence[float], things: str) -> Estimate | None:
    """What is said where all values are equal; None where they are not, or where there is a single one."""
    if len(values) == 1 or not _equal(values):
        return None
    n, value = len(values), values[0]
    if abs(value) <= SAME and things == "pairs":
        return nothing("All pairs score exactly the same, so there is no difference to estimate.", n, things, ties=True)
    return nothing(f"All values are the same number ({number(value)}), so no interval can be given.", n, things)


def over_seeds(units: list[float], prompts: int, left_out: str) -> Estimate:
    """Student's t, one value for each seed (Student, Biometrika 6, 1908)."""
    rest = f" {left_out}" if left_out else ""
    whom = "this prompt" if prompts == 1 else f"these {prompts} prompts"
    n = len(units)
    if n < 2:  # noqa: PLR2004 - a spread takes two
        return nothing(f"One seed is too few for an interval; it takes at least two.{rest}", n, "seeds")
    if _equal(units):
        return _one_mean(units, "seed")
    mean, error = fmean(units), stdev(units) / math.sqrt(n)
    half = student.quantile((1 + LEVEL) / 2, n - 1) * error
    return Estimate(
        value=mean,
        low=mean - half,
        high=mean + half,
        n=n,
        unit="seeds",
        method=f"Student's t over {n} seeds",
        note=f"It speaks for {whom} only.{rest}",
        p=student.two_sided(mean / error, n - 1),
    )


def over_prompts(units: list[float], seed: int, left_out: str) -> Estimate:
    """A percentile bootstrap over prompts, expanded for small samples.

    The plain percentile interval is too narrow by the factor sqrt((n - 1) / n) and by normal instead of t quantiles;
    its quantiles are moved out to make up for both (T. Hesterberg, The American Statistician 69, 2015).
    """
    if _equal(units):
        return _one_mean(units, "prompt")
    n, values = len(units), np.asarray(units)
    picks = np.random.default_rng(seed).integers(n, size=(RESAMPLES, n))
    means = np.sort(values[picks].mean(axis=1))
    out = NormalDist().cdf(-math.sqrt(n / (n - 1)) * student.quantile((1 + LEVEL) / 2, n - 1))
    low, high = np.quantile(means, (out, 1 - out))
    return Estimate(
        value=fmean(units),
        low=float(low),
        high=float(high),
        n=n,
        unit="prompts",
        method=f"bootstrap over {n} prompts, {RESAMPLES:,} resamples, seed {seed}",
        note=left_out or None,
        p=_bootstrap_p(means, units),
    )


def _bootstrap_p(means: NDArray[np.float64], units: Sequence[float]) -> float:
    """The p whose interval, expanded in the same way, just touches 0; Student's where no resample reaches it: so small
    a p cannot be counted, and the least that can would not outlast Holm's correction for some thirty columns."""
    n = len(units)
    below = min(float((means <= 0).sum()), float((means >= 0).sum()))
    z = NormalDist().inv_cdf(min(0.5, (below + 1) / (len(means) + 1)))
    p = student.two_sided(z * math.sqrt((n - 1) / n), n - 1)
    return p if below else min(p, student.two_sided(fmean(units) / stdev(units) * math.sqrt(n), n - 1))


def _equal(values: Sequence[float]) -> bool:
    return max(values) - min(values) <= SAME


def _one_mean(units: Sequence[float], unit: str) -> Estimate:
    """Shares such as those of retrieval take few values, so that means may be equal where pictures differ."""
    note = f"The mean of every {unit} is the same number ({number(units[0])}), so no interval can be given."
    return nothing(note, len(units), f"{unit}s")
