"""Student's t distribution, so that intervals need no scipy; the tests compare it with mpmath."""

import math

_TINY = 1e-300
_ENOUGH = 1e-15
_TERMS = 500


def cdf(t: float, df: float) -> float:
    """P(T ≤ t) for `df` degrees of freedom, by the regularised incomplete beta function (Abramowitz, Stegun 26.7.1)."""
    tail = 0.5 * _beta(df / (df + t * t), df / 2, 0.5)
    return 1 - tail if t > 0 else tail


def quantile(p: float, df: float) -> float:
    """The t with P(T ≤ t) = p, 0 < p < 1, by bisection to the last bit: `cdf` never falls."""
    if p < 0.5:  # noqa: PLR2004 - the distribution is symmetric about one half
        return -quantile(1 - p, df)
    low, high = 0.0, 1.0
    while cdf(high, df) < p:
        high *= 2
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if cdf(middle, df) < p else (low, middle)
    return middle


def two_sided(t: float, df: float) -> float:
    """The p-value of a t statistic: how likely one at least as far from 0 is where there is no difference."""
    return _beta(df / (df + t * t), df / 2, 0.5)


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x in {0.0, 1.0}:
        return x
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # The fraction converges fast below the mean only; above it the mirror image is used.
    if x < (a + 1) / (a + b + 2):
        return math.exp(log) * _fraction(x, a, b) / a
    return 1 - math.exp(log) * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of I_x (DLMF 8.17.22), by Lentz's method (Numerical Recipes, 3rd edition, 6.4)."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d, c = 1 / _away(1 + step * d), _away(1 + step / c)
            value *= d * c
        if abs(d * c - 1) < _ENOUGH:
            break
    return value


def _away(value: float) -> float:
    """`value`, but never so near to zero that dividing by it fails."""
    return value if abs(value) > _TINY else _TINY
