"""Fillers painted ahead: while nobody wants anything, each for one grid, never half, never in the way."""

import asyncio
import contextlib
import random
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import models, prompts, setup
from engine.contract.events import Event, GridMade, GridPlanned, PicturePainted
from engine.contract.grid import Plan, PlannedCell
from engine.contract.orders import Job, MakeGrid
from engine.embedded.vocabulary import subjects_named
from engine.engine import Engine
from engine.painter import Pixels
from engine.planner import Planner
from engine.prompts import writer
from engine.report import png
from engine.running import Running
from engine.settings import Settings
from engine.stock import Stock, Stocked, kind
from engine.stocking import REFUSED_SECONDS, Stocking
from tests.engines import TouchyPainter, events, grid
from tests.test_pool import Mortal, Silent, Visited

ALL = 48
ANY = MakeGrid(prompt="anything", approach=3)


class Idle:
    """An engine with a stock, whose clock only the test moves."""

    def __init__(self, folder: Path, painter: TouchyPainter, most: int = 96, *others: TouchyPainter) -> None:
        self.now = 0.0
        self.painter, self.pool = painter, Visited(painter, *others)
        self.settings = Settings(data_dir=folder, profile="embedded", filler_pool=most, _env_file=None)
        self.stock = Stock(self.settings.stock_dir, most)
        self.planner = Planner(self.settings, "embedded", self.stock)
        self.stocking = Stocking(self.planner, self.stock, random.Random(1), quiet=20.0, clock=lambda: self.now)
        self.engine = Engine(self.planner, self.pool, stocking=self.stocking)

    @property
    def kind(self) -> str:
        return kind(self.planner.recipe(ANY, lambda *_: None), writer(self.settings, "embedded"))

    async def quiet(self) -> None:
        """Nobody wants anything, until the stock is full or refused."""
        self.now += 100.0
        while not self.stocking._full and self.stocking._not_before <= self.now:
            await self.stocking.rest(self.painter, asyncio.Event())

    async def full(self) -> None:
        """The same in a running engine, until nobody paints fillers any more."""
        self.now += 100.0
        self.engine._studio.wake.set()
        async with asyncio.timeout(60):
            while self.stocking._batches or not self.stocking._full:  # noqa: ASYNC110 - it has no event for being full
                await asyncio.sleep(0)

    def waiting(self) -> int:
        return len(self.stock.waiting(self.kind))


@contextlib.asynccontextmanager
async def running(idle: Idle) -> AsyncIterator[Engine]:
    painting = asyncio.create_task(idle.engine.run())
    try:
        yield idle.engine
    finally:
        painting.cancel()
        await asyncio.gather(painting, return_exceptions=True)
        await idle.engine.close()


def order(prompt: str = "a cat wearing neon-glasses", **more: Any) -> Job:
    return grid(prompt, **{"approach": 3, "seed": None, **more})


async def made(idle: Idle, job: Job) -> tuple[Plan, dict[str, PicturePainted]]:
    async with running(idle) as engine:
        told: list[Event] = await events(engine.submit(job))
    assert isinstance(told[-1], GridMade), told[-1]
    plan = next(event.plan for event in told if isinstance(event, GridPlanned))
    return plan, {event.cell: event for event in told if isinstance(event, PicturePainted)}


def stocked(plan: Plan) -> list[PlannedCell]:
    return [cell for cell in plan.cells if cell.stocked]


async def test_with_a_full_stock_a_grid_paints_its_16_pictures_only_and_says_so(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter())
    await idle.quiet()
    before = len(idle.painter.begun)

    plan, pictures = await made(idle, order())

    rows = [row for wave in idle.painter.begun[before:] for row in wave.rows]
    assert {row.prompt for row in rows} == {"a cat wearing neon-glasses"}
    assert (len(rows), len(stocked(plan)), len(pictures)) == (16, ALL, 64)
    assert plan.warnings[-1].startswith("All 48 fillers were painted ahead, while the machine was idle")
    assert sorted(plan.filler_prompts) == sorted(cell.prompt or "" for cell in stocked(plan))


