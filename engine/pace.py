"""How fast this machine paints, learned while it paints, per model and quality: a row's step, and beginning a wave."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.contract.grid import Quality
from engine.wave import Mix

# Weight of the newest step in the running mean: a dozen steps forget what was before.
NEWEST = 0.1


@dataclass
class Pace:
    _row_step: dict[tuple[str, Quality], float] = field(default_factory=dict)
    _beginning: dict[tuple[str, Quality], float] = field(default_factory=dict)

    def begin(self, mix: Mix, since: float) -> "Clock":
        """A wave has begun, which took from `since` on: a device that keeps one model at a time loads it each time."""
        now = time.monotonic()
        self._beginning[_kind(mix)] = now - since
        return Clock(self, now)

    def change(self, current: Mix, other: Mix) -> float:
        """Seconds that it costs to paint another model in between: beginning that one, and beginning this one again."""
        if current.model == other.model:
            return 0.0
        return sum(self._beginning.get(_kind(mix), 0.0) for mix in (current, other))

    def learn(self, mix: Mix, seconds: float) -> None:
        """One row's share of one step took this long."""
        mean = self._row_step.get(_kind(mix), seconds)
        self._row_step[_kind(mix)] = mean + NEWEST * (seconds - mean)

    def seconds(self, work: Sequence[tuple[Mix, float]]) -> float | None:
        """How long these rows take; None where one of the models has not painted in its quality yet."""
        if any(_kind(mix) not in self._row_step for mix, rows in work if rows):
            return None
        return sum(self._row_step[_kind(mix)] * mix.steps * rows for mix, rows in work if rows)


@dataclass
class Clock:
    """Times the steps of one wave."""

    pace: Pace
    last: float

    def step(self, mix: Mix, rows: int) -> None:
        now = time.monotonic()
        self.pace.learn(mix, (now - self.last) / rows)
        self.last = now


def _kind(mix: Mix) -> tuple[str, Quality]:
    return mix.model, mix.quality
