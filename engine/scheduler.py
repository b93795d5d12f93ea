"""Which pictures are painted next, and together. Plain Python: no torch, no clock, no jobs' contents.

`turn` is binding: a wave starts with the rows of the lowest turn, later jobs only fill what is left over. With one
exception: a short job may cut in between two steps, where that shortens the waiting of all together, and never for more
than `CUT_IN_SHARE` of the time that painting an overtaken job takes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from engine.wave import Mix, Row, Wave

MOST_DEATHS = 2
"""A wave that lost so many painters is suspected of it; one painter may be lost for any reason."""
CUT_IN_SHARE = 0.2
"""By how much an overtaken job's own painting time may grow, all cut-ins together."""

Seconds = Callable[[Mix, float], float | None]
Change = Callable[[Mix, Mix], float]


def unmeasured(_mix: Mix, _rows: float) -> None:
    """Nobody knows how long anything takes, so nobody cuts in."""


def unchanged(_current: Mix, _other: Mix) -> float:
    """All models are loaded."""
    return 0.0


@dataclass
class _Line:
    job: str
    turn: int
    mix: Mix
    rows: deque[Row] = field(default_factory=deque)
    total: int = 0
    seconds_lost: float = 0.0
    """Seconds that others have cut in for."""

    @property
    def begun(self) -> bool:
        return len(self.rows) < self.total


class Scheduler:
    """A wave holds `most` rows; `later`, where that is given, once the job that it starts with has begun. A batch that
    ran out of memory lowers both for its mix.

    `seconds` says how long rows of a mix take, None where that was not measured yet; `change`, what it costs besides
    to paint another mix in between.
    """

    def __init__(
        self, most: int, seconds: Seconds = unmeasured, change: Change = unchanged, *, later: int | None = None
    ) -> None:
        self._most, self._later, self._seconds, self._change = most, later or most, seconds, change
        self._limits: dict[Mix, int] = {}
        self._lines: dict[str, _Line] = {}
        self._retry: deque[tuple[Mix, tuple[Row, ...]]] = deque()
        self._deaths: dict[Row, int] = {}
        self._ids = count(1)

    def add(self, job: str, turn: int, mix: Mix, rows: Sequence[Row]) -> None:
        """Queue a job's rows; they are painted in this order."""
        self._lines[job] = _Line(job, turn, mix, deque(rows), len(rows))

    def remove(self, job: str) -> None:
        """Forget what a job still had to paint."""
        self._lines.pop(job, None)
        self._deaths = {row: deaths for row, deaths in self._deaths.items() if row.job != job}
        retries = ((mix, tuple(row for row in rows if row.job != job)) for mix, rows in self._retry)
        self._retry = deque((mix, rows) for mix, rows in retries if rows)

    def next(self, most: int | None = None) -> Wave | None:
        """The next wave, or None when nothing waits. Parts of a failed wave come first.

        `most`: how many rows this painter takes at once, where that is known.
        """
        if self._retry:
            mix, rows = self._retry.popleft()
            return Wave(next(self._ids), mix, rows)
        lines = sorted((line for line in self._lines.values() if line.rows), key=lambda line: line.turn)
        if not lines:
            return None
        mix = lines[0].mix
        size = most or (self._later if lines[0].begun else self._most)
        rows = self._take((line for line in lines if line.mix == mix), min(self._limits.get(mix, size), size))
        return Wave(next(self._ids), mix, rows)

    def cut_in(self, wave: Wave, share_left: float) -> Wave | None:
        """Short jobs to be painted before `wave` goes on, `share_left` of which is still to do; mostly None.

        Short: what is left of it fits into one wave. It goes before jobs of lower turns and before those in the wave.
        """
        wave_jobs = {row.job for row in wave.rows}
        lines = sorted((line for line in self._lines.values() if line.rows), key=lambda line: line.turn)
        overtakers: list[_Line] = []
        for line in lines:
            if line.job in wave_jobs or (overtakers and line.mix != overtakers[0].mix):
                continue
            rows = sum(len(other.rows) for other in (*overtakers, line))
            if rows <= self.room(line.mix) and self._overtakes(line, overtakers, wave, share_left):
                overtakers.append(line)
        if not overtakers:
            return None
        return Wave(next(self._ids), overtakers[0].mix, self._take(overtakers, self.room(overtakers[0].mix)))

    def _overtakes(self, line: _Line, overtakers: Sequence[_Line], wave: Wave, share_left: float) -> bool:
        """Whether all together wait less, and nobody too long; the overtaken are then charged for it."""
        cost = self._seconds(line.mix, len(line.rows))
        wave_jobs = {row.job for row in wave.rows}
        others = [other for other in self._lines.values() if other is not line and other not in overtakers]
        overtaken = [other for other in others if other.turn < line.turn and (other.rows or other.job in wave_jobs)]
        durations = [self._seconds(wave.mix, len(wave.rows) * share_left)]
        durations += [self._seconds(other.mix, len(other.rows)) for other in overtaken]
        if cost is None or any(seconds is None for seconds in durations):
            return False
        cost += self._change(wave.mix, line.mix)
        # The oldest rule of queues: who needs less than those that it goes before have left saves time on the whole.
        if cost * max(1, len(overtaken)) >= sum(seconds for seconds in durations if seconds is not None):
            return False
        if any(cost > self._patience(other) for other in overtaken):
            return False
        for other in overtaken:
            other.seconds_lost += cost
        return True

    def _patience(self, line: _Line) -> float:
        """For how many more seconds others may cut in."""
        return CUT_IN_SHARE * (self._seconds(line.mix, line.total) or 0.0) - line.seconds_lost

    def room(self, mix: Mix) -> int:
        """How many rows of this mix go into one wave."""
        return self._limits.get(mix, self._most)

    def too_large(self, wave: Wave) -> None:
        """The wave ran out of memory: from now on waves of its mix are half as large."""
        self._limits[wave.mix] = max(1, len(wave.rows) // 2)
        self.halve(wave)

    def halve(self, wave: Wave) -> None:
        """Paint the wave again in two halves, so that a row that spoils it is found; a single row as it is."""
        middle = len(wave.rows) // 2
        for rows in filter(None, (wave.rows[middle:], wave.rows[:middle])):
            self._retry.appendleft((wave.mix, rows))

    def lost(self, wave: Wave) -> bool:
        """Its painter is gone: paint the wave again, in halves where it has lost several painters by now.

        False for a single row that has: it is not painted again.
        """
        deaths = 1 + max(self._deaths.get(row, 0) for row in wave.rows)
        self._deaths |= {row: deaths for row in wave.rows if row.job in self._lines}
        if deaths < MOST_DEATHS:
            self._retry.appendleft((wave.mix, wave.rows))
        elif len(wave.rows) > 1:
            self.halve(wave)
        return deaths < MOST_DEATHS or len(wave.rows) > 1

    def ahead(self, job: str) -> list[tuple[Mix, float]]:
        """How many rows of which mix are painted until the job is done, its own included."""
        line = self._lines.get(job)
        if line is None:
            return []
        return [(other.mix, len(other.rows)) for other in self._lines.values() if other.turn <= line.turn]

    @staticmethod
    def _take(lines: Iterable[_Line], room: int) -> tuple[Row, ...]:
        rows: list[Row] = []
        for line in lines:
            while line.rows and len(rows) < room:
                rows.append(line.rows.popleft())
        return tuple(rows)
