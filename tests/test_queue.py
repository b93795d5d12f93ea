"""The line: fair turns, limits without races, suspects, and the place in it that people are told."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat import Person
from bot.history import Database
from bot.jobs import JobRow, Jobs
from bot.line import FIRST_GUESS_S, Line
from bot.people import People
from bot.pictures import ArrivedPicture, Pictures
from bot.queue import Caps, NewJob, Queue
from engine.contract.grid import Judged, Plan, PlannedCell, Recipe
from engine.contract.ids import new_id

ALL = Caps()
RECIPE = Recipe(
    model="m", revision=None, style=None, weight=None, scheduler="s", steps=1, guidance=0, negative=None,
    dressed_prompt="p", size=64, versions={},
)  # fmt: skip


class Bench:
    """The queue over a database, with jobs that are named in a test by their prompts."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, 1000.0
        self.queue, self.jobs = Queue(database, lambda: self.now), Jobs(database, lambda: self.now)
        self.people, self.line = People(database, ()), Line(database)

    async def put(
        self,
        who: str,
        prompt: str,
        *,
        cost: int = 64,
        caps: Caps = ALL,
        server: str | None = "x:s",
        training: bool = False,
    ) -> JobRow | None:
        person = await self.people.row(Person("x", who, who))
        job = NewJob(
            new_id(), None, person, "x", server, "c", private=False, unsafe_ok=False, talk="{}",
            work=f'{{"prompt": "{prompt}"}}', prompt=prompt, cost=cost, training=training,
        )  # fmt: skip
        return await self.queue.put(job, caps)

    async def lend(self, cover: int = 1, engine: str = "e1") -> str | None:
        job = await self.queue.lend_now(cover, engine)
        return job.prompt if job else None

    async def end(self, prompt: str) -> None:
        row = await self.database.one("SELECT id FROM jobs WHERE prompt = :prompt", prompt=prompt)
        assert row is not None
        await self.database.write("UPDATE jobs SET painted = cost WHERE id = :id", id=row["id"])
        await self.jobs.failed(row["id"], "x", "x")

    async def lend_all(self) -> list[str]:
        order = []
        while (prompt := await self.lend()) is not None:
            order.append(prompt)
            await self.end(prompt)
        return order

    async def told(self) -> list[str]:
        """Prompts in the order that people are told."""
        prompts = {job.id: job.prompt or "" for job in await self.jobs.in_state("waiting")}
        return [prompts[job] for job in await self.line.places()]


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    database = await Database.open(folder / "h.sqlite")
    try:
        yield Bench(database)
    finally:
        await database.close()


