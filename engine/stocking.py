"""Paints fillers ahead while the engine is idle, one step at a time, so that a job waits for one step at most."""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from engine import models, prompts
from engine.contract.approaches import PROFILES, dress
from engine.contract.errors import TesseraError
from engine.contract.grid import Recipe
from engine.contract.ids import new_id
from engine.contract.order import SEEDS
from engine.contract.orders import MakeGrid
from engine.fetching import unwatched
from engine.painter import Painted, Painter, PainterLost
from engine.planner import Planner
from engine.stock import Stock, Stocked, kind
from engine.wave import Mix, Row, Wave

log = logging.getLogger(__name__)

GENERATED: Final = 3
"""The approach that paints its fillers."""
QUIET_SECONDS = 20.0
"""How long the engine must have been idle before the first step."""
REFUSED_SECONDS = 600.0
"""How long nothing is tried again after a failure."""


@dataclass
class _Batch:
    """A wave of fillers under way, and how many steps are left."""

    wave: Wave
    fillers: Sequence[Stocked]
    steps_left: int = 0


class Stocking:
    """Fills the planner's stock, `most` fillers in a wave. Its waves have negative ids, unlike those of grids."""

    def __init__(
        self,
        planner: Planner,
        stock: Stock,
        rng: random.Random,
        most: int = 16,
        quiet: float = QUIET_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._planner, self._stock, self._rng, self._most = planner, stock, rng, most
        self._quiet, self._clock = quiet, clock
        self._batches: dict[Painter, _Batch] = {}
        self._writing: asyncio.Task[_Batch | None] | None = None
        self._disk = asyncio.Lock()
        self._ids = count(1)
        self._not_before = clock() + quiet
        self._full = False

    def disturbed(self) -> None:
        """A job came or ended: the engine is not idle."""
        self._full = False
        self._not_before = max(self._not_before, self._clock() + self._quiet)

    def lost(self, painter: Painter) -> None:
        """The painter is gone, and what it had begun with it."""
        self._batches.pop(painter, None)
        self._full = False

    def close(self) -> None:
        """Nobody waits any more for what is being written."""
        if self._writing:
            self._writing.cancel()

    async def rest(self, painter: Painter, wake: asyncio.Event) -> None:
        """Wait for something to do; when it has been quiet for long enough, take one step. Raises PainterLost."""
        batch = self._batches.get(painter)
        wait = max(0.0, self._not_before - self._clock())
        full = self._full and batch is None
        if full or wait:
            with contextlib.suppress(TimeoutError):
                # Not wait_for: in Python 3.11 that one loses a cancellation that comes together with the event.
                async with asyncio.timeout(None if full else wait):
                    await wake.wait()
            return
        try:
            await (self._step(painter, batch) if batch else self._begin(painter, wake))
        except PainterLost:
            self.lost(painter)
            raise
        except Exception as error:
            log.warning("fillers could not be painted ahead: %s", error, exc_info=not isinstance(error, TesseraError))
            self._not_before = self._clock() + REFUSED_SECONDS
            batch = self._batches.pop(painter, None)
            if batch:
                await painter.drop(batch.wave.id)

    async def _step(self, painter: Painter, batch: _Batch) -> None:
        if batch.steps_left:
            await painter.step(batch.wave.id)
            batch.steps_left -= 1
            return
        painted = await painter.finish(batch.wave.id)
        async with self._disk:
            await asyncio.to_thread(self._keep, batch.fillers, painted)
            del self._batches[painter]

    async def _begin(self, painter: Painter, wake: asyncio.Event) -> None:
        """One wave is put together at a time, so that no two fill the same gap. Whoever waits for it can be woken."""
        if self._writing is None:
            self._writing = asyncio.create_task(self._next_batch())
            self._writing.add_done_callback(lambda _: wake.set())
        if not self._writing.done():
            await wake.wait()
            return
        writing, self._writing = self._writing, None
        batch = writing.result()
        if batch is None:
            self._full = True
            return
        self._batches[painter] = batch
        batch.steps_left = await painter.begin(batch.wave)

    async def _next_batch(self) -> _Batch | None:
        """The next wave; None where there is nothing to paint."""
        recipe = await asyncio.to_thread(self._recipe)
        fillers = await self._next_fillers(recipe) if recipe else []
        if recipe is None or not fillers:
            return None
        rows = tuple(
            Row("", filler.id, dress(filler.prompt, None, recipe.words), recipe.negative or "", filler.seed)
            for filler in fillers
        )
        return _Batch(Wave(-next(self._ids), Mix.of(recipe), rows), fillers)

    def _recipe(self) -> Recipe | None:
        """That of a plain grid of approach 3; None where its model would have to be fetched first."""
        if not models.is_local(PROFILES[self._planner.profile][GENERATED].model):
            return None
        return self._planner.recipe(MakeGrid(prompt="anything", approach=GENERATED), unwatched)

    async def _next_fillers(self, recipe: Recipe) -> list[Stocked]:
        """What to paint next; nothing where the stock is full."""
        settings, profile = self._planner.settings, self._planner.profile
        stock_kind = kind(recipe, prompts.writer(settings, profile))
        # Not while others are being kept: they would be missing, or counted twice.
        async with self._disk:
            await asyncio.to_thread(self._stock.put_away, stock_kind)
            stocked = await asyncio.to_thread(self._stock.waiting, stock_kind)
            stocked += [filler for batch in self._batches.values() for filler in batch.fillers]
        n = min(self._most, self._stock.most - len(stocked))
        if n < 1:
            return []
        counts = self._scarcest(Counter(filler.category for filler in stocked), n)
        other_prompts = [filler.prompt for filler in stocked]
        written = await prompts.fill(counts, "", self._rng, settings, profile, other_prompts)
        if written.warnings:
            # Prompts of a writer that stands in for the usual one would make fillers of another kind.
            raise TesseraError(" ".join(written.warnings))
        return [
            Stocked(new_id(), stock_kind, category, prompt, self._rng.randrange(SEEDS))
            for category, prompt in written.prompts
        ]

    def _scarcest(self, stocked: Counter[str], n: int) -> dict[str, int]:
        """How many more of each category: always one of the scarcest, so that any grid finds all categories."""
        counts = dict.fromkeys(prompts.category_counts(n, self._rng, self._planner.profile), 0)
        for _ in range(n):
            counts[min(counts, key=lambda category: stocked[category] + counts[category])] += 1
        return counts

    def _keep(self, fillers: Sequence[Stocked], painted: Sequence[Painted]) -> None:
        """Keep those that are not withheld. Raises OSError."""
        for filler, picture in zip(fillers, painted, strict=True):
            if picture.pixels is not None:
                self._stock.put(filler, picture.pixels)