async def test_a_filler_from_the_stock_is_the_picture_that_its_prompt_and_seed_paint(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter())
    await idle.quiet()
    job = order(blocks=1)
    plan, pictures = await made(idle, job)
    again = Job(id=job.id, work=job.work, plan=plan)

    idle.stock.release(job.id)
    _, repainted = await made(Idle(tmp_path, TouchyPainter()), again)

    assert len(stocked(plan)) == 3
    assert {cell: event.sha256 for cell, event in repainted.items()} == {
        cell: event.sha256 for cell, event in pictures.items()
    }


async def test_no_filler_is_used_twice_and_a_grid_beyond_the_stock_paints_the_rest(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=64)
    await idle.quiet()

    plans = [(await made(idle, order("anything")))[0] for _ in range(3)]

    used = [[cell.stocked for cell in stocked(plan)] for plan in plans]
    assert [len(ids) for ids in used] == [48, 16, 0]
    assert len(set(used[0]) | set(used[1])) == 64
    assert plans[1].warnings[-1].startswith("16 of the 48 fillers were painted ahead")
    for plan in plans:
        assert len(set(plan.filler_prompts)) == ALL


async def test_categories_stay_balanced_where_only_some_were_painted_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=20)
    await idle.quiet()
    asked: list[dict[str, int]] = []
    fill = prompts.fill

    async def watched(counts: Any, *rest: Any) -> Any:
        asked.append(dict(counts))
        return await fill(counts, *rest)

    categories = Counter(filler.category for filler in idle.stock.waiting(idle.kind))
    monkeypatch.setattr(prompts, "fill", watched)
    await made(idle, order("anything"))

    together = [asked[0][name] + categories[name] for name in asked[0]]
    assert sum(together) == ALL
    assert max(together) - min(together) <= 1


async def test_on_a_full_disk_a_grid_paints_its_fillers_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=16)
    await idle.quiet()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    plan, told = await made(idle, order(blocks=1))

    assert stocked(plan) == []
    assert len(told) == 4


async def test_what_a_person_asks_for_is_never_among_the_fillers(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter())
    await idle.quiet()
    named = {subject for filler in idle.stock.waiting(idle.kind) for subject in subjects_named(filler.prompt)}
    subject = min(named)

    plan, _ = await made(idle, order(f"a {subject}"))

    assert not any(subject in subjects_named(prompt) for prompt in plan.filler_prompts)


@pytest.mark.parametrize(
    "more", [{"seed": 7}, {"steps": 5}, {"guidance": 2.0}, {"negative": "fog"}, {"fillers": "album"}]
)
async def test_a_seed_or_another_recipe_takes_nothing_from_the_stock(tmp_path: Path, more: Any) -> None:
    idle = Idle(tmp_path, TouchyPainter())
    await idle.quiet()

    plan, _ = await made(idle, order(**more))

    assert stocked(plan) == []
    assert not any("ahead" in warning for warning in plan.warnings)
    assert idle.waiting() == 96


async def test_a_job_that_comes_waits_for_one_step_and_the_wave_goes_on_later(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=16)
    came: list[Running] = []
    at: list[int] = []

    def come() -> None:
        if idle.painter.steps == 2:
            came.append(idle.engine.submit(order(blocks=1)))
        if len(idle.painter.begun) == 2 and not at:
            at.append(idle.painter.steps)

    idle.painter.at_step = come
    idle.now += 100.0
    async with running(idle):
        while not came:  # noqa: ASYNC110 - the painter has no event for its steps
            await asyncio.sleep(0)
        told = await events(came[0])
        idle.now += 100.0
        idle.engine._studio.wake.set()
        while not idle.stocking._full:  # noqa: ASYNC110 - the stock has no event for being full
            await asyncio.sleep(0)

    assert isinstance(told[-1], GridMade)
    assert at == [3]
    assert [len(wave.rows) for wave in idle.painter.begun if not wave.rows[0].job] == [16]
    assert idle.waiting() == 16


@pytest.mark.parametrize("after", ["the start", "a job"])
async def test_nothing_is_painted_ahead_before_it_was_quiet_for_a_while(tmp_path: Path, after: str) -> None:
    idle = Idle(tmp_path, TouchyPainter())
    if after == "a job":
        idle.now += 100.0
        idle.stocking.disturbed()
    woken, before = asyncio.Event(), asyncio.all_tasks()
    woken.set()

    idle.now += 19.0
    await idle.stocking.rest(idle.painter, woken)
    too_early = asyncio.all_tasks() - before
    idle.now += 2.0
    await idle.stocking.rest(idle.painter, woken)

    assert not too_early
    assert asyncio.all_tasks() > before, "now the next fillers are written"
    idle.stocking.close()


