"""What two people, or one with two hands, do at once ends as if they had done it one after the other."""

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from bot import texts
from tests.bot_rig import Rig, rig
from tests.fake_talk import ANNA, BERT, MODERATOR
from tests.gates import ChatGate, Gate

GRID = "/grid a red cat blocks:1"


class Watched(asyncio.Lock):
    def __init__(self) -> None:
        super().__init__()
        self.waited_for = asyncio.Event()

    async def acquire(self) -> Literal[True]:
        if self.locked():
            self.waited_for.set()
        return await super().acquire()


def remembered(r: Rig) -> int:
    """Entries of the bot's memory about jobs."""
    teller = r.app.teller
    memory = (teller._message_ids, teller._locks, teller._unshown_messages, r.app.parts._talks)
    return sum(len(part) for part in memory)


async def shown_while_deleted(r: Rig) -> ChatGate:
    """Anna's grid is shown by Bert while its sheet is being deleted, which goes on when the gate is opened."""
    await r.hear(ANNA, GRID)
    await r.settled()
    (job,) = await r.jobs()
    gate = ChatGate(r.chat, "delete")
    await r.press(ANNA, f"delete:{job.id}:yes")
    await gate.reached.wait()
    await r.hear(BERT, f"/show {job.id}")
    await r.until("SELECT COUNT(*) FROM deliveries WHERE kind = 'answer' AND message IS NOT NULL")
    return gate


async def test_a_grid_that_somebody_shows_while_it_is_deleted_is_shown_nowhere_then(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        gate = await shown_while_deleted(r)
        gate.open()
        await r.settled()

        assert r.chat.posts() == []


async def test_a_copy_that_cannot_be_deleted_is_told(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        gate = await shown_while_deleted(r)
        late = Gate(r.app.parts.jobs, "emptied")
        gate.open()
        await late.reached.wait()
        r.chat.away["delete"] = 1
        late.open()
        await r.settled()

        assert "could not be deleted" in r.chat.whispered()[-1]
        assert "` is deleted." in r.chat.whispered()[-1]


async def test_what_is_ordered_while_everything_is_deleted_is_cancelled_with_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, GRID)
        await r.settled()
        r.engine.hold(5)

        gate = Gate(r.app.parts.pictures, "drop")
        await r.press(ANNA, "mydata:delete")
        await gate.reached.wait()
        await r.hear(ANNA, "/grid an owl blocks:1")
        await r.engine.reached.wait()
        gate.open()
        await r.settled()

        assert texts.CANCELLED in r.chat.said()[1].message.text
        assert await r.jobs() == []
        assert r.chat.whispered() == ["Done: 2 grids with all pictures, your settings and your name were deleted."]


@pytest.mark.parametrize("press", ["cancel:{}", "mydata:delete"])
async def test_of_a_grid_that_ends_before_it_is_announced_nothing_stays_in_memory(tmp_path: Path, press: str) -> None:
    async with rig(tmp_path) as r:
        gate = Gate(r.app.line, "places")
        await r.hear(ANNA, GRID)
        await gate.reached.wait()
        (job,) = await r.jobs()
        await r.press(ANNA, press.format(job.id))
        await r.until("SELECT COUNT(*) = 0 FROM jobs WHERE ended_at IS NULL OR told = 0")
        gate.open()
        await r.settled()

        assert texts.CANCELLED in r.chat.said()[0].message.text
        assert remembered(r) == 0


async def test_two_names_that_change_at_once_are_changed_one_after_the_other(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.cards["ink"] = {"name": "ink", "summary": "WikiArt"}
        for style in ("sketch", "ink"):
            await r.press(MODERATOR, f"adopt:{style}")
        await r.settled()
        rename, renamed, go_on = r.engine.rename_style, asyncio.Event(), asyncio.Event()
        lock = r.app.parts.naming = Watched()

        async def held(name: str, to: str) -> None:
            await rename(name, to)
            if name == "ink":
                renamed.set()
                await go_on.wait()

        r.engine.rename_style = held  # type: ignore[method-assign]
        await r.press(MODERATOR, "rename:ink", values={"name": "chalk"})
        await renamed.wait()
        await r.press(MODERATOR, "rename:sketch", values={"name": "ink"})
        await lock.waited_for.wait()
        go_on.set()
        await r.settled()

        (row,) = await r.app.parts.database.read("SELECT value FROM preferences WHERE name = 'styles'")
        assert row["value"] == '["chalk", "ink"]'
