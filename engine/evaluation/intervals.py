"""From independent units to a mean with its 95 % interval: Student's t, or a percentile bootstrap."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev, variance

import numpy as np
from numpy.typing import NDArray

from engine.contract.estimate import LEVEL, Estimate, nothing, number
from engine.evaluation import student

RESAMPLES = 10_000
SAME = 1e-6
"""Values no further apart than this are called equal: scores are made of float32, and the same picture beside others
gets one that is up to 4e-8 away."""


def tied(values: Sequence[float], unit: str) -> Estimate | None:
    """What is said where all values are equal; None where they are not, or where there is a single one."""
    if len(values) == 1 or not _equal(values):
        return None
    n, value = len(values), values[0]
    if abs(value) <= SAME and unit == "pairs":
        return nothing("All pairs score exactly the same, so there is no difference to estimate.", n, unit, ties=True)
    return nothing(f"All values are the same number ({number(value)}), so no interval can be given.", n, unit)


def over_seeds(prompts: Sequence[Sequence[float]], left_out: str) -> Estimate:
    """The mean of the prompts' means, each of its own seeds: Student's t (Biometrika 6, 1908), of several prompts with
    the spread within each and Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946).

    A prompt with a single seed is taken to spread as the others do.
    """
    suffix = f" {left_out}" if left_out else ""
    n, count = sum(map(len, prompts)), len(prompts)
    free = n - count
    if free < 1:
        return nothing(f"One seed is too few for an interval; it takes at least two.{suffix}", n, "seeds")
    spreads = {index: variance(values) for index, values in enumerate(prompts) if len(values) > 1}
    pooled = sum((len(prompts[index]) - 1) * spread for index, spread in spreads.items()) / free
    if pooled <= SAME**2:
        return nothing(f"The seeds of a prompt all score the same, so no interval can be given.{suffix}", n, "seeds")
    errors = [spreads.get(index, pooled) / len(values) for index, values in enumerate(prompts)]
    degrees = sum(errors) ** 2 / sum(e**2 / ((len(v) - 1) or free) for e, v in zip(errors, prompts, strict=True))
    mean, error = fmean(map(fmean, prompts)), math.sqrt(sum(errors)) / count
    half = student.quantile((1 + LEVEL) / 2, degrees) * error
    whom, of = ("this prompt", "") if count == 1 else (f"these {count} prompts", f" of {count} prompts")
    return Estimate(
        value=mean,
        low=mean - half,
        high=mean + half,
        n=n,
        unit="seeds",
        method=f"Student's t over {n} seeds{of}",
        note=f"It speaks for {whom} only.{suffix}",
        p=student.two_sided(mean / error, degrees),
    )


def over_prompts(units: list[float], seed: int, left_out: str) -> Estimate:
    """A percentile bootstrap over prompts, expanded for small samples.

    The plain percentile interval is too narrow by the factor sqrt((n - 1) / n) and by normal instead of t quantiles;
    its quantiles are moved out to make up for both (T. Hesterberg, The American Statistician 69, 2015).
    """
    if _equal(units):
        # Shares such as those of retrieval take few values, so that means may be equal where pictures differ.
        note = f"The mean of every prompt is the same number ({number(units[0])}), so no interval can be given."
        return nothing(note, len(units), "prompts")
    n, values = len(units), np.asarray(units)
    picks = np.random.default_rng(seed).integers(n, size=(RESAMPLES, n))
    means = np.sort(values[picks].mean(axis=1))
    tail = NormalDist().cdf(-math.sqrt(n / (n - 1)) * student.quantile((1 + LEVEL) / 2, n - 1))
    low, high = np.quantile(means, (tail, 1 - tail))
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