async def test_what_a_grid_took_from_a_full_stock_is_painted_ahead_again(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=16)
    async with running(idle) as engine:
        await idle.full()
        await events(engine.submit(order(blocks=1)))
        left = idle.waiting()
        await idle.full()

    assert (left, idle.waiting()) == (13, 16)


async def test_an_engine_that_idles_fills_its_stock_by_itself_and_stops_when_it_is_full(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=20)
    idle.now += 100.0

    async with running(idle):
        while not idle.stocking._full:  # noqa: ASYNC110 - the stock has no event for being full
            await asyncio.sleep(0)

    assert idle.waiting() == 20
    assert [len(wave.rows) for wave in idle.painter.begun] == [16, 4]


async def test_an_engine_begins_by_itself_when_it_was_quiet_for_long_enough(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=16)
    idle.stocking = Stocking(idle.planner, idle.stock, random.Random(1), quiet=0.05)
    idle.engine = Engine(idle.planner, idle.pool, stocking=idle.stocking)

    async with running(idle), asyncio.timeout(20):
        while not idle.stocking._full:  # noqa: ASYNC110 - the stock has no event for being full
            await asyncio.sleep(0)

    assert idle.waiting() == 16


async def test_several_painters_fill_the_stock_together_and_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = Idle(tmp_path, TouchyPainter(), 52, TouchyPainter(), TouchyPainter())
    put, put_away = idle.stock.put, idle.stock.put_away
    kept, thrown_away = Counter[str](), []

    def watched_put(filler: Stocked, pixels: Pixels) -> None:
        kept["begun"] += 1
        put(filler, pixels)
        kept["done"] += 1

    def watched_put_away(*kinds: str) -> None:
        thrown_away.append(kept["begun"] - kept["done"])
        put_away(*kinds)

    monkeypatch.setattr(idle.stock, "put", watched_put)
    monkeypatch.setattr(idle.stock, "put_away", watched_put_away)
    async with running(idle):
        await idle.full()

    assert idle.waiting() == 52
    assert set(thrown_away) == {0}, "a filler that is half written must not be thrown away"


async def test_what_a_lost_painter_had_begun_is_painted_by_another(tmp_path: Path) -> None:
    first, second = Mortal(), TouchyPainter()
    idle = Idle(tmp_path, first, most=16)
    idle.now += 100.0
    async with running(idle) as engine:
        while not first.steps:  # noqa: ASYNC110 - the painter has no event for its steps
            await asyncio.sleep(0)
        came = engine.submit(order(blocks=1))
        first.steps_left = 0
        while first in idle.pool.painters:  # noqa: ASYNC110 - nor the pool for its painters
            await asyncio.sleep(0)
        idle.pool.arrive(second)
        told = await events(came)
        await idle.full()

    assert isinstance(told[-1], GridMade)
    assert idle.waiting() == 16


async def test_what_a_lost_painter_had_begun_is_painted_by_one_that_had_nothing_to_do(tmp_path: Path) -> None:
    pair = Silent(steps_left=3), Silent(steps_left=3)
    idle = Idle(tmp_path, pair[0], 16, pair[1])
    idle.now += 100.0
    async with running(idle):
        while not idle.stocking._full:  # noqa: ASYNC110 - the stock has no event for being full
            await asyncio.sleep(0)
        lost, other = pair if pair[0] in idle.stocking._batches else pair[::-1]
        other.steps_left = float("inf")
        lost.ended.set()
        while lost in idle.pool.painters:  # noqa: ASYNC110 - nor the pool for its painters
            await asyncio.sleep(0)
        await idle.full()

    assert idle.waiting() == 16


async def test_a_painter_ends_what_it_had_begun_though_another_found_nothing_more_to_do(tmp_path: Path) -> None:
    pair = Silent(steps_left=3), Silent(steps_left=3)
    idle = Idle(tmp_path, pair[0], 16, pair[1])
    idle.now += 100.0
    async with running(idle), asyncio.timeout(20):
        while not idle.stocking._full:  # noqa: ASYNC110 - the stock has no event for being full
            await asyncio.sleep(0)
        for painter in pair:
            painter.steps_left = float("inf")
            painter.ended.set()
        while idle.stocking._batches:  # noqa: ASYNC110 - nor for what is put into it
            await asyncio.sleep(0)

    assert idle.waiting() == 16


