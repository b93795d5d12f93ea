"""Stories through the core: from words to a posted sheet, also when the bot or the engine is killed on the way."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from types import AsyncGeneratorType
from typing import cast

import pytest

from bot.chat import Person, Place
from bot.jobs import ENDED
from engine.contract.errors import BadRequest, EngineAway
from engine.contract.events import Event, JobFailed
from engine.contract.orders import Job
from tests.bot_rig import Rig, rig
from tests.fake_talk import ANNA, BERT, CARA, LOBBY, MODERATOR, heard
from tests.gates import ChatGate, Gate

CAT = "/grid prompt:a cat wearing neon-glasses blocks:2"


async def test_a_grid_goes_from_words_to_a_posted_sheet(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, CAT)
        await r.settled()

        (sheet,) = r.chat.posts()
        (job,) = await r.jobs()
        assert job.state == "delivered"
        assert "a cat wearing neon-glasses" in sheet.message.text
        assert "Score 0.250" in sheet.message.text
        assert sheet.message.pictures[0].data.startswith(b"\x89PNG")
        assert sheet.message.pictures[0].name == f"tessera-{job.id}.png"
        assert "a cat wearing neon-glasses" in sheet.message.pictures[0].alt
        assert sheet.message.grid is not None
        assert set(sheet.message.grid["boxes"]) == {cell["cell"] for cell in sheet.message.grid["cells"]}


async def test_the_row_is_committed_before_the_acknowledgement(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.chat.stops["acknowledge"] = asyncio.Event()
        hearing = asyncio.create_task(r.app.hear(heard(r.chat, ANNA, CAT)))
        await r.chat.stops["acknowledge"].wait()

        assert await r.count("SELECT COUNT(*) FROM received WHERE body IS NOT NULL") == 1
        hearing.cancel()


async def test_progress_that_comes_before_the_jobs_own_message_is_there_is_shown_in_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        gate = ChatGate(r.chat, "say")
        r.engine.hold(after=2)
        await r.hear(ANNA, CAT)
        await gate.reached.wait()
        await r.engine.reached.wait()
        await r.until("SELECT COUNT(*) FROM plans")
        gate.open()

        await r.chat.until(lambda: any("Painting" in said.message.text for said in r.chat.said()))


async def test_progress_is_edited_into_the_jobs_own_message(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=12)
        await r.hear(ANNA, CAT)
        await r.engine.reached.wait()

        await r.chat.until(lambda: r.chat.said() and r.chat.said()[0].message.progress is not None)

        assert "Painting:" in r.chat.said()[0].message.text
        assert r.chat.said()[0].message.eta is not None


# Where the bot is killed: a call of the platform that is held, or the events after which the engine is held.
STAGES: dict[str, str | int] = {
    "received": "acknowledge",
    "acknowledged": "can_post",
    "waiting": "say",
    "said but not recorded": "said",
    "lent": 0,
    "planned": 1,
    "asked how large a sheet may be": "limits ahead",
    "painting": 8,
    "saved": 33,
    "made": "limits",
    "uploading": "post",
    "uploaded": "uploaded",
    "posted but not recorded": "posted",
}


async def _killed_at(r: Rig, stage: str) -> None:
    held = STAGES[stage]
    if isinstance(held, str):
        r.chat.stops[held] = asyncio.Event()
    else:
        r.engine.hold(after=held)
    hearing = asyncio.create_task(r.app.hear(heard(r.chat, ANNA, CAT, event="once")))
    await (r.chat.stops[held] if isinstance(held, str) else r.engine.reached).wait()
    if isinstance(held, int):
        # The engine has told that much; the bot has kept it as soon as its rows say so.
        await r.until("SELECT COUNT(*) >= :n FROM pictures", n=max(held - 1, 0) // 2)
    await r.kill()
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    r.chat.stops.clear()


@pytest.mark.parametrize("both", [False, True], ids=["the engine goes on", "the engine is killed too"])
@pytest.mark.parametrize("stage", STAGES)
async def test_a_bot_killed_at_any_stage_delivers_the_grid_once(tmp_path: Path, stage: str, both: bool) -> None:
    async with rig(tmp_path) as r:
        await _killed_at(r, stage)
        if both:
            await r.engine.die()
        r.engine.go_on.set()

        await r.start()
        await r.hear(ANNA, CAT, event="once")
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert len(r.chat.posts()) == 1
        (own,) = r.chat.said()
        assert "Score 0.250" in own.message.text


@pytest.mark.parametrize("in_own", [False, True], ids=["beside the job's message", "in the job's message"])
async def test_a_bot_killed_between_a_sheet_and_its_last_word_says_it_later(tmp_path: Path, *, in_own: bool) -> None:
    async with rig(tmp_path) as r:
        r.chat.sheets_in_own = in_own
        last_word = Gate(r.app.teller, "end")
        await r.hear(ANNA, CAT)
        await last_word.reached.wait()
        await r.kill()

        await r.start()
        await r.settled()

        assert await r.count("SELECT told FROM jobs WHERE state = 'delivered'")
        (sheet,) = r.chat.posts()
        assert sheet.message.pictures
        assert [own.message.text.splitlines()[-1][:11] for own in r.chat.said()] == ([] if in_own else ["Score 0.250"])


async def test_a_grid_whose_plan_is_lost_is_told_so(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=3)
        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.engine.reached.wait()
        await r.until("SELECT COUNT(*) FROM plans")
        await r.app.parts.database.write("DELETE FROM plans")
        r.engine.go_on.set()
        await r.settled()

        (job,) = await r.jobs()
        (said,) = r.chat.said()
        assert (job.state, job.reason) == ("failed", "not_delivered")
        assert "This job's plan is lost" in said.message.text
        assert r.chat.posts() == []


@pytest.mark.parametrize("stage", ["painting", "saved", "made", "uploading", "uploaded", "posted but not recorded"])
async def test_pictures_that_are_kept_are_not_painted_again(tmp_path: Path, stage: str) -> None:
    async with rig(tmp_path) as r:
        await _killed_at(r, stage)
        # A picture counts as kept from its row on; a file alone may be half of a story.
        with sqlite3.connect(r.settings.history_file) as rows:
            kept = {cell for (cell,) in rows.execute("SELECT cell FROM pictures")}
        rows.close()
        await r.engine.die()
        r.engine.go_on.set()

        await r.start()
        await r.settled()

        (job,) = await r.jobs()
        assert kept
        assert {r.engine.painted[job.id, cell] for cell in kept} == {1}


async def test_a_stream_whose_pictures_cannot_be_had_is_closed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path) as r:
        opened: list[AsyncGeneratorType[Event, None]] = []
        run = r.engine.run

        def noted(job: Job) -> AsyncGeneratorType[Event, None]:
            opened.append(cast("AsyncGeneratorType[Event, None]", run(job)))
            return opened[-1]

        monkeypatch.setattr(r.engine, "run", noted)
        r.engine.damage = 10**6
        await r.hear(ANNA, CAT)
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["failed"]
        assert [stream.ag_frame for stream in opened] == [None]


async def test_a_message_that_shows_late_is_not_posted_twice(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.chat.lost_answers["post"] = 1
        r.chat.shows_after = 3
        await r.hear(ANNA, CAT)
        await r.settled()

        assert len(r.chat.posts()) == 1


async def test_a_redelivered_event_makes_no_second_job(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, CAT, event="same")
        await r.hear(ANNA, CAT, event="same")
        await r.settled()

        assert len(await r.jobs()) == 1
        assert len(r.chat.posts()) == 1


async def test_an_event_redelivered_a_hundred_times_at_once_makes_one_job(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await asyncio.gather(*(r.hear(ANNA, CAT, event="same") for _ in range(100)))
        await r.settled()

        assert len(await r.jobs()) == 1


async def test_a_double_press_makes_one_job_and_says_so(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, CAT)
        await r.settled()
        (first,) = await r.jobs()

        await asyncio.gather(*(r.press(ANNA, f"again:{first.id}") for _ in range(3)))
        await r.settled()

        assert len(await r.jobs()) == 2
        assert sum("pressed that a moment ago" in text for text in r.chat.whispered()) == 2


@pytest.mark.parametrize("later", [60, -3600])
async def test_a_later_press_of_the_same_button_is_a_new_job_also_where_the_clock_was_put_back(
    tmp_path: Path, later: float
) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, CAT)
        await r.settled()
        (first,) = await r.jobs()

        await r.press(ANNA, f"again:{first.id}")
        r.now += later
        await r.press(ANNA, f"again:{first.id}")
        await r.settled()

        assert [job.parent for job in await r.jobs()] == [None, first.id, first.id]


async def test_an_engine_that_dies_is_forgiven_and_only_missing_cells_are_painted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=9)
        await r.hear(ANNA, CAT)
        await r.engine.reached.wait()
        await r.chat.until(r.chat.said)
        await r.engine.die()
        r.engine.go_on.set()
        await r.settled()

        (job,) = await r.jobs()
        assert job.state == "delivered"
        assert job.deaths == 1
        assert max(r.engine.painted.values()) <= 2


async def test_a_job_that_kills_the_engine_twice_alone_is_ended_and_its_neighbours_are_not(tmp_path: Path) -> None:
    async with rig(tmp_path, wave=1000) as r:
        r.engine.deadly.add("a bomb")
        r.engine.hold(after=1)
        for person, prompt in ((ANNA, "a cat"), (BERT, "a bomb"), (CARA, "a dog")):
            await r.hear(person, f"/grid {prompt} blocks:1")
        await r.until("SELECT COUNT(*) = 3 FROM jobs WHERE state = 'lent'")
        await r.until("SELECT COUNT(*) = 3 FROM plans")
        r.engine.go_on.set()
        await r.settled()

        ends = {job.prompt: (job.state, job.reason) for job in await r.jobs()}
        assert ends == {"a cat": ("delivered", None), "a bomb": ("failed", "engine_away"), "a dog": ("delivered", None)}
        bomb = next(said.message for said in r.chat.said() if "a bomb" in said.message.text)
        assert "stopped twice while this grid was its only job" in bomb.text
        assert bomb.buttons[0].press.startswith("again:")


async def test_an_engine_that_is_away_for_a_while_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine_client.LOOK_S", 0.01)
    async with rig(tmp_path) as r:
        await r.engine.die(restart=False)
        await r.hear(ANNA, CAT)
        await r.chat.until(r.chat.said)

        r.engine.start_again()
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]


async def test_a_picture_that_arrives_damaged_is_fetched_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.damage = 2
        await r.hear(ANNA, CAT)
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]


async def test_an_engine_that_was_replaced_between_an_event_and_its_picture_loses_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        fetch, replaced = r.engine.picture, asyncio.Event()

        async def picture(job: str, cell: str) -> bytes:
            if cell == "B1" and not replaced.is_set():
                replaced.set()
                await r.engine.die()
                raise BadRequest(f"There is no job {job}.")
            return await fetch(job, cell)

        r.engine.picture = picture  # type: ignore[method-assign]
        await r.hear(ANNA, CAT)
        await r.settled()

        assert replaced.is_set()
        assert [job.state for job in await r.jobs()] == ["delivered"]


async def test_an_engine_that_breaks_off_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.watch.WAITS", (0.0,) * 3)
    async with rig(tmp_path) as r:

        async def never(job: str, cell: str) -> bytes:
            raise EngineAway("cut")

        r.engine.picture = never  # type: ignore[method-assign]
        await r.hear(ANNA, CAT)
        await r.settled()

        (job,) = await r.jobs()
        assert (job.state, job.reason) == ("failed", "engine_away")
        assert "again and again" in r.chat.said()[0].message.text


async def test_what_the_engine_refuses_is_told_in_its_own_words(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.failing["a cat"] = JobFailed(reason="no_style", detail="There is no style “x”. Did you mean y?")
        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.settled()

        said = r.chat.said()[0].message
        assert "There is no style “x”. Did you mean y?" in said.text
        assert said.buttons[0].press.startswith("again:")
        assert r.chat.posts() == []


async def test_a_platform_that_is_away_at_every_call_gets_everything_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.WAITS", (0.0,) * 9)
    monkeypatch.setattr("bot.teller.WAITS", (0.0,) * 9)
    async with rig(tmp_path) as r:
        r.chat.away.update({"say": 1, "post": 1, "limits": 1, "find_posted": 1, "update": 2})
        await r.hear(ANNA, CAT)
        await r.settled()

        assert len(r.chat.posts()) == 1
        assert "Score" in r.chat.said()[0].message.text


async def test_nothing_is_painted_where_the_answer_cannot_be_posted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.chat.missing_right = "I may not attach files here; give me the right Attach Files."
        await r.hear(ANNA, CAT)
        await r.settled()

        assert r.chat.whispered() == [r.chat.missing_right]
        assert await r.jobs() == []


async def test_rights_that_vanish_meanwhile_end_in_a_private_word_and_a_grid_in_the_history(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=5)
        await r.hear(ANNA, CAT)
        await r.engine.reached.wait()
        r.chat.no_rights = True
        r.engine.go_on.set()
        await r.settled()

        (job,) = await r.jobs()
        assert (job.state, job.reason) == ("failed", "not_delivered")
        assert "attach files" in r.chat.whispered()[-1]
        assert f"/show {job.id}" in r.chat.whispered()[-1]


@pytest.mark.parametrize("stage", ["waiting", "painting", "posting"])
async def test_a_cancel_ends_a_grid_wherever_it_is(tmp_path: Path, stage: str) -> None:
    async with rig(tmp_path) as r:
        if stage == "posting":
            r.chat.stops["posted"] = asyncio.Event()
        else:
            r.engine.hold(after=5)
        await r.hear(BERT, "/grid another picture blocks:1")
        if stage != "posting":
            await r.engine.reached.wait()
        if stage == "waiting":
            await r.hear(ANNA, CAT)
            await r.idle()
        else:
            await r.chat.until(lambda: stage == "painting" or r.chat.posts())
        mine = (await r.jobs())[-1]

        await r.press(ANNA if stage == "waiting" else BERT, f"cancel:{mine.id}")
        await r.chat.until(lambda: any("is cancelled" in text for text in r.chat.whispered()))
        row = (await r.jobs())[-1]

        assert row.state == "cancelled"
        assert row.ended


@pytest.mark.parametrize("in_own", [False, True])
async def test_a_sheet_that_was_cancelled_while_it_was_posted_is_taken_back(tmp_path: Path, *, in_own: bool) -> None:
    """On Discord a sheet is put into the job's own message where there can be no thread."""
    async with rig(tmp_path) as r:
        r.chat.sheets_in_own = in_own
        r.chat.stops["posted"] = asyncio.Event()
        await r.hear(ANNA, CAT)
        await r.chat.stops["posted"].wait()
        (job,) = await r.jobs()
        await r.press(ANNA, f"cancel:{job.id}")
        await r.idle()
        await r.kill()
        r.chat.stops.clear()

        await r.start()
        await r.settled()

        (shown,) = r.chat.messages.values()
        assert (await r.jobs())[0].state == "cancelled"
        assert "Cancelled" in shown.message.text
        assert not shown.message.pictures


