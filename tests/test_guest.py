"""Training beside grids: everything while nobody waits, a small share while somebody does, never a grid's failure."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.contract.errors import NoData, OutOfMemory
from engine.contract.events import Event, GridMade, JobFailed, Progress
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.training import Estimated, EstimateTraining, StyleTrained, TrainStyle
from engine.guest import Guest
from engine.painter import FakePainter, Pixels
from engine.pool import Pool
from engine.running import Running
from tests.engines import events, grid, running_engine

ORDER = TrainStyle(name="sketch", source="embedded", images=8, epochs=1, seed=7)
TRAINED = StyleTrained(
    name="sketch", folder="", base="embedded", stopped="epochs", best_epoch=1, epochs=(), plot="", card=""
)


class Time:
    """A clock that only work moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class AtOnce(FakePainter):
    """Runs a piece of training at once, in no thread."""

    async def train(self, training: Any) -> Any:
        await asyncio.sleep(0)
        return training.next()


class FakeTraining:
    """`n` pieces that take `seconds` each, then the style; or `error` in place of piece number `at`."""

    def __init__(self, n: int, time: Time, seconds: float = 0.06, error: Exception | None = None, at: int = 0) -> None:
        self.n, self.time, self.seconds, self.error, self.at = n, time, seconds, error, at
        self.order = ORDER
        self.cancelled = False
        self.done = 0

    def pieces(self) -> Iterator[Any]:
        while self.done < self.n and not self.cancelled:
            if self.error and self.done == self.at:
                raise self.error
            self.time.now += self.seconds
            self.done += 1
            yield Progress(done=self.done, total=self.n, phase="training")
        yield TRAINED.model_copy(update={"stopped": "cancelled"}) if self.cancelled else TRAINED

    def cancel(self) -> None:
        self.cancelled = True


def job(work: Any = ORDER) -> Job:
    return Job(id=new_id(), work=work)


def told(running: Running) -> list[Event]:
    return running._events


async def test_beside_grids_training_gets_its_share_of_the_time_and_no_more() -> None:
    time, training = Time(), FakeTraining(10_000, Time())
    training.time = time
    guest = Guest(Pool(AtOnce()), share=0.1, clock=time)
    guest.invite(Running(job()), training)

    painted = 0.0
    for _ in range(1000):
        time.now += 0.25
        painted += 0.25
        await guest.between(0.25)

    share = guest.seconds / (guest.seconds + painted)
    assert share == pytest.approx(0.1, abs=0.01)


async def test_a_quiet_hour_saves_up_no_more_than_two_pieces() -> None:
    time = Time()
    training = FakeTraining(10_000, time)
    guest = Guest(Pool(AtOnce()), share=0.1, clock=time)
    guest.invite(Running(job()), training)

    await guest.between(3600.0)

    assert training.done <= 2


async def test_what_a_grid_waits_for_a_piece_at_its_start_is_training_s_share_already() -> None:
    time = Time()
    training = FakeTraining(10_000, time, seconds=0.09)
    guest = Guest(Pool(AtOnce()), share=0.1, clock=time)
    guest.invite(Running(job()), training)

    await guest.alone()
    guest._line[0].training._pieces = _knocking(guest, time)
    await guest.alone()
    guest._line[0].training._pieces = training.pieces()
    before = training.done
    for _ in range(8):
        await guest.between(0.1)

    # 0.09 s were waited for, which is a tenth of 0.9 s.
    assert training.done == before
    for _ in range(12):
        await guest.between(0.1)
    assert training.done == before + 1


def _knocking(guest: Guest, time: Time) -> Iterator[Any]:
    """A piece at whose beginning a grid comes."""
    guest.knock()
    time.now += 0.09
    yield Progress(done=1, total=2, phase="training")


async def test_a_share_of_nothing_lets_training_wait_for_quiet_times() -> None:
    time = Time()
    training = FakeTraining(10, time)
    guest = Guest(Pool(AtOnce()), share=0.0, clock=time)
    guest.invite(Running(job()), training)

    await guest.between(1000.0)
    waited = training.done
    await guest.alone()

    assert (waited, training.done) == (0, 1)


async def test_one_long_piece_is_paid_back_before_the_next() -> None:
    time = Time()
    training = FakeTraining(100, time, seconds=1.0)
    guest = Guest(Pool(AtOnce()), share=0.1, clock=time)
    guest.invite(Running(job()), training)
    await guest.between(10.0)
    first = training.done

    for _ in range(20):
        await guest.between(0.25)

    assert first == 1
    assert training.done == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OutOfMemory("this does not fit"), "does not fit into memory next to what is being painted"),
        (ZeroDivisionError("secret"), "the engine's log has it under job"),
    ],
)
async def test_whatever_a_piece_fails_with_ends_the_training_with_a_sentence(error: Exception, sentence: str) -> None:
    time = Time()
    running = Running(job())
    guest = Guest(Pool(AtOnce()), share=0.1, clock=time)
    guest.invite(running, FakeTraining(5, time, error=error))

    await guest.alone()

    ending = told(running)[-1]
    assert isinstance(ending, JobFailed)
    assert ending.reason == "training_failed"
    assert sentence in ending.detail
    assert "secret" not in ending.detail
    assert not guest.waiting


