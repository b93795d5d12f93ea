"""A painter that hangs takes its engine with it; one that is slow, busy with others or put to sleep does not."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.engine_client import KINDLY
from engine.painter import FakePainter, Pixels, Scores
from engine.watchdog import LEAST_SECONDS, LOOK_SECONDS, STATUS, TIMES, UNKNOWN_SECONDS, Watchdog
from engine.watched import Watched
from engine.wave import Mix
from tests.fake_talk import ANNA, FakeChat, heard
from tests.test_bot_engine_life import bot, data, no_engine_left
from tests.waves import wave

__all__ = ["data"]

MIX = Mix("any", None, 0.0, 4, 0.0)


class Dog(Watchdog):
    """Notes what it bites; only the test moves its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.bitten: list[str] = []
        super().__init__(self.bitten.append, lambda: self.now)

    def after(self, seconds: float) -> list[str]:
        """What it has bitten when so much time has gone by, looking all the while."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + LOOK_SECONDS)
            self.look()
        return self.bitten


@pytest.mark.parametrize(("usual", "limit"), [(0.1, LEAST_SECONDS), (10.0, 10.0 * TIMES), (None, UNKNOWN_SECONDS)])
def test_the_limit_follows_the_measured_time(usual: float | None, limit: float) -> None:
    dog = Dog()
    with dog.watching("A step", usual):
        before = list(dog.after(limit))
        after = dog.after(1.5 * LOOK_SECONDS)

    assert before == []
    assert after[0] == f"A step has not ended after {limit:.0f} s"


def test_what_has_ended_is_never_overdue() -> None:
    dog = Dog()
    with dog.watching("A step", 1.0):
        dog.after(10.0)

    assert dog.after(10 * UNKNOWN_SECONDS) == []


def test_what_waits_behind_other_work_has_its_time_when_that_has_ended() -> None:
    dog = Dog()
    with dog.watching("Judging", 1.0):
        with dog.watching("A piece of a training", None):
            dog.after(UNKNOWN_SECONDS - 5)
        waited = list(dog.after(LEAST_SECONDS - 5))

    assert waited == []


def test_a_laptop_that_slept_has_not_hung() -> None:
    dog = Dog()
    with dog.watching("A step", 1.0):
        dog.after(5.0)
        dog.now += 36_000.0
        dog.look()
        slept = list(dog.bitten)
        awake = dog.after(LEAST_SECONDS + 5)

    assert slept == []
    assert len(awake) >= 1


class Timed(FakePainter):
    """Every call takes as long as `dog`'s clock is moved by `seconds`; with `hangs` a step never ends."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = False

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        if self.hangs:
            await asyncio.Event().wait()
        return await super().step(wave, preview=preview)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        if self.hangs:
            await asyncio.Event().wait()
        return await super().judge(pictures, texts)


async def test_a_painter_that_hangs_in_a_step_is_found_by_the_time_its_steps_took() -> None:
    dog, painter = Dog(), Timed()
    watched = Watched(painter, dog)
    await watched.begin(wave(1, MIX, [1, 2, 3]))
    for _ in range(3):
        await watched.step(1)
    painter.hangs = True

    hanging = asyncio.create_task(watched.step(1))
    await asyncio.sleep(0)
    bitten = dog.after(LEAST_SECONDS + 5)
    hanging.cancel()

    assert bitten[0] == f"A step of 3 pictures by any has not ended after {LEAST_SECONDS:.0f} s"


async def test_a_watched_painter_keeps_the_promises_of_the_one_that_it_watches() -> None:
    plain, watched = FakePainter(), Watched(FakePainter(), Dog())
    found = []
    for painter in (plain, watched):
        await painter.begin(wave(1, MIX, [1, 2, 3]))
        shown = await painter.step(1, preview=True)
        await painter.thin(1, [0, 2])
        pictures = [painted.pixels for painted in await painter.finish(1)]
        await painter.begin(wave(2, MIX, [4]))
        await painter.drop(2)
        await painter.drop(3)
        scores = await painter.judge([picture for picture in pictures if picture is not None], ["a cat"])
        found.append((len(shown or []), [picture.tobytes() for picture in pictures if picture is not None], scores))

    assert found[0][:2] == found[1][:2]
    assert (found[0][2] == found[1][2]).all()


async def test_an_engine_whose_painter_hangs_ends_and_the_bot_goes_on_with_another(data: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(data)}
    async with no_engine_left(data):
        hanging = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.hanging_engine", env=environment, stderr=PIPE, stdout=DEVNULL
        )
        assert hanging.stderr
        # Where it does not serve yet, the bot would start an engine of its own.
        await hanging.stderr.readuntil(b"serving on")
        chat = FakeChat()
        async with bot(data, chat) as app:
            await app.parts.engine.ready()
            await app.hear(heard(chat, ANNA, "/grid prompt:a cat approach:3 blocks:1"))
            await chat.until(lambda: len(chat.posts()) == 1, 60)
        told = (await hanging.stderr.read()).decode()
        status = await hanging.wait()

    assert status == STATUS
    assert status not in KINDLY
    assert "the painter hangs: A step of" in told
    assert "watchdog" in told
    assert len(chat.posts()) == 1