async def test_turns_go_round_by_person(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name in ("A1", "A2", "A3", "B1", "C1"):
            await b.put(name[0], name)

        assert await b.lend_all() == ["A1", "B1", "C1", "A2", "A3"]


async def test_turns_are_charged_by_pictures_not_by_jobs(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name in ("A1", "A2"):
            await b.put("A", name, cost=64)
        for name in ("b1", "b2", "b3", "b4", "b5", "b6"):
            await b.put("B", name, cost=16)

        assert await b.lend_all() == ["A1", "b1", "b2", "b3", "b4", "A2", "b5", "b6"]


async def test_who_was_away_saved_up_no_turns(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("B", "B0")
        for name in ("A1", "A2", "A3", "A4"):
            await b.put("A", name)
        assert [await b.lend(), await b.lend(1000), await b.lend(1000), await b.lend(1000)] == ["B0", "A1", "A2", "A3"]
        for name in ("B1", "B2", "B3"):
            await b.put("B", name)
        for name in ("B0", "A1", "A2", "A3"):
            await b.end(name)

        assert await b.lend_all() == ["B1", "A4", "B2", "B3"]


async def test_pictures_that_were_not_painted_are_not_charged(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        first = await b.put("A", "A1")
        await b.put("A", "A2")
        await b.put("B", "B1")
        await b.lend()
        assert first is not None
        await b.jobs.cancelled(first.id)

        assert await b.lend_all() == ["B1", "A2"]
        row = await b.database.one("SELECT charged FROM people WHERE key = 'A'")
        assert row is not None
        assert row["charged"] == 64


async def test_a_plan_corrects_the_charge_to_what_is_painted(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        job = await b.put("A", "A1", cost=64)
        assert job is not None
        await b.lend()
        cells = [PlannedCell(cell="A1", block=(0, 0), unique=True, source="prompt", prompt="p", seed=1)]
        cells += [PlannedCell(cell="B1", block=(0, 0), unique=False, source="album", photo="x.png")]
        plan = Plan(seed=1, cells=tuple(cells), profile="embedded", judge="j", recipe=RECIPE)

        await b.jobs.planned(job, plan)
        await b.jobs.planned(job, plan)

        row = await b.database.one("SELECT charged FROM people")
        assert row is not None
        assert row["charged"] == 1


async def test_photos_and_what_was_painted_ahead_are_no_painted_pictures_where_a_grid_is_cancelled(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as b:
        job = await b.put("A", "A1", cost=64)
        assert job is not None
        await b.lend()
        common = {"block": (0, 0), "source": "generated", "prompt": "p", "seed": 1}
        cells = [PlannedCell(cell=name, unique=True, **common) for name in ("A1", "B1", "C1")]
        cells += [PlannedCell(cell="A2", block=(0, 0), unique=False, source="album", photo="x.png")]
        cells += [PlannedCell(cell="B2", unique=False, stocked="y", **common)]
        plan = Plan(seed=1, cells=tuple(cells), profile="embedded", judge="j", recipe=RECIPE)
        await b.jobs.planned(job, plan)

        pictures = Pictures(b.database, tmp_path / "pictures")
        await pictures.keep(job, [ArrivedPicture(cell, b"x", None, Judged()) for cell in ("A1", "A2", "B2")])
        await b.jobs.cancelled(job.id)

        row = await b.database.one("SELECT charged, painted FROM people JOIN jobs ON jobs.person = people.id")
        assert row is not None
        assert (row["painted"], row["charged"]) == (1, 1)


async def test_interactive_work_goes_before_training(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "train", training=True)
        await b.put("B", "B1")
        await b.put("B", "B2")

        assert await b.told() == ["B1", "B2", "train"]
        assert await b.lend_all() == ["B1", "B2", "train"]


async def test_one_training_is_lent_at_a_time(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "t1", training=True)
        await b.put("B", "t2", training=True)

        assert [await b.lend(1000), await b.lend(1000)] == ["t1", None]


async def test_jobs_are_lent_until_the_waves_are_covered(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name in ("A1", "A2", "A3"):
            await b.put("A", name, cost=16)

        assert [await b.lend(32), await b.lend(32), await b.lend(32)] == ["A1", "A2", None]


async def test_the_next_job_is_lent_while_the_last_wave_of_another_is_painted(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name in ("A1", "A2"):
            await b.put("A", name, cost=64)
        for name in ("s1", "s2", "s3"):
            await b.put("S", name, cost=16)
        lent = [await b.lend(32) for _ in range(4)]

        await b.database.write("UPDATE jobs SET painted = 15 WHERE prompt = 's1'")
        small = [await b.lend(32) for _ in range(2)]
        await b.database.write("UPDATE jobs SET painted = 32 WHERE prompt = 'A1'")
        before = await b.lend(32)
        await b.database.write("UPDATE jobs SET painted = 50 WHERE prompt = 'A1'")
        await b.database.write("UPDATE jobs SET painted = 16 WHERE prompt IN ('s1', 's2', 's3')")
        large = await b.lend(32)

        assert lent == ["A1", "s1", "s2", None]
        assert (small, before, large) == (["s3", None], None, "A2")


async def test_lend_waits_until_something_is_put(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        lending = asyncio.create_task(b.queue.lend(lambda: 1, lambda: "e1"))
        await asyncio.sleep(0)

        await b.put("A", "A1")

        assert (await asyncio.wait_for(lending, 5)).prompt == "A1"


async def test_nothing_is_lent_while_no_engine_answers(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        engine: list[str] = []
        await b.put("A", "A1")
        lending = asyncio.create_task(b.queue.lend(lambda: 1, lambda: engine[0] if engine else None))
        for _ in range(20):
            await asyncio.sleep(0)
        waited = not lending.done()

        engine.append("e1")
        b.queue.touch()

        assert waited
        assert (await asyncio.wait_for(lending, 5)).engine == "e1"


@pytest.mark.parametrize(
    ("caps", "let_in"),
    [
        (Caps(waiting_per_person=3), 3),
        (Caps(waiting_per_server=5), 5),
        (Caps(pictures_per_hour=64 * 7), 7),
        (Caps(waiting_per_person=4, waiting_per_server=2), 2),
    ],
)
async def test_a_hundred_at_once_do_not_slip_past_a_limit(tmp_path: Path, caps: Caps, let_in: int) -> None:
    async with bench(tmp_path) as b:
        rows = await asyncio.gather(*(b.put("A", f"A{n}", caps=caps) for n in range(100)))

        assert sum(row is not None for row in rows) == let_in


async def test_a_limit_of_a_person_counts_their_own_grids_while_they_wait(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        caps = Caps(waiting_per_person=1)
        first = [await b.put("A", "A1", caps=caps), await b.put("B", "B1", caps=caps)]

        refused = await b.put("A", "A2", caps=caps)
        await b.lend()

        assert all(first)
        assert refused is None
        assert await b.put("A", "A3", caps=caps) is not None


async def test_a_limit_of_a_server_does_not_hold_in_another_or_in_private(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        caps = Caps(waiting_per_server=1)
        await b.put("A", "A1", caps=caps, server="x:one")

        assert await b.put("A", "A2", caps=caps, server="x:one") is None
        assert await b.put("A", "A3", caps=caps, server="x:two") is not None
        assert await b.put("A", "A4", caps=caps, server=None) is not None


async def test_the_hour_of_a_limit_passes(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        caps = Caps(pictures_per_hour=64)
        await b.put("A", "A1", caps=caps)
        refused = await b.put("A", "A2", caps=caps)
        b.now += 3601

        assert refused is None
        assert await b.put("A", "A3", caps=caps) is not None


async def test_after_a_death_the_suspects_run_alone_and_first(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name in ("A1", "B1", "C1"):
            await b.put(name[0], name, cost=1)
        assert [await b.lend(2), await b.lend(2)] == ["A1", "B1"]
        await b.queue.died("e1", blame=True)

        first, beside = await b.lend(1000, "e2"), await b.lend(1000, "e2")
        await b.end("A1")
        second, beside_again = await b.lend(1000, "e2"), await b.lend(1000, "e2")
        await b.end("B1")

        assert (first, beside, second, beside_again) == ("A1", None, "B1", None)
        assert await b.lend(1000, "e2") == "C1"


async def test_a_death_in_company_blames_nobody_and_two_alone_end_a_job(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "A1", cost=1)
        await b.put("B", "B1", cost=1)
        await b.lend(2)
        await b.lend(2)
        await b.queue.died("e1", blame=True)
        together = [job.deaths for job in await b.jobs.in_state("waiting")]
        ended = []
        for engine in ("e2", "e3"):
            await b.lend(2, engine)
            ended.append([job.prompt for job in await b.queue.died(engine, blame=True)])

        assert together == [0, 0]
        assert ended == [[], ["A1"]]
        assert [job.prompt for job in await b.jobs.in_state("waiting")] == ["B1"]


async def test_a_death_concerns_only_the_jobs_that_this_engine_had(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name in ("A1", "B1", "C1"):
            await b.put(name[0], name, cost=1)
        await b.lend(1000, "e1")
        await b.end("A1")
        await b.lend(1000, "e1")
        await b.lend(1000, "e2")

        await b.queue.died("e1", blame=True)

        assert [(job.prompt, job.suspect, job.deaths) for job in await b.jobs.in_state("waiting")] == [("B1", True, 1)]
        assert [(job.prompt, job.suspect) for job in await b.jobs.in_state("lent")] == [("C1", False)]


async def test_an_engine_that_was_stopped_on_purpose_blames_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "A1")
        for engine in ("e1", "e2", "e3"):
            await b.lend(1, engine)
            assert await b.queue.died(engine, blame=False) == []

        assert [job.deaths for job in await b.jobs.in_state("waiting")] == [0]


async def test_a_death_is_counted_once_however_many_notice_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "A1")
        await b.lend()

        await asyncio.gather(*(b.queue.died("e1", blame=True) for _ in range(5)))

        assert [job.deaths for job in await b.jobs.in_state("waiting")] == [1]


async def test_the_place_comes_with_its_reason(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "A1")
        await b.lend()
        await b.put("A", "A2")
        await b.put("B", "B1")

        places = {place.person: place for place in (await b.line.places()).values()}
        anna, bert = places[1], places[2]

        assert (anna.place, anna.why) == (2, "somebody else goes first because you had the last turn")
        assert (bert.place, bert.why) == (1, "you go before people for whom more was painted lately")
        assert anna.ahead == 128


async def whys(b: Bench) -> dict[str, str]:
    """The reason for each one's place, by prompt, in the order of lending."""
    places = await b.line.places()
    return dict(zip(await b.told(), (place.why for place in places.values()), strict=True))


async def test_the_order_from_rest_is_everybody_in_turn_and_nobody_was_painted_more(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name in ("A1", "A2", "B1"):
            await b.put(name[0], name)

        assert await whys(b) == {"A1": "", "B1": "everybody in turn", "A2": "everybody in turn"}


async def test_who_was_painted_more_is_told_so_and_who_had_not_the_last_turn_is_not_told_they_had(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "A1", cost=100)
        await b.put("B", "B1", cost=4)
        for name in ("A1", "B1"):
            await b.lend()
            await b.end(name)
        for name in ("A2", "C1"):
            await b.put(name[0], name)

        assert await whys(b) == {
            "C1": "you go before people for whom more was painted lately",
            "A2": "others go first because more was painted for you lately",
        }


async def test_a_grid_that_goes_before_a_training_is_not_told_that_more_was_painted_for_somebody(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "train", training=True)
        await b.put("B", "B1")
        behind = "trainings start when no grid is waiting, one at a time"

        assert await whys(b) == {"B1": "", "train": behind}
        await b.lend()
        await b.end("B1")
        assert await whys(b) == {"train": ""}
        await b.put("B", "second", training=True)
        await b.lend()
        assert await whys(b) == {"second": behind}


async def test_own_grids_and_suspects_have_reasons_of_their_own(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name in ("A1", "A2"):
            await b.put("A", name)
        assert await whys(b) == {"A1": "", "A2": "your own grids come first"}

        await b.lend()
        await b.queue.died("e1", blame=True)

        assert (await whys(b))["A1"] == "it runs alone, because the engine stopped while working on it"


async def test_the_time_told_is_that_of_what_is_left_ahead_and_of_the_grid_itself(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for name, training in (("A1", False), ("t1", True), ("B1", False), ("C1", False), ("t2", True)):
            await b.put(name, name, cost=64, training=training)
            if name in {"A1", "t1"}:
                await b.lend(1000)
        await b.database.write("UPDATE jobs SET painted = 24 WHERE prompt = 'A1'")

        places = list((await b.line.places()).values())

        assert [(place.place, place.ahead, place.eta(0.25)) for place in places] == [
            (1, 40, 26.0),
            (2, 104, 42.0),
            (3, 168, None),
        ]


async def test_while_nothing_is_painted_at_all_that_is_the_reason_and_no_time_is_told(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "A1")
        b.line = Line(b.database, lambda: "the engine is starting")

        (place,) = (await b.line.places()).values()

        assert (place.place, place.why, place.eta(1.0)) == (1, "the engine is starting", None)


async def test_the_pace_is_that_of_the_newest_grids_until_they_were_painted(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        assert await b.line.pace() == FIRST_GUESS_S
        kinds = [(640, "delivered", False), (128, "delivered", False), (640, "failed", False), (640, "delivered", True)]
        for number, (seconds, state, training) in enumerate(kind for kind in kinds for _ in range(20)):
            await b.put("A", str(number), training=training)
            job = await b.queue.lend_now(1, "e1")
            assert job
            b.now += seconds
            await b.database.write(
                "UPDATE jobs SET state = :state, painted = 64, made_at = :now, ended_at = :now + 3600 WHERE id = :id",
                state=state,
                now=b.now,
                id=job.id,
            )

        assert await b.line.pace() == 2.0


ASKED = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(1, 64), st.booleans()), max_size=25)
_folders = itertools.count()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(ASKED, st.integers(0, 10), st.integers(0, 4))
async def test_people_are_told_the_order_in_which_they_are_served(
    tmp_path: Path, asked: list[tuple[str, int, bool]], served_before: int, in_a_dead_engine: int
) -> None:
    async with bench(tmp_path / str(next(_folders))) as b:
        for number, (who, cost, training) in enumerate(asked):
            await b.put(who, f"{who}{number}", cost=cost, training=training)
        for _ in range(min(served_before, len(asked))):
            prompt = await b.lend()
            assert prompt is not None
            await b.end(prompt)
        for _ in range(in_a_dead_engine):
            await b.lend(1000)
        await b.queue.died("e1", blame=True)
        if asked:
            await b.put(asked[0][0], "late", cost=5)

        assert await b.told() == await b.lend_all()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 64)), min_size=2, max_size=30))
async def test_nobody_who_waits_falls_behind_by_more_than_one_grid(
    tmp_path: Path, asked: list[tuple[str, int]]
) -> None:
    async with bench(tmp_path / str(next(_folders))) as b:
        costs: dict[str, int] = {}
        for number, (who, cost) in enumerate(asked):
            costs[f"{who}{number}"] = cost
            await b.put(who, f"{who}{number}", cost=cost)
        painted = dict.fromkeys("ABC", 0)
        left = {who: [name for name in costs if name[0] == who] for who in "ABC"}
        largest = max(costs.values())

        for name in await b.lend_all():
            painted[name[0]] += costs[name]
            left[name[0]].remove(name)
            waiting = [who for who in "ABC" if left[who]]
            assert all(painted[name[0]] - painted[who] <= largest + costs[name] for who in waiting)


async def test_small_jobs_are_lent_beside_a_large_one_up_to_two_waves_of_them(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "large", cost=256)
        await b.put("B", "other", cost=64)
        for name in ("s1", "s2", "s3", "s4"):
            await b.put(name, name, cost=16)

        lent = [await b.lend(cover=32) for _ in range(4)]
        await b.end("s1")
        then = [await b.lend(cover=32) for _ in range(2)]

    assert lent == ["large", "s1", "s2", None]
    assert then == ["s3", None]


async def test_a_large_job_is_not_held_up_by_small_ones_for_more_than_two_waves(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "large", cost=64)
        await b.put("B", "other", cost=64)
        for number in range(6):
            await b.put(f"s{number}", f"s{number}", cost=16)
        lent = [await b.lend(cover=32) for _ in range(4)]
        await b.end("large")
        await b.end("s0")

        assert lent == ["large", "s0", "s1", None]
        assert await b.lend(cover=32) == "other"


async def test_neither_a_night_asleep_nor_a_clock_that_is_put_back_makes_the_engine_look_slow_or_fast(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as b:
        for number, seconds in enumerate((16.0, 16.0, 8 * 3600.0, -3600.0, 16.0)):
            await b.put("A", str(number))
            job = await b.queue.lend_now(1, "e1")
            assert job
            b.now += seconds
            await b.database.write(
                "UPDATE jobs SET state = 'delivered', painted = 64, made_at = :now, ended_at = :now WHERE id = :id",
                now=b.now,
                id=job.id,
            )

        assert await b.line.pace() == 0.25


async def test_a_job_that_ended_before_the_clock_was_put_back_gets_its_last_word(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        job = await b.put("A", "A1")
        assert job
        await b.end("A1")
        b.now -= 365 * 86_400

        assert [row.id for row in await b.jobs.untold()] == [job.id]
        assert [row.id for row in await b.jobs.untold(600.0)] == [job.id]
        b.now += 365 * 86_400
        assert await b.jobs.untold(600.0) == []