async def test_a_grid_does_not_wait_for_the_writer_of_fillers_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=16)
    fill, asked, answered = prompts.fill, asyncio.Event(), asyncio.Event()

    async def slow(*order: Any) -> prompts.Written:
        asked.set()
        await answered.wait()
        return await fill(*order)

    monkeypatch.setattr(prompts, "fill", slow)
    idle.now += 100.0
    async with running(idle) as engine:
        await asked.wait()
        async with asyncio.timeout(60):
            told = await events(engine.submit(order(approach=1, blocks=1)))
        answered.set()
        await idle.full()

    assert isinstance(told[-1], GridMade)
    assert idle.waiting() == 16


async def test_withheld_fillers_are_not_kept(tmp_path: Path) -> None:
    painter = TouchyPainter()
    idle = Idle(tmp_path, painter, most=16)
    painter.at_step = lambda: painter.withhold.add(painter.begun[0].rows[3].seed)
    idle.now += 100.0
    while not idle.waiting():
        await idle.stocking.rest(painter, asyncio.Event())

    assert idle.waiting() == 15
    assert painter.begun[0].rows[3].prompt not in {filler.prompt for filler in idle.stock.waiting(idle.kind)}


async def test_a_failure_is_no_reason_to_try_all_the_time(tmp_path: Path) -> None:
    painter = TouchyPainter(lambda _wave: ZeroDivisionError("boom"))
    idle = Idle(tmp_path, painter)
    await idle.quiet()
    tried = len(painter.begun)

    idle.now += REFUSED_SECONDS + 1
    await idle.quiet()

    assert (tried, len(painter.begun)) == (1, 2)


def filler(kind: str = "k", number: int = 1) -> Stocked:
    return Stocked(f"filler{number:04d}", kind, "animal", f"a fox {number}", number)


def take(stock: Stock, job: str, kind: str = "k", n: int = 9) -> list[str]:
    return [claimed.id for claimed in stock.claim(job, kind, {"animal": n}, lambda _: True)]


PIXELS = np.full((8, 8, 3), 7, np.uint8)


def test_what_was_promised_to_a_job_is_promised_to_no_other_also_after_a_restart(tmp_path: Path) -> None:
    stock = Stock(tmp_path, 9)
    for number in range(4):
        stock.put(filler(number=number), PIXELS)
    first = take(stock, "aaaaaaaaaa", n=2)

    after_a_crash = Stock(tmp_path, 9)

    assert take(after_a_crash, "aaaaaaaaaa", n=2) == first
    assert set(take(after_a_crash, "bbbbbbbbbb")).isdisjoint(first)
    assert (after_a_crash.open("aaaaaaaaaa", first[0]) == PIXELS).all()  # type: ignore[union-attr]
    after_a_crash.release("aaaaaaaaaa")
    assert take(after_a_crash, "cccccccccc") == []


def test_only_fillers_of_the_kind_and_the_categories_that_are_wanted_are_promised(tmp_path: Path) -> None:
    stock = Stock(tmp_path, 9)
    stock.put(filler("k", 1), PIXELS)
    (claimed,) = take(stock, "aaaaaaaaaa", "k")
    stock.put(filler("new", 2), PIXELS)

    planned_anew = take(stock, "aaaaaaaaaa", "new")
    stock.put(filler("new", 3), PIXELS)
    plants = stock.claim("bbbbbbbbbb", "new", {"plant": 9}, lambda _: True)

    assert claimed == filler(number=1).id
    assert planned_anew == [filler(number=2).id]
    assert plants == []


def test_two_who_claim_at_once_get_different_fillers(tmp_path: Path) -> None:
    one, other = Stock(tmp_path, 9), Stock(tmp_path, 9)
    for number in range(6):
        one.put(filler(number=number), PIXELS)
    second: list[str] = []

    def meanwhile(_prompt: str) -> bool:
        if not second:
            second.extend(take(other, "bbbbbbbbbb", n=3))
        return True

    first = [claimed.id for claimed in one.claim("aaaaaaaaaa", "k", {"animal": 9}, meanwhile)]

    assert (len(first), len(second)) == (3, 3)
    assert set(first).isdisjoint(second)


