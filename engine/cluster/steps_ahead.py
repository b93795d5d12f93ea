"""The steps of one wave on an easel, asked for one ahead, so that no easel waits for a round trip to the engine. What
comes between two steps (a cancel, another wave) then comes one step later.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine.painter import Pixels

Thumbs = list[Pixels] | None
Ask = Callable[[bool], Awaitable[Thumbs]]
"""Take one step, with thumbs or without."""


@dataclass(frozen=True)
class _Step:
    thumbs: "asyncio.Future[Thumbs]"
    shows: bool


class StepsAhead:
    """`steps` is how many the wave takes in all."""

    def __init__(self, steps: int, ask: Ask) -> None:
        self._steps_left, self._ask = steps, ask
        self._next: _Step | None = None

    async def step(self, *, preview: bool, ahead: bool) -> Thumbs:
        """The next step; `ahead`: ask for the one after it as well. Thumbs that were not foreseen come a step later."""
        step, self._next = self._next or self._begin(preview), None
        if ahead and self._steps_left:
            self._next = self._begin(preview and not step.shows)
        return await step.thumbs

    async def thin(self, keep: Sequence[int]) -> None:
        """Wait for a step that is being taken; only these rows of its thumbs are wanted."""
        if self._next:
            thumbs: asyncio.Future[Thumbs] = asyncio.get_running_loop().create_future()
            pictures = await self._next.thumbs
            thumbs.set_result(None if pictures is None else [pictures[index] for index in keep])
            self._next = _Step(thumbs, self._next.shows)

    async def drop(self) -> None:
        """Wait for a step that is being taken, however it ends."""
        if self._next:
            with contextlib.suppress(Exception):
                await self._next.thumbs

    def close(self) -> None:
        """Nobody waits for it any more."""
        if self._next:
            self._next.thumbs.cancel()

    def _begin(self, preview: bool) -> _Step:  # noqa: FBT001 - passed on by position
        self._steps_left -= 1
        step = asyncio.ensure_future(self._ask(preview))
        # Where the step before it fails, nobody asks for this one's failure.
        step.add_done_callback(lambda done: done.cancelled() or done.exception())
        return _Step(step, preview)
