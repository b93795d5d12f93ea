"""The painters that are here. This pool is for painters that stay; a cluster's come and go while the engine runs."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from engine.contract.errors import OutOfMemory
from engine.painter import Painter, PainterLost, Pixels, Scores


class Pool:
    """`painters` are those that can be given a wave, oldest first."""

    def __init__(self, *painters: Painter) -> None:
        self.painters: list[Painter] = list(painters)
        self._changed = asyncio.Event()
        self._went: Callable[[], None] = lambda: None

    async def watch(self, came: Callable[[Painter], object], went: Callable[[], None]) -> None:
        """Tell of every painter that is here or comes, and when one went, for ever."""
        self._went = went
        for painter in self.painters:
            came(painter)
        await asyncio.Event().wait()

    def join(self, painter: Painter) -> None:
        """From now on it is one of the pool."""
        self.painters.append(painter)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def lose(self, painter: Painter) -> None:
        """It is gone. One that is not in the pool is no error."""
        if painter in self.painters:
            self.painters.remove(painter)
            self._went()

    def most(self, painter: Painter) -> int | None:
        """How many pictures this painter's waves should hold; None where nobody measured that."""
        return getattr(painter, "most", None)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str], preferred: Painter | None = None) -> Scores:
        """Cosines, shape (pictures, texts), by `preferred` where that is still here; waits where nobody is.

        Raises OutOfMemory where not even one picture fits.
        """
        while True:
            painter = preferred if preferred in self.painters else await self._any()
            try:
                return await painter.judge(pictures, texts)
            except PainterLost:
                self.lose(painter)
            except OutOfMemory:
                if len(pictures) == 1:
                    raise
                middle = len(pictures) // 2
                parts = [await self.judge(part, texts, preferred) for part in (pictures[:middle], pictures[middle:])]
                return np.concatenate(parts)

    async def forget(self, style: str) -> None:
        """The style's files have changed or gone."""
        for painter in list(self.painters):
            try:
                await painter.forget(style)
            except PainterLost:
                self.lose(painter)

    def memory(self) -> dict[str, float]:
        """Bytes by name, of all painters together."""
        total: Counter[str] = Counter()
        for painter in self.painters:
            total.update(painter.memory())
        return dict(total)

    async def close(self) -> None:
        for painter in self.painters:
            await painter.close()

    async def _any(self) -> Painter:
        while not self.painters:
            await self._changed.wait()
        return self.painters[0]
