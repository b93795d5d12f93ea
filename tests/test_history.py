"""The rows and the files: committed or not there at all, found by their owner, pruned oldest first."""

import asyncio
import itertools
import sqlite3
from collections.abc import Iterable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Heard, Person, Pressed
from bot.deliveries import Deliveries
from bot.disk import until_kept
from bot.grids import own_grids
from bot.history import Database, Orphan
from bot.jobs import JobRow
from bot.migrations import MIGRATIONS
from bot.pictures import ArrivedPicture, Pictures
from bot.preferences import PreferenceRows, Preferences
from bot.proposals import DAY_S, PROPOSED_DAYS, Proposals
from bot.received import DOUBLE_PRESS_S, Inbox, Received
from bot.upkeep import Upkeep
from bot.words import own_words
from engine.contract.errors import BadRequest
from engine.contract.grid import GridScore, Judged
from engine.contract.orders import Job, MakeGrid
from engine.contract.training import TrainStyle
from tests.bot_rig import rig
from tests.fake_engine import plan_of
from tests.fake_talk import ANNA, BERT, LOBBY, FakeChat, FakeTalk
from tests.test_queue import Bench, bench

SCORE = GridScore(
    judge="j", n=1, mean=0.3, std=None, fillers_mean=None, margin=None, with_details=None, retrieval=None,
    tokens_not_scored=0,
)  # fmt: skip


async def test_the_database_is_made_once_and_opened_again(tmp_path: Path) -> None:
    for _ in range(2):
        database = await Database.open(tmp_path / "h.sqlite")
        version = await database.one("PRAGMA user_version")
        mode = await database.one("PRAGMA journal_mode")
        await database.close()

        assert version is not None
        assert version[0] == len(MIGRATIONS)
        assert mode is not None
        assert mode[0] == "wal"


async def test_a_transaction_happens_whole_or_not_at_all(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "A1")

        async def half() -> None:
            async with b.database.transaction() as rows:
                await rows.write("UPDATE jobs SET cost = 1")
                await rows.write("UPDATE jobs SET no_such_column = 1")

        with pytest.raises(sqlite3.OperationalError):
            await half()

        assert (await b.jobs.in_state("waiting"))[0].cost == 64