async def test_only_the_person_or_a_moderator_may_cancel(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=5)
        await r.hear(ANNA, CAT)
        await r.engine.reached.wait()
        (job,) = await r.jobs()

        await r.press(BERT, f"cancel:{job.id}")
        await r.idle()
        alive = (await r.jobs())[0].state
        await r.press(MODERATOR, f"cancel:{job.id}")
        await r.idle()

        assert alive == "lent"
        assert (await r.jobs())[0].state == "cancelled"


async def test_a_withheld_picture_is_neither_fetched_nor_shown_but_told(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, "/grid a nude blocks:1")
        await r.settled()

        (sheet,) = r.chat.posts()
        assert "1 picture is withheld: judged unsafe" in sheet.message.text
        assert sorted(await r.app.parts.pictures.load((await r.jobs())[0].id)) == ["A2", "B1", "B2"]


async def test_people_are_served_in_turn(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=0)
        for person, prompt in ((ANNA, "A1"), (ANNA, "A2"), (ANNA, "A3"), (BERT, "B1"), (CARA, "C1")):
            await r.hear(person, f"/grid {prompt} blocks:2")
            await r.idle()
        r.engine.go_on.set()
        await r.settled()

        prompts = {job.id: job.prompt for job in await r.jobs()}
        assert [prompts[job] for job in r.engine.order] == ["A1", "B1", "C1", "A2", "A3"]


