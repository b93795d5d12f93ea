"""Steps that are asked for ahead on an easel: how many are under way, and what comes between two of them."""

import asyncio

import numpy as np
import pytest

from engine.cluster.steps_ahead import StepsAhead, Thumbs
from engine.painter import PainterLost


class Easel:
    """Takes a step when it is told to; its thumbs are three numbered pictures."""

    def __init__(self) -> None:
        self.asked: list[tuple[bool, asyncio.Future[Thumbs]]] = []

    async def ask(self, preview: bool) -> Thumbs:
        coming: asyncio.Future[Thumbs] = asyncio.get_running_loop().create_future()
        self.asked.append((preview, coming))
        return await coming

    async def take(self, number: int) -> None:
        """End the step that was asked for as the `number`th."""
        while len(self.asked) <= number:  # noqa: ASYNC110 - one turn of the loop is enough
            await asyncio.sleep(0)
        preview, coming = self.asked[number]
        coming.set_result([np.full((1, 1, 3), row, np.uint8) for row in range(3)] if preview else None)


async def test_the_next_step_is_asked_for_while_one_is_taken_and_none_after_the_last() -> None:
    easel = Easel()
    steps = StepsAhead(3, easel.ask)

    for number in range(3):
        step = asyncio.create_task(steps.step(preview=False, ahead=True))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(easel.asked) == min(3, number + 2)
        await easel.take(number)
        assert await step is None


async def test_nothing_is_asked_for_ahead_where_that_is_not_wanted() -> None:
    easel = Easel()
    steps = StepsAhead(3, easel.ask)

    await asyncio.gather(steps.step(preview=False, ahead=False), easel.take(0))

    assert len(easel.asked) == 1


async def test_thumbs_that_come_as_a_surprise_come_one_step_later_and_once() -> None:
    easel = Easel()
    steps = StepsAhead(9, easel.ask)
    shown = []

    for number, wanted in enumerate([False, True, True, False, False]):
        thumbs, _ = await asyncio.gather(steps.step(preview=wanted, ahead=True), easel.take(number))
        shown.append(thumbs is not None)

    assert shown == [False, False, True, False, False]


async def test_of_a_step_that_was_asked_for_before_rows_left_only_the_others_are_shown() -> None:
    easel = Easel()
    steps = StepsAhead(9, easel.ask)
    await asyncio.gather(steps.step(preview=False, ahead=True), easel.take(0))
    await asyncio.gather(steps.step(preview=True, ahead=True), easel.take(1))

    await asyncio.gather(steps.thin([0, 2]), easel.take(2))

    thumbs = await steps.step(preview=True, ahead=True)
    assert thumbs is not None
    assert [int(thumb[0, 0, 0]) for thumb in thumbs] == [0, 2]


async def test_a_wave_is_dropped_only_when_the_step_that_is_taken_has_ended_however_it_ends() -> None:
    easel = Easel()
    steps = StepsAhead(9, easel.ask)
    await asyncio.gather(steps.step(preview=False, ahead=True), easel.take(0))

    dropping = asyncio.create_task(steps.drop())
    await asyncio.sleep(0)
    assert not dropping.done()
    easel.asked[1][1].set_exception(PainterLost("gone"))

    await dropping


async def test_a_lost_easel_is_told_once_and_the_step_ahead_is_no_error_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def lost(_preview: bool) -> Thumbs:
        raise PainterLost("gone")

    steps = StepsAhead(9, lost)

    with pytest.raises(PainterLost):
        await steps.step(preview=False, ahead=True)
    await asyncio.sleep(0)
    del steps

    assert not caplog.records
