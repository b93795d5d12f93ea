"""The time of one stage: a loop that ends by the clock, its learning rate, and a line of progress now and then."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from engine.embedded.training.keeping import Keeper, Place

_log = logging.getLogger(__name__)
_NEWS_EVERY = 120.0
_KEPT_EVERY = 180.0
_RECENT = 100


Measure = Callable[[], dict[str, float]]
Agree = Callable[[float], float]
"""Makes one of the clocks of several processes; with one process there is nothing to agree on."""


class Lesson:
    """`for share in lesson: …` runs at least one step and ends after `minutes`; `share` goes from 0 to 1.

    With a keeper the lesson goes on where it was cut off. The process that has a name for its `stage` tells and keeps.
    """

    def __init__(
        self, stage: str, minutes: float, measure: Measure, keeper: Keeper | None = None, agree: Agree = float
    ) -> None:
        self.steps = 0
        self._stage = stage
        self._seconds = minutes * 60
        self._measure = measure
        self._keeper = keeper
        self._agree = agree
        self._losses: list[float] = []

    def __iter__(self) -> Iterator[float]:
        kept = self._keeper.read() if self._keeper else Place()
        self.steps = kept.steps
        begun = time.monotonic() - kept.seconds
        news, keep = kept.seconds + _NEWS_EVERY, kept.seconds + _KEPT_EVERY
        while True:
            gone = self._agree(time.monotonic() - begun)
            if self.steps > kept.steps and gone >= self._seconds:
                return
            if gone >= news:
                self._tell(gone)
                news = gone + _NEWS_EVERY
            if gone >= keep and self._stage and self._keeper:
                self._keeper.write(Place(gone, self.steps))
                keep = gone + _KEPT_EVERY
            yield min(1.0, gone / self._seconds)
            self.steps += 1

    def learned(self, loss: float) -> None:
        self._losses = [*self._losses[1 - _RECENT :], loss]

    def result(self) -> dict[str, float]:
        return {"steps": self.steps, **{name: round(value, 4) for name, value in self._measure().items()}}

    def _tell(self, gone: float) -> None:
        if not self._stage:
            return
        measured = " ".join(f"{name} {value:.4g}" for name, value in self._measure().items())
        left = (self._seconds - gone) / 60
        loss = float(np.mean(self._losses))
        _log.info("%s: step %d, loss %.4f, %s; %.1f minutes left", self._stage, self.steps, loss, measured, left)


def set_rate(optimizer: Any, share: float, step: int, *, warm_up: int, flat: float = 0.0, floor: float = 0.03) -> None:
    """A linear warm-up, the full rate up to `flat` of the time, then a cosine down to `floor` of it."""
    fallen = max(0.0, (share - flat) / (1 - flat))
    factor = min(1.0, (step + 1) / warm_up) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * fallen)))
    for group in optimizer.param_groups:
        group["lr"] = group["full_rate"] * factor


def rated(parameters: Any, rate: float) -> dict[str, Any]:
    """A group of parameters for an optimizer that `set_rate` steers."""
    return {"params": list(parameters), "lr": rate, "full_rate": rate}
