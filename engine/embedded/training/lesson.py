"""The training loop that all stages share: its steps, its learning rate, a line of progress now and then."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from engine.embedded.training.keeping import Keeper

_log = logging.getLogger(__name__)
_NEWS_EVERY = 120.0
_KEPT_EVERY = 180.0
_RECENT = 100


Measure = Callable[[], dict[str, float]]


class Lesson:
    """`for share in lesson: …` runs `total` steps, at least one; `share` goes from 0 towards 1.

    With a keeper the lesson goes on where it was cut off. The process that has a name for its `stage` tells and keeps.
    """

    def __init__(self, stage: str, total: int, measure: Measure, keeper: Keeper | None = None) -> None:
        self.steps = 0
        self._stage = stage
        self._total = max(1, total)
        self._measure = measure
        self._keeper = keeper
        self._losses: list[float] = []

    def __iter__(self) -> Iterator[float]:
        self.steps = first = self._keeper.read() if self._keeper else 0
        start = last_news = last_save = time.monotonic()
        while self.steps < self._total:
            now = time.monotonic()
            if now - last_news >= _NEWS_EVERY:
                self._tell((now - start) / (self.steps - first))
                last_news = now
            if now - last_save >= _KEPT_EVERY and self._stage and self._keeper:
                self._keeper.write(self.steps)
                last_save = now
            yield self.steps / self._total
            self.steps += 1

    def learned(self, loss: float) -> None:
        self._losses = [*self._losses[1 - _RECENT :], loss]

    def result(self) -> dict[str, float]:
        return {"steps": self.steps, **{name: round(value, 4) for name, value in self._measure().items()}}

    def _tell(self, seconds: float) -> None:
        """A step takes `seconds`."""
        if not self._stage:
            return
        measured = " ".join(f"{name} {value:.4g}" for name, value in self._measure().items())
        minutes_left = (self._total - self.steps) * seconds / 60
        loss = float(np.mean(self._losses))
        _log.info(
            "%s: step %d, loss %.4f, %s; %.1f minutes left", self._stage, self.steps, loss, measured, minutes_left
        )


def set_rate(optimizer: Any, share: float, step: int, *, warm_up: int, flat: float = 0.0, floor: float = 0.03) -> None:
    """A linear warm-up, the full rate up to `flat` of the steps, then a cosine down to `floor` of it."""
    progress = max(0.0, (share - flat) / (1 - flat))
    factor = min(1.0, (step + 1) / warm_up) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))
    for group in optimizer.param_groups:
        group["lr"] = group["full_rate"] * factor


def rated(parameters: Any, rate: float) -> dict[str, Any]:
    """A group of parameters for an optimizer that `set_rate` steers."""
    return {"params": list(parameters), "lr": rate, "full_rate": rate}
