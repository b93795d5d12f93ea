"""Student's t distribution by mpmath, which ours is held against.

(Not by scipy: diffusers and transformers import all of it where they find it, a second more for every engine that a
test starts.)
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, variance

import mpmath


def above(t: float, df: float) -> float:
    """P(T > t), by the integral of the density."""
    with mpmath.workdps(30):
        half = mpmath.betainc(mpmath.mpf(df) / 2, 0.5, 0, df / (df + mpmath.mpf(t) ** 2), regularized=True) / 2
        return float(half if t >= 0 else 1 - half)


def quantile(p: float, df: float) -> float:
    """The t with P(T ≤ t) = p."""
    return float(mpmath.findroot(lambda t: above(float(t), df) - (1 - p), NormalDist().inv_cdf(p)))


def of_mean(values: Sequence[float]) -> tuple[float, float, float]:
    """How likely such a mean is by chance where the true one is 0, and the ends of its 95 % interval."""
    return _test(fmean(values), math.sqrt(variance(values) / len(values)), len(values) - 1)


def of_difference(first: Sequence[float], second: Sequence[float]) -> tuple[float, float, float]:
    """The same of two means' difference where variances are unequal (Welch 1947)."""
    parts = [(variance(values) / len(values), len(values)) for values in (first, second)]
    error = sum(part for part, _ in parts)
    df = error**2 / sum(part**2 / (n - 1) for part, n in parts)
    return _test(fmean(first) - fmean(second), math.sqrt(error), df)


def _test(value: float, error: float, df: float) -> tuple[float, float, float]:
    half = quantile(0.975, df) * error
    return 2 * above(abs(value / error), df), value - half, value + half
