"""The engine's loop over a painter of plain colours: what is told, in which order, and what becomes of failures."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.contract.errors import NoFillers, OutOfMemory
from engine.contract.events import ENDINGS, Event, GridMade, GridPlanned, JobFailed, PicturePainted, Progress
from engine.contract.grid import Judged
from engine.contract.orders import Job
from engine.fillers.flickr8k import Flickr8k
from engine.painter import FakePainter
from engine.preview import preview
from engine.wave import Wave
from tests.engines import TouchyPainter, events, grid, running_engine

pytestmark = pytest.mark.parametrize("approach", [1, 2, 3])


def painted(told: list[Event]) -> dict[str, PicturePainted]:
    return {event.cell: event for event in told if isinstance(event, PicturePainted)}


async def test_a_grid_is_planned_first_then_painted_once_a_cell_and_ends_once(home: Path, approach: int) -> None:
    async with running_engine(home, FakePainter()) as engine:
        told = await events(engine.submit(grid(approach=approach)))

    others = [event for event in told if not isinstance(event, Progress)]
    assert isinstance(others[0], GridPlanned)
    assert len(others) == 66
    assert len(painted(told)) == 64
    assert [isinstance(event, ENDINGS) for event in others].count(True) == 1
    assert isinstance(others[-1], GridMade)
    assert others[-1].score.n == 16


async def test_the_prompts_pictures_are_painted_first(home: Path, approach: int) -> None:
    painter = TouchyPainter()
    async with running_engine(home, painter) as engine:
        job = grid(approach=approach)
        await events(engine.submit(job))

    assert {row.prompt for row in painter.begun[0].rows} == {"a cat wearing neon-glasses"}
    assert len(painter.begun[0].rows) == 16


async def test_the_same_seed_makes_the_same_plan_and_another_seed_another(home: Path, approach: int) -> None:
    async with running_engine(home, FakePainter()) as engine:
        plans = []
        for seed in (7, 7, 8):
            running = engine.submit(grid(approach=approach, seed=seed))
            await events(running)
            plans.append(running.plan)

    assert plans[0] == plans[1]
    assert plans[0] != plans[2]


async def test_every_block_has_one_picture_of_the_prompt_and_its_seed_does_not_depend_on_the_approach(
    home: Path, approach: int
) -> None:
    async with running_engine(home, FakePainter()) as engine:
        own, first = engine.submit(grid(approach=approach)), engine.submit(grid(approach=1))
        await asyncio.gather(events(own), events(first))

    assert own.plan
    assert first.plan
    blocks = [cell.block for cell in own.plan.cells if cell.unique]
    assert sorted(blocks) == [(column, row) for column in range(4) for row in range(4)]
    seeds = [{cell.cell: cell.seed for cell in plan.cells if cell.unique} for plan in (own.plan, first.plan)]
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0].values())) == 16


async def test_a_job_posted_again_is_taken_over_not_begun_again(home: Path, approach: int) -> None:
    painter = TouchyPainter()
    async with running_engine(home, painter) as engine:
        job = grid(approach=approach)
        first = await events(engine.submit(job))
        second = await events(engine.submit(job))

    rows = sum(len(wave.rows) for wave in painter.begun)
    assert rows == (64 if approach == 3 else 16)
    assert painted(first) == painted(second)
    assert first[-1] == second[-1]


async def test_a_retry_paints_only_the_missing_cells_and_scores_all(home: Path, approach: int) -> None:
    async with running_engine(home, FakePainter()) as engine:
        whole = grid(approach=approach)
        told = await events(engine.submit(whole))
    plan, cells = next(e.plan for e in told if isinstance(e, GridPlanned)), painted(told)
    kept = dict(list(cells.items())[:20])

    have = {cell: Judged.model_validate(event.model_dump()) for cell, event in kept.items()}
    async with running_engine(home, FakePainter()) as engine:
        again = await events(engine.submit(Job(id=whole.id, work=whole.work, plan=plan, have=have)))

    assert set(painted(again)) == set(cells) - set(kept)
    assert {cell: event.sha256 for cell, event in painted(again).items()}.items() <= {
        cell: event.sha256 for cell, event in cells.items()
    }.items()
    assert again[-1] == told[-1]


async def test_a_retry_that_has_cells_of_another_plan_paints_all_of_its_own(home: Path, approach: int) -> None:
    async with running_engine(home, FakePainter()) as engine:
        job = grid(approach=approach, blocks=1)
        again = job.model_copy(update={"have": {"Z9": Judged(score=0.1)}})
        async with asyncio.timeout(60):
            told = await events(engine.submit(again))

    assert isinstance(told[-1], GridMade)
    assert len(painted(told)) == 4


async def test_a_cancelled_job_ends_at_a_step_and_its_neighbour_goes_on(home: Path, approach: int) -> None:
    painter = TouchyPainter()
    async with running_engine(home, painter) as engine:
        doomed, other = grid(approach=approach, blocks=1), grid(approach=approach, blocks=1, turn=1)
        running = [engine.submit(doomed), engine.submit(other)]
        painter.at_step = lambda: engine.remove(doomed.id) if painter.steps == 2 else None
        told = await asyncio.gather(*(events(job) for job in running))

    assert isinstance(told[0][-1], JobFailed)
    assert told[0][-1].reason == "cancelled"
    assert isinstance(told[1][-1], GridMade)


async def test_a_grid_cancelled_while_its_rows_are_gathered_leaves_none_in_the_line(home: Path, approach: int) -> None:
    async with running_engine(home, TouchyPainter()) as engine:
        job = grid(approach=approach)
        running = engine.submit(job)
        async for event in running.follow():
            if isinstance(event, GridPlanned):
                engine.remove(job.id)
        after = await events(engine.submit(grid(approach=approach, blocks=1)))

        assert isinstance(after[-1], GridMade)
        assert not engine._scheduler.ahead(job.id)
        assert not engine._scheduler._lines


async def test_an_id_that_is_cancelled_and_posted_again_gets_nothing_of_the_order_before(
    home: Path, approach: int
) -> None:
    painter = TouchyPainter()
    async with running_engine(home, painter) as engine:
        alone = await events(engine.submit(grid("an owl", approach=approach, blocks=1)))
        first = grid("a cat", approach=approach, blocks=1)
        second = first.model_copy(update={"work": grid("an owl", approach=approach, blocks=1).work})
        began = painter.steps

        def replace() -> None:
            if painter.steps == began + 2:
                engine.remove(first.id)
                engine.remove(first.id)
                engine.submit(second)

        painter.at_step = replace
        await events(engine.submit(first))
        told = await events(engine.jobs[first.id])

    assert {cell: event.sha256 for cell, event in painted(told).items()} == {
        cell: event.sha256 for cell, event in painted(alone).items()
    }


async def test_the_failure_of_an_order_before_leaves_the_one_that_has_its_id_now_alone(
    home: Path, approach: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, painter = threading.Event(), FakePainter()

    def fetch(*_: object) -> None:
        arrived.wait()
        raise NoFillers("There are none.")

    async def step(wave: int, *, preview: bool = False) -> None:
        arrived.set()
        await preparing
        await FakePainter.step(painter, wave)

    monkeypatch.setattr(Flickr8k, "fetch", fetch)
    monkeypatch.setattr(painter, "step", step)
    async with running_engine(home, painter, most=1) as engine:
        first = grid(approach=approach, fillers="flickr8k")
        engine.submit(first)
        (preparing,) = engine._tasks._running
        await asyncio.sleep(0)
        engine.remove(first.id)
        engine.remove(first.id)
        second = first.model_copy(update={"work": grid(approach=approach, blocks=2).work})
        async with asyncio.timeout(60):
            told = await events(engine.submit(second))

    assert isinstance(told[-1], GridMade)


async def test_a_wave_that_does_not_fit_is_painted_in_halves(home: Path, approach: int) -> None:
    painter = TouchyPainter(lambda wave: OutOfMemory("no room") if len(wave.rows) > 4 else None)
    async with running_engine(home, painter) as engine:
        told = await events(engine.submit(grid(approach=approach)))

    assert isinstance(told[-1], GridMade)
    assert len(painted(told)) == 64


async def test_a_single_picture_that_does_not_fit_ends_its_job_with_the_reason(home: Path, approach: int) -> None:
    painter = TouchyPainter(lambda _wave: OutOfMemory("This does not fit."))
    async with running_engine(home, painter) as engine:
        told = await events(engine.submit(grid(approach=approach, blocks=1)))

    assert told[-1] == JobFailed(reason="out_of_memory", detail="This does not fit.")


async def test_a_job_that_spoils_waves_is_found_and_its_neighbours_are_painted(home: Path, approach: int) -> None:
    def fails(wave: Wave) -> Exception | None:
        return ZeroDivisionError("boom") if any(row.prompt == "a dog" for row in wave.rows) else None

    async with running_engine(home, TouchyPainter(fails)) as engine:
        jobs = [grid(prompt, approach=approach, blocks=1) for prompt in ("a cat", "a dog", "an owl")]
        told = await asyncio.gather(*(events(engine.submit(job)) for job in jobs))

    endings = [own[-1] for own in told]
    assert [type(ending) for ending in endings] == [GridMade, JobFailed, GridMade]
    assert "boom" not in endings[1].model_dump_json()
    assert jobs[1].id in endings[1].model_dump_json()


async def test_a_withheld_picture_is_told_with_its_reason_and_not_counted(home: Path, approach: int) -> None:
    painter = TouchyPainter()
    async with running_engine(home, painter) as engine:
        job = grid(approach=approach)
        first = engine.submit(job)
        await events(first)
        assert first.plan
        cell = next(cell for cell in first.plan.cells if cell.unique)
        painter.withhold = {cell.seed or 0}
        told = await events(engine.submit(grid(approach=approach)))

    event = painted(told)[cell.cell]
    assert (event.withheld, event.score, event.sha256) == ("unsafe", None, None)
    assert isinstance(told[-1], GridMade)
    assert told[-1].score.n == 15


async def test_details_are_joined_to_the_prompt_and_scored_besides(home: Path, approach: int) -> None:
    painter = TouchyPainter()
    async with running_engine(home, painter) as engine:
        told = await events(engine.submit(grid("a cat", approach=approach, details="a red hat")))

    assert painter.begun[0].rows[0].prompt == "a cat, a red hat"
    assert isinstance(told[-1], GridMade)
    assert told[-1].score.with_details is not None


async def test_a_preview_shows_the_grid_so_far(home: Path, approach: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.running_wave.PREVIEW_SECONDS", -1.0)
    async with running_engine(home, FakePainter()) as engine:
        running = engine.submit(grid(approach=approach))
        previews = [e.preview async for e in running.follow() if isinstance(e, Progress) and e.preview]

    assert previews
    assert previews[0].startswith("/9j/")


async def test_what_is_painted_is_shown_before_it_is_judged_also_where_waves_end_before_a_preview_is_due(
    home: Path, approach: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.running_wave.PREVIEW_SECONDS", 1e9)
    monkeypatch.setattr("engine.news.PREVIEW_SECONDS", 1e9)
    async with running_engine(home, FakePainter()) as engine:
        running = engine.submit(grid(approach=approach, blocks=8))
        told = [event async for event in running.follow()]

    assert running.plan
    prompts = {cell.cell for cell in running.plan.cells if cell.unique}
    previews = [index for index, event in enumerate(told) if isinstance(event, Progress) and event.preview]
    before = [sum(isinstance(e, PicturePainted) and e.cell in prompts for e in told[:index]) for index in previews]
    # Of the first wave, and not again before a while has passed.
    assert before == [0]
    shown = told[previews[0]]
    assert isinstance(shown, Progress)
    assert shown.preview != preview(running.plan, {})


async def test_however_many_grids_wait_for_a_download_others_go_on(
    home: Path, approach: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    arrived = threading.Event()
    monkeypatch.setattr(Flickr8k, "fetch", lambda *_: arrived.wait())
    async with running_engine(home, FakePainter()) as engine:
        waiting = [engine.submit(grid(fillers="flickr8k")) for _ in range(3)]
        try:
            async with asyncio.timeout(60):
                told = await events(engine.submit(grid(approach=approach, blocks=1)))
            waited = [running.alive for running in waiting]
        finally:
            arrived.set()

    assert isinstance(told[-1], GridMade)
    assert all(waited)
