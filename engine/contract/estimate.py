"""A number with its interval, or the sentence that says why there is none."""

from engine.contract.grid import Data

LEVEL = 0.95


class Estimate(Data):
    """`value` is a mean or a difference of means, `low` and `high` its 95 % interval, `n` how many units it rests on.

    Where nothing can be said honestly, `value` is None and `note` is the sentence for people. `p` is two-sided,
    `p_corrected` the same after Holm's correction for the other columns. `ties` where every pair is equal.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str
    method: str | None
    note: str | None
    p: float | None = None
    p_corrected: float | None = None
    ties: bool = False

    @property
    def differs(self) -> bool | None:
        """Whether it is told apart from 0 at the 5 % level, after the correction; None where nothing can be said."""
        p = self.p if self.p_corrected is None else self.p_corrected
        if self.ties:
            return False
        return None if p is None else p < 1 - LEVEL


def nothing(note: str, n: int = 0, unit: str = "pairs", *, ties: bool = False) -> Estimate:
    """No number, but a sentence."""
    return Estimate(value=None, low=None, high=None, n=n, unit=unit, method=None, note=note, ties=ties)


def signed(value: float, digits: int = 3) -> str:
    """With its sign, a true minus, and no sign before a zero."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def number(value: float, digits: int = 3) -> str:
    """A level rather than a difference: with a true minus, without a plus."""
    return signed(value, digits).lstrip("+")
