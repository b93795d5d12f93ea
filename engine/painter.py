"""The Painter protocol: everything that touches a GPU. And FakePainter, for tests of the bot and the scheduler only.

A picture here is an array of 8-bit colours, shape (height, width, 3).
"""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.training_run import TrainingRun
from engine.wave import Wave

Pixels = NDArray[np.uint8]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Painted:
    """A finished picture, or the reason why it is withheld."""

    pixels: Pixels | None
    withheld: str | None = None


class PainterLost(Exception):
    """The painter is gone, and what it had begun with it. Others go on."""


class Painter(Protocol):
    """Waves are painted step by step, so that between two steps anything else may happen: another wave, a cancel.

    Raises OutOfMemory where a wave does not fit; the wave is then dropped. Raises PainterLost where it is gone.
    """

    async def begin(self, wave: Wave) -> int:
        """Load what the wave needs, encode its prompts, draw its noise; how many steps it will take."""

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        """One call of the denoising model; with `preview`, small pictures of what each row promises to become, or None
        where they come with the next call that asks for them."""

    async def thin(self, wave: int, keep: Sequence[int]) -> None:
        """Go on with these rows only (indices into the wave's present rows)."""

    async def finish(self, wave: int) -> list[Painted]:
        """Decode the present rows and forget the wave."""

    async def drop(self, wave: int) -> None:
        """Forget the wave. One that is unknown is no error."""

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        """Cosines, shape (pictures, texts)."""

    async def train(self, training: TrainingRun) -> Any:
        """Run a training's next piece in the painter's own thread; what it yields: an event, None, or OVER."""

    async def forget(self, style: str) -> None:
        """The style's files have changed or gone: read them again before it is used next."""

    def memory(self) -> dict[str, float]:
        """Bytes in use and at most, by name, as /health shows them."""

    async def close(self) -> None:
        """Stop the threads and free the device."""


class FakePainter:
    """Paints a colour derived from prompt and seed in milliseconds. Keeps the protocol's promises, has no model."""

    def __init__(self, side: int = 64, step_seconds: float = 0.0) -> None:
        self.side, self.step_seconds = side, step_seconds
        self._waves: dict[int, list[int]] = {}

    async def begin(self, wave: Wave) -> int:
        self._waves[wave.id] = [zlib.crc32(f"{row.prompt}|{row.seed}".encode()) for row in wave.rows]
        return wave.mix.steps

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        await asyncio.sleep(self.step_seconds)
        return [self._picture(colour)[::8, ::8] for colour in self._waves[wave]] if preview else None

    async def thin(self, wave: int, keep: Sequence[int]) -> None:
        self._waves[wave] = [self._waves[wave][index] for index in keep]

    async def finish(self, wave: int) -> list[Painted]:
        return [Painted(self._picture(colour)) for colour in self._waves.pop(wave)]

    async def drop(self, wave: int) -> None:
        self._waves.pop(wave, None)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        return np.array(
            [
                [(zlib.crc32(picture.tobytes() + text.encode()) % 2000) / 1000 - 1 for text in texts]
                for picture in pictures
            ],
            dtype=np.float32,
        ).reshape(len(pictures), len(texts))

    async def train(self, training: TrainingRun) -> Any:
        return await asyncio.to_thread(training.next)

    async def forget(self, style: str) -> None:
        """There is nothing to forget."""

    def memory(self) -> dict[str, float]:
        return {}

    async def close(self) -> None:
        self._waves.clear()

    def _picture(self, colour: int) -> Pixels:
        rgb = [(colour >> shift) & 255 for shift in (0, 8, 16)]
        return np.broadcast_to(np.array(rgb, np.uint8), (self.side, self.side, 3)).copy()
