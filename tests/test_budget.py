"""Edits of one platform: running jobs first, the newest state wins, nothing in the way of a delivery."""

import asyncio

import pytest

from bot.budget import AWAY_S, RUNNING_GAP_S, WAITING_GAP_S, Edits
from bot.errors import Gone, PlatformAway


class Desk:
    """Edits with a clock that only moves when it is told to."""

    def __init__(self, per_minute: float = 6000) -> None:
        self.now = 100.0
        self.shown: list[str] = []
        self.edits = Edits(per_minute, lambda: self.now)

    def offer(self, job: str, state: str, *, running: bool = True) -> None:
        async def edit() -> None:
            self.shown.append(state)

        self.edits.offer(job, edit, running=running)

    async def work(self) -> None:
        """Show everything that is due at this moment."""
        while True:
            job, _ = self.edits.next(self.now)
            if job is None:
                return
            await self.edits._show(job)


async def test_the_newest_state_wins() -> None:
    desk = Desk()
    for state in ("1", "2", "3"):
        desk.offer("a", state)

    await desk.work()

    assert desk.shown == ["3"]


async def test_running_jobs_go_before_waiting_ones() -> None:
    desk = Desk(per_minute=60)
    desk.offer("w", "waiting", running=False)
    desk.offer("r", "running")

    await desk.work()
    first = list(desk.shown)
    desk.now += 1.0
    await desk.work()

    assert first == ["running"]
    assert desk.shown == ["running", "waiting"]


@pytest.mark.parametrize(("running", "gap"), [(True, RUNNING_GAP_S), (False, WAITING_GAP_S)])
async def test_one_message_is_not_edited_more_often_than_one_can_read(running: bool, gap: float) -> None:
    desk = Desk()
    desk.offer("a", "1", running=running)
    await desk.work()
    desk.offer("a", "2", running=running)

    desk.now += gap / 2
    await desk.work()
    early = list(desk.shown)
    _, wait = desk.edits.next(desk.now)
    desk.now += gap / 2
    await desk.work()

    assert early == ["1"]
    assert wait == pytest.approx(gap / 2)
    assert desk.shown == ["1", "2"]
    assert desk.edits.count == 2


async def test_what_may_be_shown_soonest_is_waited_for() -> None:
    desk = Desk()
    for job, running in (("r", True), ("w", False)):
        desk.offer(job, "1", running=running)
        await desk.work()
        desk.now += 0.75
        desk.offer(job, "2", running=running)

    assert desk.edits.next(desk.now) == (None, pytest.approx(RUNNING_GAP_S - 1.5))


async def test_while_a_platform_is_away_nothing_is_edited_on_it_for_a_while() -> None:
    desk = Desk()

    async def failing() -> None:
        raise PlatformAway("away")

    desk.edits.offer("a", failing, running=True)
    await desk.work()
    desk.offer("b", "of another job")
    await desk.work()
    away = list(desk.shown)
    _, wait = desk.edits.next(desk.now)
    desk.now += AWAY_S
    await desk.work()

    assert (away, wait) == ([], AWAY_S)
    assert desk.shown == ["of another job"]
    assert desk.edits.count == 1


async def test_the_budget_of_a_minute_holds_for_all_jobs_together() -> None:
    desk = Desk(per_minute=50)
    end = desk.now + 60
    while desk.now < end:
        for job in range(200):
            desk.offer(f"j{job}", "state")
        await desk.work()
        desk.now += 0.1

    assert 45 <= len(desk.shown) <= 50


async def test_everybody_running_is_shown_before_anybody_twice() -> None:
    desk = Desk(per_minute=60)
    shown: list[str] = []
    for _ in range(10):
        for job in "abcde":
            desk.offer(job, job)
        await desk.work()
        desk.now += 1.0

    shown = desk.shown

    assert sorted(shown[:5]) == list("abcde")
    assert sorted(shown[5:]) == list("abcde")


async def test_hold_drops_what_waits_and_waits_for_what_is_in_flight() -> None:
    desk = Desk()
    begun, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await finish.wait()
        desk.shown.append("in flight")

    desk.edits.offer("a", slow, running=True)
    working = asyncio.create_task(desk.edits.run())
    await begun.wait()
    desk.offer("a", "too late")
    holding = asyncio.create_task(desk.edits.hold("a"))
    await asyncio.sleep(0)
    held_early = holding.done()
    finish.set()
    await holding
    desk.offer("a", "after")
    desk.now += 100
    working.cancel()
    await desk.work()

    assert not held_early
    assert desk.shown == ["in flight"]


async def test_an_edit_that_was_about_to_be_sent_is_not_sent_after_a_hold_and_a_forgotten_job_begins_anew() -> None:
    desk = Desk()
    desk.offer("a", "about to be sent")
    sending = desk.edits._show("a")

    await desk.edits.hold("a")
    await sending
    held = list(desk.shown)
    desk.now += 100
    desk.edits.forget("a")
    desk.offer("a", "anew")
    await desk.work()

    assert held == []
    assert desk.shown == ["anew"]


async def test_a_newer_state_is_shown_as_soon_as_the_edit_before_it_is_through() -> None:
    desk, shown = Desk(), asyncio.Event()
    begun, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await finish.wait()

    async def newer() -> None:
        shown.set()

    working = asyncio.create_task(desk.edits.run())
    desk.edits.offer("a", slow, running=True)
    await begun.wait()
    desk.now += 100
    desk.edits.offer("a", newer, running=True)
    await _turns(10)
    early = shown.is_set()
    finish.set()

    async with asyncio.timeout(5):
        await shown.wait()
    working.cancel()
    assert not early


async def test_an_edit_that_the_platform_holds_back_is_in_nobody_elses_way() -> None:
    desk, edits = Desk(), asyncio.Event()
    begun, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await finish.wait()
        desk.shown.append("slow")

    async def quick() -> None:
        desk.shown.append("quick")
        edits.set()

    working = asyncio.create_task(desk.edits.run())
    desk.edits.offer("a", slow, running=True)
    await begun.wait()
    desk.now += 100
    desk.offer("a", "slow again")
    desk.edits.offer("b", quick, running=False)
    async with asyncio.timeout(5):
        await edits.wait()
    during = list(desk.shown)
    finish.set()
    await desk.edits.hold("a")
    working.cancel()

    assert during == ["quick"]
    assert desk.shown == ["quick", "slow"]


@pytest.mark.parametrize(("error", "again"), [(Gone("gone"), False), (PlatformAway("away"), True)])
async def test_a_message_that_is_gone_is_left_alone_and_one_that_is_away_is_tried_with_the_next_state(
    error: Exception, again: bool
) -> None:
    desk = Desk()

    async def failing() -> None:
        raise error

    desk.edits.offer("a", failing, running=True)
    await desk.work()
    desk.now += 100
    desk.offer("a", "next")
    await desk.work()

    assert desk.shown == (["next"] if again else [])


@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_a_cancel_that_comes_together_with_news_ends_the_edits(turns: int) -> None:
    desk = Desk()
    running = asyncio.create_task(desk.edits.run())
    desk.offer("a", "shown at once")
    await _turns(10)
    desk.offer("a", "not due yet, so its time is waited for")
    await _turns(10)

    desk.offer("a", "news")
    await _turns(turns)
    running.cancel()
    await _turns(10)

    ended = running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert ended


async def _turns(count: int) -> None:
    """Let everything else run so often."""
    for _ in range(count):
        await asyncio.sleep(0)