async def test_rows_of_nobody_cannot_be_written(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(Orphan):
            await b.database.write("INSERT INTO plans (job, plan) VALUES (999, '{}')")


async def _with_pictures(b: Bench, folder: Path, prompt: str, server: str | None = "x:s") -> tuple[Pictures, JobRow]:
    job = await b.put("A", prompt, server=server)
    assert job is not None
    pictures = Pictures(b.database, folder)
    await pictures.keep(job, [ArrivedPicture(cell, b"x" * 100, None, Judged(score=0.5)) for cell in ("A1", "B2")])
    return pictures, job


async def test_a_picture_is_kept_with_its_score_and_found_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        pictures, job = await _with_pictures(b, tmp_path / "p", "A1")

        assert await pictures.have(job) == {"A1": Judged(score=0.5), "B2": Judged(score=0.5)}
        assert await pictures.load(job.id, ["A1", "C1"]) == {"A1": b"x" * 100}
        assert await pictures.used() == 200
        assert not list((tmp_path / "p").rglob("*.part"))


async def test_only_what_is_painted_for_a_grid_counts_as_painted(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        job, other = await b.put("A", "mine"), await b.put("A", "other")
        assert job
        assert other
        plan, painted = [plan_of(Job(id=job.id, work=MakeGrid(prompt="a", approach=n, blocks=1))) for n in (1, 3)]
        stocked = [
            cell.model_copy(update={"photo": None, "stocked": "f1"} if cell.cell == "A2" else {}) for cell in plan.cells
        ]
        await b.jobs.planned(job, plan.model_copy(update={"cells": tuple(stocked)}))
        await b.jobs.planned(other, painted)

        pictures = Pictures(b.database, tmp_path / "p")
        for each in (job, other):
            arrived = [ArrivedPicture(cell, b"x", None, Judged()) for cell in ("A1", "B1", "A2", "B2")]
            await pictures.keep(each, arrived)

        rows = await b.database.read("SELECT prompt, painted, cost FROM jobs")
        assert [tuple(row) for row in rows] == [("mine", 1, 1), ("other", 4, 4)]


async def test_a_withheld_picture_is_known_and_needs_no_file(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        pictures, job = await _with_pictures(b, tmp_path / "p", "A1")

        await pictures.keep(job, [ArrivedPicture("C3", None, None, Judged(withheld="unsafe"))])

        assert (await pictures.have(job))["C3"] == Judged(withheld="unsafe")
        assert await pictures.used() == 200


async def test_of_a_grid_that_was_deleted_while_its_pictures_came_nothing_stays(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        pictures, job = await _with_pictures(b, tmp_path / "p", "A1")
        _, other = await _with_pictures(b, tmp_path / "p", "A2")
        await b.jobs.emptied(job.id)

        await pictures.keep(job, [ArrivedPicture("C1", b"x" * 100, None, Judged())])

        assert await pictures.have(job) == {}
        assert [path.name for path in (tmp_path / "p").iterdir()] == [other.id]


async def test_a_step_of_one_job_is_no_step_of_another(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        one, other, waits = [job for name in ("one", "other", "waits") if (job := await b.put(name, name))]
        for _ in range(2):
            await b.lend(1000)
        await b.database.write("UPDATE jobs SET suspect = 1 WHERE state = 'lent'")

        for job in (one, waits):
            await b.jobs.made(job.id, SCORE)
        ended = await b.jobs.failed(waits.id, "x", "It could not be painted.")
        again = await b.jobs.failed(waits.id, "x", "It could not be painted.")
        await b.jobs.told(waits.id)

        found = [job for each in (one, other, waits) if (job := await b.jobs.find(each.id))]
        assert [(job.state, job.suspect, job.grid_score, job.ended, job.detail) for job in found] == [
            ("made", False, SCORE, False, None),
            ("lent", True, None, False, None),
            ("failed", False, None, True, "It could not be painted."),
        ]
        assert (ended, again) == (True, False)
        told = await b.database.read("SELECT prompt FROM jobs WHERE told")
        assert [row["prompt"] for row in told] == ["waits"]


@pytest.mark.parametrize("posted", [None, "begun", "proved"])
async def test_of_a_deleted_grid_its_counts_stay_and_every_other_is_whole(tmp_path: Path, posted: str | None) -> None:
    async with bench(tmp_path) as b:
        gone, other = [await _with_pictures(b, tmp_path / "p", name) for name in ("gone", "other")]
        plan = plan_of(Job(id=gone[1].id, work=gone[1].order))
        for _, job in (gone, other):
            await b.lend(1000)
            await b.jobs.planned(job, plan)
            await b.jobs.made(job.id, SCORE)
        before = await b.jobs.find(other[1].id)
        deliveries = Deliveries(b.database)
        for job in (gone[1], other[1]) if posted else ():
            await deliveries.begin(f"{job.id}-post", kind="post", job=job.number, talk="t", server=None)
        if posted == "proved":
            await deliveries.posted(f"{gone[1].id}-post", "m1", "t")

        await b.jobs.emptied(gone[1].id)

        left = await b.jobs.find(gone[1].id)
        assert left
        assert (left.state, left.work, left.prompt, left.score, left.detail, left.bytes) == ("deleted", *[None] * 4, 0)
        assert (left.cost, left.painted, bool(left.ended_at)) == (16, 2, True)
        assert await b.jobs.plan(left) is None
        assert await gone[0].have(left) == {}
        # Whether a sheet is there is not known yet: it is still to be taken back.
        untold = [row["prompt"] for row in await b.database.read("SELECT prompt FROM jobs WHERE NOT told")]
        assert untold == ([None, "other"] if posted == "begun" else ["other"])
        assert await b.jobs.find(other[1].id) == before
        assert await b.jobs.plan(other[1]) == plan
        assert set(await other[0].have(other[1])) == {"A1", "B2"}


async def test_pruning_one_grid_leaves_every_other_whole(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        pictures, job = await _with_pictures(b, tmp_path / "p", "A1")
        _, other = await _with_pictures(b, tmp_path / "p", "A2")

        await pictures.prune(job)

        assert set(await pictures.have(other)) == set(await pictures.load(other.id)) == {"A1", "B2"}
        assert [tuple(row) for row in await b.database.read("SELECT prompt, bytes, pruned FROM jobs")] == [
            ("A1", 0, 1),
            ("A2", 200, 0),
        ]
        rows = await b.database.read("SELECT DISTINCT job FROM pictures")
        assert [row["job"] for row in rows] == [other.number]


@pytest.mark.parametrize("fault", ["gone", "short"])
async def test_a_picture_whose_file_is_not_whole_is_not_had(tmp_path: Path, fault: str) -> None:
    async with bench(tmp_path) as b:
        pictures, job = await _with_pictures(b, tmp_path / "p", "A1")
        path = tmp_path / "p" / job.id / "A1.png"
        path.unlink()
        if fault == "short":
            path.write_bytes(b"x" * 99)

        assert set(await pictures.have(job)) == {"B2"}


async def test_a_cell_that_is_none_is_refused_with_all_that_came_beside_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        pictures, job = await _with_pictures(b, tmp_path / "p", "A1")

        with pytest.raises(BadRequest):
            await pictures.keep(job, [ArrivedPicture(cell, b"x", None, Judged()) for cell in ("C1", "../../C1")])

        assert set(await pictures.have(job)) == {"A1", "B2"}
        assert sorted(await pictures.load(job.id)) == ["A1", "B2"]


async def test_the_same_picture_twice_counts_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        pictures, job = await _with_pictures(b, tmp_path / "p", "A1")

        await pictures.keep(job, [ArrivedPicture("A1", b"x" * 100, None, Judged(score=0.5))])

        assert await pictures.used() == 200


async def test_search_finds_own_prompts_only_and_any_marks_in_it_are_harmless(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", "a red cat")
        await b.put("A", "a blue dog")
        await b.put("B", "a red dog")

        async def found(who: int, words: str) -> list[str | None]:
            return [job.prompt for job in await own_grids(b.database, who, words, 10)]

        assert await found(1, "red") == ["a red cat"]
        assert await found(1, "DO") == ["a blue dog"]
        assert await found(2, "red dog") == ["a red dog"]
        assert await found(1, 'red" OR prompt:dog') == []
        assert await found(1, "2xred") == []
        assert await found(1, "do red") == []
        assert await found(1, '"*()^') == []
        assert await found(1, "") == ["a blue dog", "a red cat"]


@pytest.mark.parametrize(
    ("prompt", "search"),
    [
        ("Ein Bär, “nachts”", "bar nachts"),
        ("straße", "STRASSE"),
        ("red-and-blue_boats", "blue boat"),
        ("猫と犬", "猫"),
        ("ネオン眼鏡をかけた猫", "猫 眼鏡"),
        ("戴着霓虹眼镜的猫", "眼镜"),
        ("แมวสีแดง", "สีแดง"),
        ("a neon猫", "neo"),
        ("ὀδυσσεύς", "οδυσσ"),
    ],
)
async def test_words_are_found_without_accents_in_any_case_and_script(tmp_path: Path, prompt: str, search: str) -> None:
    async with bench(tmp_path) as b:
        await b.put("A", prompt)

        assert [job.prompt for job in await own_grids(b.database, 1, search, 10)] == [prompt]
        assert await own_grids(b.database, 1, "zebra", 10) == []
        assert await own_grids(b.database, 1, "鏡眼", 10) == []


async def test_a_history_of_before_is_searched_as_well_once_it_is_opened(tmp_path: Path) -> None:
    # given a database as it was before words carried their person
    with closing(sqlite3.connect(tmp_path / "h.sqlite", isolation_level=None)) as old:
        old.executescript("".join(f"BEGIN; {script}; COMMIT;" for script in MIGRATIONS[:2]) + "PRAGMA user_version = 2")
        old.execute("INSERT INTO people (id, platform, key, name) VALUES (1, 'fake', 'anna', 'Anna')")
        old.execute(
            "INSERT INTO jobs (id, person, platform, channel, private, unsafe_ok, talk, prompt, cost, state, queued_at)"
            " VALUES ('k3x9tq2m7d', 1, 'fake', 'c', 0, 0, 't', 'a red cat', 4, 'delivered', 1.0)"
        )

    database = await Database.open(tmp_path / "h.sqlite")
    found = await own_grids(database, 1, "re", 10)
    tables = await database.read("SELECT name FROM sqlite_master WHERE name = 'words'")
    await database.close()

    assert [job.prompt for job in found] == ["a red cat"]
    assert not tables


ROWS = (
    (1, "INSERT INTO people (id, platform, key, name) VALUES (1, 'fake', 'anna', 'Anna')"),
    (1, "INSERT INTO received (number, platform, event, person, at) VALUES (5, 'fake', 'e', 1, 1.0)"),
    (
        1,
        """
        INSERT INTO jobs (number, id, received, person, platform, channel, private, unsafe_ok, talk, prompt, cost,
            state, queued_at) VALUES (7, 'k3x9tq2m7d', 5, 1, 'fake', 'c', 0, 0, 't', 'ein Löwe 猫', 4, 'delivered', 1.0)
        """,
    ),
    (1, "INSERT INTO plans (job, plan) VALUES (7, '{}')"),
    (1, "INSERT INTO pictures (job, cell, bytes, judged) VALUES (7, 'A1', 9, '{}')"),
    (1, "INSERT INTO deliveries (key, job, kind, talk, begun_at) VALUES ('j', 7, 'post', 't', 1.0)"),
    (1, "INSERT INTO deliveries (key, kind, talk, begun_at) VALUES ('r5', 'answer', 't', 1.0)"),
    (1, "INSERT INTO preferences (scope, owner, name, value) VALUES ('person', '1', 'blocks', '2')"),
    (2, "INSERT INTO proposals (id, person, work, at) VALUES ('p', 1, '{}', 1.0)"),
    (2, "INSERT INTO trainings (job) VALUES (7)"),
    (2, "INSERT INTO epochs (job, epoch, told) VALUES (7, 1, '{}')"),
    (5, "INSERT INTO spent (mark, cost, at) VALUES ('m', 4, 1.0)"),
)


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
async def test_a_history_of_any_version_is_brought_up_to_date_with_all_its_rows(tmp_path: Path, version: int) -> None:
    with closing(sqlite3.connect(tmp_path / "h.sqlite", isolation_level=None)) as old:
        old.create_function("own_words", 2, own_words, deterministic=True)
        old.executescript("".join(f"BEGIN; {script}; COMMIT;" for script in MIGRATIONS[:version]))
        old.execute(f"PRAGMA user_version = {version}")
        rows = [sql for since, sql in ROWS if since <= version]
        for sql in rows:
            old.execute(sql)

    database = await Database.open(tmp_path / "h.sqlite")
    tables = {sql.split()[2] for sql in rows}
    left = [(await database.read(f"SELECT COUNT(*) FROM {table}"))[0][0] for table in tables]  # noqa: S608  # those above
    faults = await database.read("PRAGMA foreign_key_check")
    asked = await database.one("SELECT person FROM deliveries WHERE key = 'r5'")
    found = [len(await own_grids(database, 1, words, 10)) for words in ("lowe", "猫")]
    await database.close()

    assert sum(left) == len(rows)
    assert not faults
    # Who asked for an answer is known from the version on that asks it, and for what was there before.
    assert asked is not None
    assert asked["person"] == (1 if version < 6 else None)
    assert found == [1, 1]


async def test_what_was_heard_is_changed_answered_and_forgotten_row_by_row(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        inbox, chat = Inbox(b.database, lambda: b.now), FakeChat()

        async def heard(event: str) -> Received | None:
            talk = FakeTalk(chat, "lobby", "anna")
            return await inbox.heard(Heard("fake", event, ANNA, LOBBY, talk, f"/grid {event}", {"prompt": event}))

        one, two = await heard("e1"), await heard("e2")
        assert one
        assert two
        await inbox.moved(one.number, "grown")
        await inbox.meant(one.number, approach="2")
        assert await inbox.open() == [replace(one, talk="grown", options={"approach": "2"}), two]

        await inbox.answered(one.number)
        again = await heard("e1")
        b.now += 1
        await inbox.forget(b.now)

        assert again is None
        assert await inbox.open() == [two]
        assert [await inbox.seen("fake", event) for event in ("e1", "e2")] == [False, True]
        assert not await inbox.seen("another", "e2")


async def test_two_presses_within_five_seconds_are_one_by_the_same_person_with_the_same_words_only(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as b:
        inbox, chat, events = Inbox(b.database, lambda: b.now), FakeChat(), itertools.count()

        async def pressed(who: Person = ANNA, press: str = "again:x", once: bool = True, **values: str) -> bool:
            talk = FakeTalk(chat, "lobby", who.id)
            made = Pressed("fake", f"p{next(events)}", who, LOBBY, talk, press, values)
            return await inbox.pressed(made, once=once) is not None

        first = await pressed()
        b.now += DOUBLE_PRESS_S - 0.1
        double = await pressed()
        others = [
            await pressed(BERT),
            await pressed(press="again:y"),
            await pressed(prompt="other words"),
            await pressed(once=False),
        ]
        b.now += 0.2
        late = await pressed()
        b.now -= 1
        put_back = await pressed()

        assert (first, double, others, late, put_back) == (True, False, [True] * 4, True, False)


async def test_a_history_of_before_gives_no_number_that_an_answer_still_has(tmp_path: Path) -> None:
    # given a database as it was before numbers were remembered, with what was heard forgotten since
    with closing(sqlite3.connect(tmp_path / "h.sqlite", isolation_level=None)) as old:
        scripts = "".join(f"BEGIN; {script}; COMMIT;" for script in MIGRATIONS[2:5])
        old.create_function("own_words", 2, lambda *_: "", deterministic=True)
        old.executescript("".join(f"BEGIN; {script}; COMMIT;" for script in MIGRATIONS[:2]) + scripts)
        old.execute("PRAGMA user_version = 5")
        old.execute("INSERT INTO deliveries (key, kind, talk, begun_at) VALUES ('r41', 'answer', 't', 1.0)")

    database = await Database.open(tmp_path / "h.sqlite")
    talk = FakeTalk(FakeChat(), "lobby", "anna")
    received = await Inbox(database).heard(Heard("fake", "e1", ANNA, LOBBY, talk, "/help", None))
    await database.close()

    assert received is not None
    assert received.number == 42


async def test_deleting_a_person_takes_everything_below_along(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await _with_pictures(b, tmp_path / "p", "A1")
        await b.put("B", "B1")

        await b.database.write("DELETE FROM people WHERE key = 'A'")

        for table, left in (("jobs", 1), ("pictures", 0), ("own_words", 1)):
            row = await b.database.one(f"SELECT COUNT(*) FROM {table}")  # noqa: S608  # the three names above
            assert row is not None
            assert row[0] == left


async def test_over_the_disk_budget_the_oldest_grids_lose_their_pictures_first(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        for prompt in ("one", "two", "three"):
            await r.hear(ANNA, f"/grid {prompt} blocks:1")
            await r.settled()
        sizes = [job.bytes for job in await r.jobs()]
        upkeep = Upkeep(r.app.parts)
        r.app.parts.settings.disk_budget_mb = 1
        await r.app.parts.database.write("UPDATE jobs SET bytes = 400000")

        await upkeep.fit_budget()

        jobs = await r.jobs()
        assert all(sizes)
        assert [job.pruned for job in jobs] == [True, False, False]
        assert await r.app.parts.pictures.load(jobs[0].id) == {}
        assert await r.app.parts.jobs.plan(jobs[0]) is not None


async def test_pictures_past_their_retention_go_and_the_grid_can_be_painted_again(tmp_path: Path) -> None:
    async with rig(tmp_path, retention_days=30) as r:
        await r.hear(ANNA, "/grid a cat blocks:1 seed:5")
        await r.settled()
        r.now += 31 * 86_400
        await Upkeep(r.app.parts).prune()
        (job,) = await r.jobs()

        await r.hear(ANNA, f"/show {job.id}")
        await r.settled()
        shown = r.chat.posts()[-1].message
        await r.press(ANNA, shown.buttons[0].press)
        await r.settled()

        assert job.pruned
        assert "were removed to make room" in shown.text
        assert [row.order.seed for row in await r.jobs()] == [5, 5]


async def test_a_start_prunes_and_sweeps_and_forgets_what_no_platform_delivers_again(tmp_path: Path) -> None:
    async with rig(tmp_path, retention_days=10) as r:
        await r.hear(ANNA, "/grid a cat blocks:1", event="e1")
        await r.settled()
        leftover = tmp_path / "pictures" / "leftover"
        leftover.mkdir()
        await r.app._upkeep.prune()
        known, swept = await r.app.parts.inbox.seen("fake", "e1"), not leftover.exists()

        await r.kill()
        r.now += 31 * 86_400
        await r.start()
        await r.until("SELECT COUNT(*) FROM jobs WHERE pruned")

        assert known
        assert swept
        assert not await r.app.parts.inbox.seen("fake", "e1")


async def test_a_servers_own_retention_goes_before_the_operators_whose_0_is_for_ever(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        rows = PreferenceRows(b.database)
        await rows.set("server", "x:week", "retention_days", 7)
        await rows.set("person", "x:none", "retention_days", 1)
        for server in ("x:week", "x:none", None):
            await _with_pictures(b, tmp_path / "p", f"{server}", server=server)
            await b.end(f"{server}")
        await b.put("A", "failed", server="x:week")
        await b.end("failed")
        pictures, _ = await _with_pictures(b, tmp_path / "p", "waits", server="x:week")
        ended = b.now

        async def past(days_later: float, days: int) -> list[str | None]:
            return [job.prompt for job in await pictures.past_retention(ended + days_later * 86_400, days)]

        assert await past(1.1, 1) == ["x:none", "None"]
        assert await past(7, 30) == []
        assert await past(7.1, 30) == ["x:week"]
        assert await past(30.1, 30) == ["x:week", "x:none", "None"]
        assert await past(1000, 0) == ["x:week"]


async def test_over_the_disk_budget_what_is_not_ended_or_has_no_pictures_is_not_the_oldest(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        pictures, _ = await _with_pictures(b, tmp_path / "p", "waits")
        for prompt in ("first", "second", "third"):
            await _with_pictures(b, tmp_path / "p", prompt)
            await b.end(prompt)
        first, *_ = await pictures.oldest(1)
        await pictures.prune(first)

        assert first.prompt == "first"
        assert [job.prompt for job in await pictures.oldest(10)] == ["second", "third"]
        assert await pictures.used() == 600


async def test_the_first_pictures_of_a_grid_that_is_painted_are_no_leftovers(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        waits, ended = await b.put("A", "waits"), await b.put("A", "ended")
        assert waits
        assert ended
        await b.end("ended")
        for job in (waits, ended):
            (tmp_path / "p" / job.id).mkdir(parents=True)

        await Pictures(b.database, tmp_path / "p").sweep()

        assert [path.name for path in (tmp_path / "p").iterdir()] == [waits.id]


@pytest.mark.parametrize(("strangers", "left"), [(3, 0), (10, 0), (11, 11)])
async def test_a_history_that_knows_hardly_any_of_the_pictures_deletes_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, strangers: int, left: int
) -> None:
    # given an older copy of the history, or an empty one in its place
    async with bench(tmp_path) as b:
        await _with_pictures(b, tmp_path / "p", "A1")
        for number in range(strangers):
            (tmp_path / "p" / f"stranger{number}").mkdir()

        await Pictures(b.database, tmp_path / "p").sweep()

        assert len(list((tmp_path / "p").glob("stranger*"))) == left
        assert len(list((tmp_path / "p").iterdir())) == left + 1
        assert ("does not know" in caplog.text) == bool(left)


async def test_what_one_prefers_is_nobody_elses_and_taken_back_alone(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        rows = PreferenceRows(b.database)
        for scope, owner, name, value in (
            ("person", "1", "approach", 1),
            ("person", "1", "approach", 2),
            ("person", "1", "blocks", 3),
            ("person", "2", "approach", 3),
            ("server", "1", "approach", 3),
        ):
            await rows.set(scope, owner, name, value)
        before = await rows.of_person(1)

        await rows.set("person", "1", "approach", None)

        assert before == Preferences(approach=2, blocks=3)
        assert await rows.of_person(1) == Preferences(blocks=3)
        assert await rows.of_person(2) == await rows.of_server("1") == Preferences(approach=3)
        assert await rows.of_server(None) == await rows.of_server("2") == Preferences()


async def test_what_was_proposed_is_there_for_this_person_and_kind_for_a_week(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        rows = Proposals(b.database, lambda: b.now)
        anna, bert = [await b.people.row(Person("x", name, name)) for name in ("anna", "bert")]
        grid = MakeGrid(prompt="a cat", seed=5)
        mine = await rows.propose(anna, grid, 64)

        await rows.withdraw(mine, bert)
        b.now += PROPOSED_DAYS * DAY_S

        assert await rows.find(mine, anna, MakeGrid) == (grid, 64)
        assert await rows.find(mine, bert, MakeGrid) is None
        assert await rows.find(mine, anna, TrainStyle) is None
        await rows.propose(bert, grid)
        assert await rows.find(mine, anna, MakeGrid) == (grid, 64)
        b.now += 1
        assert await rows.find(mine, anna, MakeGrid) is None
        kept = await rows.propose(anna, grid)
        assert (await b.database.read("SELECT COUNT(*) FROM proposals"))[0][0] == 2
        await rows.withdraw(kept, anna)
        assert await rows.find(kept, anna, MakeGrid) is None


async def test_a_database_that_somebody_else_keeps_locked_is_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench(tmp_path) as b, AsyncExitStack() as locked:
        await b.database._writer.execute_fetchall("PRAGMA busy_timeout = 0")
        other = locked.enter_context(closing(sqlite3.connect(tmp_path / "h.sqlite", isolation_level=None)))
        other.execute("BEGIN IMMEDIATE")

        writing = asyncio.create_task(
            until_kept(lambda: b.database.write("INSERT INTO people (platform, key, name) VALUES ('fake', 'a', 'A')"))
        )
        async with asyncio.timeout(10):
            while "locked" not in caplog.text:  # noqa: ASYNC110  # a log has no event to wait for
                await asyncio.sleep(0)
        other.execute("ROLLBACK")
        await writing

        assert await b.database.one("SELECT 1 FROM people WHERE key = 'a'")


@pytest.mark.parametrize("when", ["BEGIN IMMEDIATE", "INSERT INTO preferences", "COMMIT"])
async def test_a_cancel_at_any_moment_of_a_transaction_is_a_cancel_and_leaves_none_open(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as b:
        execute = b.database._writer.execute_fetchall

        async def write() -> None:
            async with b.database.transaction() as rows:
                await rows.write("INSERT INTO preferences (scope, owner, name, value) VALUES ('person', 'a', 'b', 'c')")

        async def interrupted(sql: str, values: Any = ()) -> Iterable[Any]:
            if sql.startswith(when):
                asyncio.get_running_loop().call_soon(writing.cancel)
            return await execute(sql, values)

        monkeypatch.setattr(b.database._writer, "execute_fetchall", interrupted)
        writing = asyncio.create_task(write())
        (ended,) = await asyncio.gather(writing, return_exceptions=True)
        monkeypatch.undo()

        assert isinstance(ended, asyncio.CancelledError)
        assert not b.database._writer.in_transaction
        async with b.database.transaction() as rows:
            await rows.write("DELETE FROM preferences")


async def test_a_persons_data_is_theirs_to_take_and_to_remove(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        for person in (ANNA, BERT):
            await r.hear(person, "/grid a cat blocks:1")
        await r.settled()
        await r.hear(ANNA, "/mydata delete")
        await r.settled()
        asked = len(await r.jobs())

        await r.press(ANNA, "mydata:delete")
        await r.settled()

        assert asked == 2
        assert [job.person for job in await r.jobs()] == [2]
        assert await r.count("SELECT COUNT(*) FROM people WHERE key = 'anna'") == 0
        assert await r.count("SELECT COUNT(*) FROM received WHERE person = 1 OR body IS NOT NULL") == 0
        assert await r.count("SELECT COUNT(*) FROM preferences") == 0
        assert len(list(r.settings.pictures_dir.iterdir())) == 1


async def test_pictures_that_are_removed_while_somebody_looks_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as b:
        pictures, job = await _with_pictures(b, tmp_path / "p", "A1")
        listed = Path.glob

        def late(folder: Path, pattern: str) -> list[Path]:
            paths = list(listed(folder, pattern))
            (folder / "A1.png").unlink()
            return paths

        monkeypatch.setattr(Path, "glob", late)
        assert await pictures.have(job) == {"B2": Judged(score=0.5)}
        (tmp_path / "p" / job.id / "A1.png").touch()
        assert sorted(await pictures.load(job.id)) == ["B2"]
