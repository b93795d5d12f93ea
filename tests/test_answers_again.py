"""Answers that did not arrive are given again, and mean the same when they are worked out again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract.events import Event
from engine.contract.orders import Job
from tests.bot_rig import rig
from tests.fake_talk import ANNA


@pytest.mark.parametrize("text", ["/queue", "/grid prompt:a cat bloks:2"])
async def test_a_private_answer_that_met_a_platform_that_is_away_arrives_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr("bot.answering.WAITS", (0.0,) * 9)
    async with rig(tmp_path) as r:
        r.chat.away["whisper"] = 3
        await r.hear(ANNA, text)
        await r.settled()

        assert len(r.chat.whispers) == 1
        assert "away" not in r.chat.whispered()[0]


async def test_a_grid_is_ordered_although_the_platform_did_not_say_at_first_whether_it_may_be_posted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answering.WAITS", (0.0,) * 9)
    async with rig(tmp_path) as r:
        r.chat.away["can_post"] = 2
        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.settled()

        assert len(r.chat.posts()) == 1
        assert r.chat.whispers == []


@pytest.mark.parametrize("text", ["/cancel", "@tessera cancel", "tessera: cancel", "<@U1> cancel"])
async def test_a_cancel_that_is_answered_again_after_a_kill_takes_back_no_second_grid(
    tmp_path: Path, text: str
) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1)
        for _ in range(2):
            await r.hear(ANNA, "/grid a cat blocks:1")
        await r.idle()
        stopped = r.chat.stops["whisper"] = asyncio.Event()
        await r.hear(ANNA, text)
        await stopped.wait()
        await r.kill()
        r.chat.stops.clear()
        await r.start()
        await r.idle()
        r.engine.go_on.set()
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered", "cancelled"]
        assert "is cancelled" in r.chat.whispered()[-1]


async def test_who_followed_a_job_before_it_was_lent_again_follows_it_no_more(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1)
        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.engine.reached.wait()
        (job,) = await r.jobs()
        before = replace(job, lent_at=(job.lent_at or 0) - 1)

        assert await r.app.watch._still_there(job, blame=False)
        assert not await r.app.watch._still_there(before, blame=False)
        assert (await r.jobs())[0].state == "lent"


async def test_who_followed_a_job_before_it_was_lent_again_does_not_deliver_it_either(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        stopped = r.chat.stops["post"] = asyncio.Event()
        await r.hear(ANNA, "/grid a cat blocks:1")
        await stopped.wait()
        (job,) = await r.jobs()

        await r.app.watch.follow(replace(job, lent_at=(job.lent_at or 0) - 1))

        assert job.state == "made"
        assert r.chat.calls["post"] == 1


async def test_a_grid_that_is_cancelled_just_before_the_engine_gets_it_is_not_painted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        run = r.engine.run

        async def late(job: Job) -> AsyncIterator[Event]:
            await r.hear(ANNA, "/cancel")
            await r.until("SELECT COUNT(*) FROM jobs WHERE state = 'cancelled' AND told = 1")
            r.engine.hold(after=3)
            async for event in run(job):
                yield event

        r.engine.run = late  # type: ignore[method-assign]
        await r.hear(ANNA, "/grid a cat blocks:2")
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["cancelled"]
        assert r.engine.alive == {}


async def test_the_engine_keeps_nothing_of_a_grid_that_was_cancelled(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=2)
        await r.hear(ANNA, "/grid a cat blocks:2")
        await r.engine.reached.wait()
        await r.hear(ANNA, "/cancel")
        await r.idle()
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["cancelled"]
        assert r.engine.alive == {}