@pytest.mark.parametrize("cut", [0, 10, 60, -400])
def test_a_damaged_file_is_painted_anew_instead_of_served(tmp_path: Path, cut: int) -> None:
    stock = Stock(tmp_path, 9)
    stock.put(filler(), np.arange(3 * 64 * 64, dtype=np.uint8).reshape(64, 64, 3))
    place = next(tmp_path.glob("k/*.png"))
    place.write_bytes(place.read_bytes()[:cut])

    claimed = take(stock, "aaaaaaaaaa")

    assert all(stock.open("aaaaaaaaaa", id_) is None for id_ in claimed)
    assert stock.waiting("k") == []


def test_a_filler_is_whole_in_its_place_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock = Stock(tmp_path, 9)

    def full(file: Path, data: bytes) -> int:
        with file.open("wb") as half:
            half.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        stock.put(filler(), PIXELS)

    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_what_is_of_another_kind_half_written_or_claimed_long_ago_is_thrown_away(tmp_path: Path) -> None:
    stock = Stock(tmp_path, 9)
    stock.put(filler("k", 1), PIXELS)
    stock.put(filler("k", 2), PIXELS)
    stock.put(filler("old", 3), PIXELS)
    (tmp_path / "k" / "x.half").write_bytes(b"PNG")
    (claimed,) = take(stock, "aaaaaaaaaa", n=1)
    now = (tmp_path / "claimed" / "aaaaaaaaaa").stat().st_mtime

    stock.put_away("k")
    kept = stock.open("aaaaaaaaaa", claimed) is not None
    stock.put_away("k", now + 90_000)

    assert kept
    assert sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()) == [
        "k/filler0002.png"
    ]


def test_a_job_that_ends_while_the_stock_is_tidied_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock, jobs = Stock(tmp_path, 9), ("aaaaaaaaaa", "bbbbbbbbbb")
    for number, job in enumerate(jobs):
        stock.put(filler("k", number), PIXELS)
        take(stock, job)
    now = (tmp_path / "claimed" / jobs[0]).stat().st_mtime
    remove = shutil.rmtree

    def both_end(_folder: Path, **how: Any) -> None:
        for job in jobs:
            remove(tmp_path / "claimed" / job, **how)

    monkeypatch.setattr(shutil, "rmtree", both_end)
    stock.put_away("k", now + 90_000)

    assert list((tmp_path / "claimed").iterdir()) == []


async def test_the_kind_changes_with_model_recipe_writer_and_versions_but_not_with_the_prompt(tmp_path: Path) -> None:
    recipe = Planner(Settings(data_dir=tmp_path, _env_file=None), "embedded").recipe(ANY, lambda *_: None)  # type: ignore[call-arg]
    changes = [{"model": "other"}, {"size": 512}, {"steps": 13}, {"scheduler": "DDIM"}, {"versions": {"torch": "9"}}]
    others = [kind(recipe.model_copy(update=change), "templates") for change in changes]

    assert kind(recipe.model_copy(update={"dressed_prompt": "a dog"}), "templates") == kind(recipe, "templates")
    assert len({kind(recipe, "templates"), kind(recipe, "gemini 2.5"), *others}) == 2 + len(changes)


def test_switched_off_nothing_is_painted_ahead_and_what_waited_is_gone(tmp_path: Path) -> None:
    Stock(tmp_path / "stock", 9).put(filler(), PIXELS)
    settings = Settings(data_dir=tmp_path, profile="embedded", filler_pool=0, engine_painters="local", _env_file=None)

    stock = setup._stock(settings)

    assert stock is None
    assert list((tmp_path / "stock").iterdir()) == []


async def test_no_model_is_fetched_to_paint_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    idle = Idle(tmp_path, TouchyPainter())
    monkeypatch.setattr(models, "is_local", lambda _: False)

    await idle.quiet()

    assert idle.painter.begun == []


async def test_an_ended_job_that_is_acknowledged_uses_up_its_fillers(tmp_path: Path) -> None:
    idle = Idle(tmp_path, TouchyPainter(), most=16)
    await idle.quiet()
    job = order(blocks=1)
    async with running(idle) as engine:
        await events(engine.submit(job))
        claimed = tmp_path / "stock" / "claimed" / job.id
        kept = len(list(claimed.iterdir()))
        engine.remove(job.id)

    assert kept == 3
    assert not claimed.exists()
    assert png(PIXELS)
