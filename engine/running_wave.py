"""One wave while one painter paints it, step by step. What happens between two steps is up to the caller."""

import time
from collections.abc import Callable

from engine.pace import Clock, Pace
from engine.painter import Painted, Painter, Pixels
from engine.preview import small
from engine.wave import Row, Wave

PREVIEW_SECONDS = 1.5


class RunningWave:
    """`rows` are those that somebody still wants, `thumbs` previews of what they will become.

    `cuts_in`: another wave is interrupted for this one.
    """

    def __init__(self, painter: Painter, wave: Wave, wanted: Callable[[Row], bool], *, cuts_in: bool = False) -> None:
        self.painter, self.wave, self.cuts_in = painter, wave, cuts_in
        self.rows = tuple(row for row in wave.rows if wanted(row))
        self.thumbs: dict[Row, Pixels] = {}
        self.fresh = False
        """Whether the last step brought thumbs."""
        self.step_seconds = 0.0
        """Seconds of the last step."""
        self._wanted = wanted
        self._done = self._total = 0
        self._clock: Clock | None = None
        self._last_preview = 0.0

    @property
    def share(self) -> float:
        """How much of the wave is done, 0 … 1."""
        return self._done / self._total if self._total else 0.0

    @property
    def jobs(self) -> set[str]:
        return {row.job for row in self.rows}

    async def begin(self, pace: Pace) -> None:
        start = time.monotonic()
        self._total = await self.painter.begin(Wave(self.wave.id, self.wave.mix, self.rows))
        self._clock, self._last_preview = pace.begin(self.wave.mix, start), time.monotonic()

    async def step(self) -> bool:
        """Paint on, with the rows whose jobs are alive; False where there is nothing more to do."""
        await self._thin()
        if not self.rows or self._done == self._total:
            return False
        preview = time.monotonic() - self._last_preview > PREVIEW_SECONDS
        start = time.monotonic()
        thumbs = await self.painter.step(self.wave.id, preview=preview)
        self.step_seconds = time.monotonic() - start
        self._done += 1
        self.fresh = thumbs is not None
        if thumbs is not None:
            self._last_preview = time.monotonic()
            self.thumbs = {row: small(thumb) for row, thumb in zip(self.rows, thumbs, strict=True)}
        return True

    def learn(self) -> None:
        """Measure the pace: the time since the step before, with everything that was done in between."""
        if self._clock:
            self._clock.step(self.wave.mix, len(self.rows))

    def resume(self) -> None:
        """Another wave was painted in between; its time must not count as this one's."""
        if self._clock:
            self._clock.last = time.monotonic()

    async def finish(self) -> list[Painted]:
        """The pictures of `rows`, in their order."""
        return await self.painter.finish(self.wave.id) if self.rows else []

    async def _thin(self) -> None:
        keep = [index for index, row in enumerate(self.rows) if self._wanted(row)]
        if len(keep) == len(self.rows):
            return
        if keep:
            await self.painter.thin(self.wave.id, keep)
        else:
            await self.painter.drop(self.wave.id)
        self.rows = tuple(self.rows[index] for index in keep)
