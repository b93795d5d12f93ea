"""`python -m bench.large_engine`: an engine whose painter waits like a card and hands out pictures as heavy as real."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import torch
from PIL import Image

from bench.waiting import SIDE, WaitingCard
from engine import models, serve, setup
from engine.beside import Beside
from engine.embedded import JUDGE
from engine.metrics.clip import Judge
from engine.painter import Painted, Pixels, Scores
from engine.settings import Settings

WAVE, STEPS, STEP_SECONDS = 16, 12, 0.05
# Random colours so far apart make a PNG of 450 KB, which is what Stable Diffusion's take.
APART = 8


class LargePainter(WaitingCard):
    """Its pictures are readied for the judge, a small one, as a card's are; nothing looks whether they are safe."""

    most = WAVE

    def __init__(self) -> None:
        super().__init__(STEP_SECONDS, ahead=True)
        self._judge, self._beside = Judge(JUDGE, torch.device("cpu")), Beside(os.cpu_count() or 1)
        colours = np.random.default_rng(1).integers(0, 256, (SIDE // APART, SIDE // APART, 3), dtype=np.uint8)
        self._large: Pixels = np.asarray(Image.fromarray(colours).resize((SIDE, SIDE)))
        self._counter = count()

    async def finish(self, wave: int) -> list[Painted]:
        # Each another one, as the judge remembers what it has seen.
        return [Painted(np.roll(self._large, next(self._counter), 0)) for _ in await super().finish(wave)]

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        inputs = await self._beside.spread(self._judge.inputs, pictures)
        return await self._beside.run(self._judge.cosines, inputs, texts)

    async def close(self) -> None:
        await super().close()
        self._beside.close()


def main() -> None:
    facts = models.facts
    models.facts = lambda place: replace(facts(place), size=SIDE)
    setup._painter = lambda *_, **__: (LargePainter(), "a painter that waits")  # noqa: SLF001 - the one place that chooses it
    asyncio.run(serve.serve(Settings()))  # type: ignore[call-arg] # pydantic's own


if __name__ == "__main__":
    main()
