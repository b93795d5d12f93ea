"""The engine's scheduler over a clock that only painting moves, with the costs of a card that 16 pictures keep busy."""

from collections import deque
from collections.abc import Sequence

from bench.trace import Arrival
from engine.scheduler import Scheduler
from engine.wave import Mix, Row, Wave

MOST = 16
ROW_STEP = 0.006
"""Seconds that a picture adds to a step, about what 64 pictures with 50 steps in 20 s mean."""
LEAST_ROWS = 4
"""A wave with fewer pictures takes as long as one with so many: it does not keep the card busy."""


def run(trace: Sequence[Arrival]) -> dict[str, list[float]]:
    """Seconds from order to last picture of every job, for each way to choose who is next."""
    return {
        "first": first_in_first_out(trace),
        "shared": Simulated(trace, cut_in=False).run(),
        "cut": Simulated(trace, cut_in=True).run(),
    }


def step_seconds(rows: int) -> float:
    return ROW_STEP * max(rows, LEAST_ROWS)


def first_in_first_out(trace: Sequence[Arrival]) -> list[float]:
    """One job after the other, each in waves of its own."""
    now, waits = 0.0, []
    for arrival in trace:
        now = max(now, arrival.at)
        whole, rest = divmod(arrival.rows, MOST)
        now += arrival.steps * (whole * step_seconds(MOST) + (step_seconds(rest) if rest else 0.0))
        waits.append(now - arrival.at)
    return waits


class Simulated:
    """Jobs get their turns as they come."""

    def __init__(self, trace: Sequence[Arrival], *, cut_in: bool) -> None:
        self._trace, self._cut_in = trace, cut_in
        self._scheduler = Scheduler(MOST, _seconds)
        self._arrivals = deque(enumerate(trace))
        self._rows_left = {str(number): arrival.rows for number, arrival in enumerate(trace)}
        self._ends: dict[str, float] = {}
        self._now = 0.0

    def run(self) -> list[float]:
        while len(self._ends) < len(self._trace):
            self._arrive()
            wave = self._scheduler.next()
            if wave:
                self._paint(wave, cuts_in=False)
            else:
                self._now = self._arrivals[0][1].at
        return [self._ends[str(number)] - arrival.at for number, arrival in enumerate(self._trace)]

    def _arrive(self) -> None:
        while self._arrivals and self._arrivals[0][1].at <= self._now:
            number, arrival = self._arrivals.popleft()
            rows = [Row(str(number), str(cell), "", "", cell) for cell in range(arrival.rows)]
            self._scheduler.add(str(number), number, Mix("any", None, 0.0, arrival.steps, 7.5), rows)

    def _paint(self, wave: Wave, *, cuts_in: bool) -> None:
        for step in range(wave.mix.steps):
            self._now += step_seconds(len(wave.rows))
            self._arrive()
            share_left = 1 - (step + 1) / wave.mix.steps
            while self._cut_in and share_left and not cuts_in and (other := self._scheduler.cut_in(wave, share_left)):
                self._paint(other, cuts_in=True)
        for row in wave.rows:
            self._rows_left[row.job] -= 1
            if not self._rows_left[row.job]:
                self._ends[row.job] = self._now
                self._scheduler.remove(row.job)


def _seconds(mix: Mix, rows: float) -> float:
    return ROW_STEP * mix.steps * rows