async def test_a_second_training_waits_for_the_first() -> None:
    time = Time()
    first, second = FakeTraining(2, time), FakeTraining(2, time)
    waiting = Running(job())
    guest = Guest(Pool(AtOnce()), share=0.1, clock=time)
    guest.invite(Running(job()), first)
    guest.invite(waiting, second)

    await guest.alone()
    before = (first.done, second.done, waiting.progress and waiting.progress.phase)
    for _ in range(3):
        await guest.alone()

    assert before == (1, 0, "waiting")
    assert (first.done, second.done) == (2, 1)


async def test_a_training_that_waits_is_cancelled_at_once_and_one_that_runs_ends_with_what_it_has() -> None:
    time = Time()
    runs, waits = Running(job()), Running(job())
    guest = Guest(Pool(AtOnce()), share=0.1, clock=time)
    guest.invite(runs, FakeTraining(10, time))
    guest.invite(waits, FakeTraining(10, time))
    await guest.alone()

    guest.cancel(waits.job.id)
    guest.cancel(runs.job.id)
    await guest.alone()

    assert isinstance(told(waits)[-1], JobFailed)
    ending = told(runs)[-1]
    assert isinstance(ending, StyleTrained)
    assert ending.stopped == "cancelled"


class Orderly(AtOnce):
    """Remembers which job's work came when."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []

    async def train(self, training: Any) -> Any:
        self.order.append("training")
        return await super().train(training)

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        self.order.append("step")
        await asyncio.sleep(0.002)
        return await super().step(wave, preview=preview)


async def test_in_the_engine_a_grid_goes_before_a_training_that_is_under_way(home: Path) -> None:
    painter = Orderly()
    async with running_engine(home, painter) as engine:
        time = Time()
        running = Running(job())
        training = FakeTraining(10**9, time, seconds=0.06)
        engine.guest._clock = time
        engine.guest.invite(running, training)
        engine._studio.wake.set()
        while training.done < 50:  # noqa: ASYNC110 - the training counts its pieces, it has no event
            await asyncio.sleep(0)

        made = await events(engine.submit(grid(blocks=1, approach=3)))

        first = painter.order.index("step")
        steps = [place for place, what in enumerate(painter.order) if what == "step"]
        beside = painter.order[first : steps[-1]].count("training")
        assert isinstance(made[-1], GridMade)
        assert len(steps) >= 12
        assert beside <= 2
        assert running.alive
        engine.guest.cancel(running.job.id)


async def test_an_estimate_tells_steps_and_bytes_without_beginning(tmp_path: Path) -> None:
    async with running_engine(tmp_path, AtOnce()) as engine:
        order = EstimateTraining(training=ORDER.model_copy(update={"images": 100, "epochs": 30, "batch": 4}))

        found = (await events(engine.submit(job(order))))[-1]

    assert isinstance(found, Estimated)
    assert (found.images, found.steps, found.bytes_to_fetch, found.seconds) == (100, 23 * 30, 0, None)
    assert 20e6 < (found.memory_bytes or 0) < 60e6
    assert not (tmp_path / "training").exists()


async def test_an_order_that_cannot_be_obeyed_ends_with_its_sentence(tmp_path: Path) -> None:
    async with running_engine(tmp_path, AtOnce()) as engine:
        bad = ORDER.model_copy(update={"source": "folder", "data": str(tmp_path / "nowhere")})

        found = (await events(engine.submit(job(bad))))[-1]

    assert isinstance(found, JobFailed)
    assert (found.reason, found.detail) == (
        "bad_request",
        f"There is no folder {tmp_path / 'nowhere'}. Give --data a folder of pictures.",
    )


async def test_a_second_training_of_a_name_is_refused_while_the_first_is_under_way(home: Path) -> None:
    async with running_engine(home, AtOnce()) as engine:
        first, second = engine.submit(job()), engine.submit(job())

        refused = (await events(second))[-1]
        alive = first.alive
        engine.remove(first.job.id)
        await events(first)

    assert isinstance(refused, JobFailed)
    assert refused.detail.startswith(f"The style “sketch” is already being trained, as {first.job.id}.")
    assert alive


async def test_a_training_posted_again_is_not_touched_by_the_end_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = [threading.Event(), threading.Event()]
    waiting = iter(gates)

    def prepare(*_: object) -> None:
        next(waiting).wait()
        raise NoData("There are no pictures.")

    monkeypatch.setattr("engine.training.prepare.prepare", prepare)
    async with running_engine(tmp_path, AtOnce()) as engine:
        first = engine.submit(job())
        (beginning,) = engine._tasks._running
        async for _ in first.follow():
            break
        engine.remove(first.job.id)
        engine.remove(first.job.id)
        second = engine.submit(first.job)
        async for _ in second.follow():
            break
        gates[0].set()
        await beginning
        gates[1].set()
        told = await events(second)

    assert told[-1] == JobFailed(reason="no_data", detail="There are no pictures.")
