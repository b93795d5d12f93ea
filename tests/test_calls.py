"""Who waited long is called when the result is there: that person, once, and nobody else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Message, Person
from tests.bot_rig import Rig, rig
from tests.fake_talk import ANNA, BERT, LOBBY, MODERATOR
from tests.test_app import PRIVATE

GRID = "/grid a cat <@bert> @everyone blocks:1"
PROPOSED = {"comparison": "/compare a cat weights:0,1 styles:sketch seeds:2", "training": "/finetune name:ink"}


async def ordered(r: Rig, seconds: float, person: Person = ANNA, text: str = GRID, **more: Any) -> Message:
    """What was posted for an order that took so many seconds."""
    starts = None
    if not text.startswith("/grid"):
        await r.hear(person, text, **more)
        await r.idle()
        starts = r.chat.whispers[-1][1].buttons[0].press
    r.engine.hold(after=1)
    await (r.press(person, starts, **more) if starts else r.hear(person, text, **more))
    await r.engine.reached.wait()
    r.now += seconds
    r.engine.go_on.set()
    await r.settled()
    return r.chat.posts()[-1].message


async def test_a_grid_that_took_more_than_a_minute_calls_who_ordered_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        late = await ordered(r, 61)
        soon = await ordered(r, 60)
        alone = await ordered(r, 61, place=PRIVATE)

        assert (late.calls, soon.calls, alone.calls) == ("anna", None, None)
        assert "anna" not in late.text
        assert not any(said.message.calls for said in r.chat.said())


@pytest.mark.parametrize("kind", PROPOSED)
async def test_comparisons_and_styles_that_took_long_call_who_started_them(tmp_path: Path, kind: str) -> None:
    async with rig(tmp_path) as r:
        assert (await ordered(r, 61, MODERATOR, PROPOSED[kind])).calls == "mora"


async def test_a_sheet_that_is_shown_again_calls_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await ordered(r, 61)
        await r.hear(BERT, f"/show {(await r.jobs())[0].id}")
        await r.settled()

        assert [posted.message.calls for posted in r.chat.posts()] == ["anna", None]


@pytest.mark.parametrize("stage", ["post", "posted"])
async def test_a_sheet_calls_once_if_the_bot_is_killed_over_it(tmp_path: Path, stage: str) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1)
        await r.hear(ANNA, GRID)
        await r.engine.reached.wait()
        r.now += 61
        r.chat.stops[stage] = asyncio.Event()
        r.engine.go_on.set()
        await r.chat.stops[stage].wait()
        await r.kill()
        r.chat.stops.clear()

        await r.start()
        await r.settled()

        assert [posted.message.calls for posted in r.chat.posts()] == ["anna"]


@pytest.mark.parametrize(
    ("server", "own", "called"), [("", "no", None), ("no", "", None), ("no", "yes", "anna"), ("yes", "no", None)]
)
async def test_a_person_may_rather_not_be_called_and_overrules_the_server(
    tmp_path: Path, server: str, own: str, called: str | None
) -> None:
    async with rig(tmp_path) as r:
        for person, scope, value in ((MODERATOR, "server", server), (ANNA, "me", own)):
            if value:
                await r.hear(person, f"/settings scope:{scope} ping:{value}", place=LOBBY)
                await r.settled()
                assert f"`ping` {value}" in r.chat.whispered()[-1]

        assert (await ordered(r, 61)).calls == called
