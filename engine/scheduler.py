"""Which pictures are painted next, and together. Plain Python: no torch, no clock, no jobs' contents.

`turn` is binding: a wave starts with the rows of the lowest turn, later jobs only fill what is left over.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from engine.wave import Mix, Row, Wave

MOST_DEATHS = 2
"""A wave under which so many painters went is suspected; one may go by itself."""


@dataclass
class _Line:
    turn: int
    mix: Mix
    rows: deque[Row] = field(default_factory=deque)


class Scheduler:
    """`most` rows at once to start with; a batch that ran out of memory lowers it for its mix."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._least: dict[Mix, int] = {}
        self._lines: dict[str, _Line] = {}
        self._retry: deque[tuple[Mix, tuple[Row, ...]]] = deque()
        self._deaths: dict[Row, int] = {}
        self._ids = count(1)

    def add(self, job: str, turn: int, mix: Mix, rows: Sequence[Row]) -> None:
        """Queue a job's rows; they are painted in this order."""
        self._lines[job] = _Line(turn, mix, deque(rows))

    def remove(self, job: str) -> None:
        """Forget what a job still had to paint."""
        self._lines.pop(job, None)
        self._deaths = {row: deaths for row, deaths in self._deaths.items() if row.job != job}
        again = ((mix, tuple(row for row in rows if row.job != job)) for mix, rows in self._retry)
        self._retry = deque((mix, rows) for mix, rows in again if rows)

    def next(self) -> Wave | None:
        """The next wave, or None when nothing waits. Parts of a failed wave come first."""
        if self._retry:
            mix, rows = self._retry.popleft()
            return Wave(next(self._ids), mix, rows)
        lines = sorted((line for line in self._lines.values() if line.rows), key=lambda line: line.turn)
        if not lines:
            return None
        mix = lines[0].mix
        taken = self._take((line for line in lines if line.mix == mix), self.room(mix))
        return Wave(next(self._ids), mix, taken)

    def room(self, mix: Mix) -> int:
        """How many rows of this mix go into one wave."""
        return self._least.get(mix, self._most)

    def too_large(self, wave: Wave) -> None:
        """The wave ran out of memory: from now on waves of its mix are half as large."""
        self._least[wave.mix] = max(1, len(wave.rows) // 2)
        self.halve(wave)

    def halve(self, wave: Wave) -> None:
        """Paint the wave again in two halves, so that a row that spoils it is found."""
        middle = len(wave.rows) // 2
        for rows in (wave.rows[middle:], wave.rows[:middle]):
            self._retry.appendleft((wave.mix, rows))

    def lost(self, wave: Wave) -> bool:
        """Its painter is gone: paint the wave elsewhere, one that took several painters with it in halves.

        False for a single row that did: it is not painted again.
        """
        deaths = 1 + max(self._deaths.get(row, 0) for row in wave.rows)
        self._deaths.update(dict.fromkeys(wave.rows, deaths))
        if deaths < MOST_DEATHS:
            self._retry.appendleft((wave.mix, wave.rows))
        elif len(wave.rows) > 1:
            self.halve(wave)
        return deaths < MOST_DEATHS or len(wave.rows) > 1

    def ahead(self, job: str) -> list[tuple[Mix, float]]:
        """What is painted up to the job's last row, its own included: rows by mix."""
        line = self._lines.get(job)
        if line is None:
            return []
        return [(other.mix, len(other.rows)) for other in self._lines.values() if other.turn <= line.turn]

    @staticmethod
    def _take(lines: Iterable[_Line], room: int) -> tuple[Row, ...]:
        taken: list[Row] = []
        for line in lines:
            while line.rows and len(taken) < room:
                taken.append(line.rows.popleft())
        return tuple(taken)