async def test_two_hundred_people_at_once_are_all_served_once_and_in_turn(tmp_path: Path) -> None:
    async with rig(tmp_path, waiting_per_server=1000) as r:
        people = [replace(ANNA, id=f"p{n}", name=f"P{n}") for n in range(200)]

        async def ask(person: Person, number: int) -> None:
            await r.hear(person, f"/grid picture {number} blocks:1")

        r.engine.hold(after=0)
        greedy = [(person, number) for person in people[:40] for number in (1, 2)]
        await asyncio.gather(*(ask(*one) for one in [*greedy, *((person, 1) for person in people[40:])]))
        await r.idle()
        r.engine.go_on.set()
        await r.settled(90)

        jobs = {job.id: job for job in await r.jobs()}
        assert len(r.chat.posts()) == len(jobs) == 240
        assert all(job.state == "delivered" for job in jobs.values())
        # Fair within one job: a second grid comes after everybody's first, but for those lent before the others asked.
        assert len({jobs[job].person for job in r.engine.order[:200]}) >= 199


async def test_an_unknown_failure_shows_its_mark_and_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(tmp_path) as r:

        async def broken(*_: object, **__: object) -> None:
            raise RuntimeError("a secret detail")

        monkeypatch.setattr(r.app.line, "places", broken)
        await r.hear(ANNA, "/queue")
        await r.settled()

        assert "a secret detail" not in r.chat.whispered()[-1]
        assert "`r1`" in r.chat.whispered()[-1]
        assert "a command failed" in caplog.text


async def test_a_graceful_stop_keeps_what_waits(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=3)
        await r.hear(ANNA, CAT)
        await r.hear(BERT, CAT)
        await r.engine.reached.wait()
        await r.idle()

        await r.app.stop(0.01)
        states = [job.state for job in await r.jobs()]
        await r.app.parts.database.close()
        r.engine.go_on.set()
        await r.start()
        await r.settled()

        assert states == ["lent", "waiting"]
        assert [job.state for job in await r.jobs()] == ["delivered", "delivered"]


async def test_a_job_of_a_platform_that_is_gone_is_kept_and_ends_nothing_else(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, CAT, place=Place(None, "dm", private=True))
        await r.settled()

        (job,) = await r.jobs()
        assert job.state in ENDED
        assert job.server is None
        assert LOBBY.server == "guild"
