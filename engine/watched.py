"""A painter whose calls a watchdog times: each must come back within a limit that is learned from those before it."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.painter import Painted, Painter, Pixels, Scores
from engine.training_run import TrainingRun
from engine.watchdog import Watchdog
from engine.wave import Mix, Wave

NEWEST = 0.1
"""Weight of the newest call in a running mean."""


class Watched:
    """Implements Painter by another one. Usual times are learned for each mix of a step and each kind of other call."""

    def __init__(self, painter: Painter, watchdog: Watchdog) -> None:
        self._painter, self._watchdog = painter, watchdog
        self._waves: dict[int, tuple[Mix, int]] = {}
        self._usual: dict[object, float] = {}
        self._calls: defaultdict[object, int] = defaultdict(int)

    async def begin(self, wave: Wave) -> int:
        # A model may be loaded, which was not needed the last time.
        with self._watchdog.watching("Beginning a wave", None):
            steps = await self._painter.begin(wave)
        self._waves[wave.id] = (wave.mix, len(wave.rows))
        return steps

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        mix, rows = self._waves[wave]
        with self._measured(f"A step of {rows} pictures by {mix.model}", mix, rows):
            return await self._painter.step(wave, preview=preview)

    async def thin(self, wave: int, keep: Sequence[int]) -> None:
        mix, _ = self._waves[wave]
        await self._painter.thin(wave, keep)
        self._waves[wave] = (mix, len(keep))

    async def finish(self, wave: int) -> list[Painted]:
        mix, rows = self._waves.pop(wave)
        with self._measured(f"Decoding {rows} pictures by {mix.model}", ("decode", mix.model), rows):
            return await self._painter.finish(wave)

    async def drop(self, wave: int) -> None:
        self._waves.pop(wave, None)
        await self._painter.drop(wave)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        with self._measured(f"Judging {len(pictures)} pictures", "judge", len(pictures)):
            return await self._painter.judge(pictures, texts)

    async def train(self, training: TrainingRun) -> Any:
        # Pieces differ: a step, a model that is loaded, a style that is saved.
        with self._watchdog.watching("A piece of a training", None):
            return await self._painter.train(training)

    async def forget(self, style: str) -> None:
        await self._painter.forget(style)

    def memory(self) -> dict[str, float]:
        return self._painter.memory()

    async def close(self) -> None:
        await self._painter.close()

    @contextmanager
    def _measured(self, what: str, kind: object, rows: int) -> Iterator[None]:
        """The first call of a kind compiles or loads something, so it is no measure."""
        usual = self._usual.get(kind)
        start = time.monotonic()
        with self._watchdog.watching(what, None if usual is None else usual * max(1, rows)):
            yield
        seconds = (time.monotonic() - start) / max(1, rows)
        self._calls[kind] += 1
        if self._calls[kind] > 1:
            self._usual[kind] = seconds if usual is None else usual + NEWEST * (seconds - usual)
