"""Painters of a cluster that wait instead of painting, as a card would keep them waiting."""

import asyncio
import time

from engine.contract.approaches import Profile
from engine.painter import FakePainter, Painted, Painter, Pixels
from engine.settings import Settings
from engine.wave import Wave

SIDE = 512
"""Pictures as large as Stable Diffusion's."""


class WaitingCard(FakePainter):
    """A device that takes `seconds` for a step and does one thing after the other.

    `ahead`: a step is answered when the one before it is done, as a card's painter does it
    (engine.device.card.Card.launched), and thumbs come with the next one that asks for them; a wave's pictures wait for
    their own step.
    """

    def __init__(self, seconds: float, *, ahead: bool) -> None:
        super().__init__(SIDE)
        self._seconds, self._ahead = seconds, ahead
        self._free_at = 0.0
        self._ends: dict[int, float] = {}
        self._previews_due: set[int] = set()

    async def begin(self, wave: Wave) -> int:
        self._ends[wave.id] = 0.0
        return await super().begin(wave)

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        before = self._free_at
        self._free_at = self._ends[wave] = max(before, time.monotonic()) + self._seconds
        await _until(before if self._ahead else self._free_at)
        later = preview and self._ahead and wave not in self._previews_due
        self._previews_due ^= {wave} if preview and self._ahead else set()
        return await super().step(wave, preview=preview and not later)

    async def finish(self, wave: int) -> list[Painted]:
        await _until(self._ends.pop(wave))
        self._previews_due.discard(wave)
        return await super().finish(wave)


def waiting(seconds: float, ahead: bool, _settings: Settings, _profile: Profile, _threads: int) -> Painter:  # noqa: FBT001 - a Make
    """What an easel of the benchmark paints with."""
    return WaitingCard(seconds, ahead=ahead)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
