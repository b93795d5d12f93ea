"""Pictures that are made smaller while others are still painted: the same sheet, sooner, and nothing of them stays."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from bot import grid_sheet, prints
from bot.chat import Limits
from bot.prints import TELLING, Prints, Shrinking
from tests.bot_rig import rig
from tests.fake_talk import ANNA
from tests.test_delivery import FOOTER, a_plan, blurred

PLAN = a_plan(192)
FILES = {cell.cell: blurred(cell.cell) for cell in PLAN.cells}


def shrinking(small_images: dict[str, Image.Image], limit: int) -> Shrinking:
    return Shrinking(small_images, len(FILES), partial(grid_sheet.expected_cell_px, PLAN, Limits(limit)))


@pytest.mark.parametrize("limit", [200_000, 600_000, 1_000_000, 2_000_000, 20_000_000])
async def test_the_sheet_is_the_same_and_its_size_is_known_from_the_first_pictures(limit: int) -> None:
    small_images: dict[str, Image.Image] = {}
    ahead = shrinking(small_images, limit)
    for cell, data in FILES.items():
        ahead.add({cell: data})

    plain = await grid_sheet.fit(PLAN, Prints(FILES), FOOTER, {}, Limits(limit), 0)
    sooner = await grid_sheet.fit(PLAN, Prints(FILES, small_images), FOOTER, {}, Limits(limit), 0)

    assert sooner == plain
    assert {image.width for image in small_images.values()} == {
        grid_sheet.rungs(PLAN, Limits(limit))[plain.rung].cell_px
    }
    assert small_images.keys() == FILES.keys()


def test_a_few_pictures_wait_until_there_are_enough_to_tell_how_small() -> None:
    small_images: dict[str, Image.Image] = {}
    ahead, cells = shrinking(small_images, 600_000), list(FILES)

    ahead.add({cell: FILES[cell] for cell in cells[: TELLING - 1]})
    assert small_images == {}
    ahead.add({cells[TELLING]: FILES[cells[TELLING]]})

    assert len(small_images) == TELLING


async def test_what_lies_ready_in_another_size_is_made_anew() -> None:
    wrong = {cell: Image.new("RGB", (100, 100), "red") for cell in FILES}

    plain = await grid_sheet.fit(PLAN, Prints(FILES), FOOTER, {}, Limits(600_000), 0)

    assert await grid_sheet.fit(PLAN, Prints(FILES, wrong), FOOTER, {}, Limits(600_000), 0) == plain


async def test_what_lies_ready_in_the_size_that_is_expected_is_not_weighed_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small_images: dict[str, Image.Image] = {}
    shrinking(small_images, 600_000).add(FILES)
    weighed = []
    monkeypatch.setattr("bot.ladder.encode", lambda strip, *_, **__: weighed.append(strip.width) or b"")

    made = await grid_sheet.fit(PLAN, Prints(FILES, small_images), FOOTER, {}, Limits(600_000), 0)

    (width,) = {image.width for image in small_images.values()}
    assert grid_sheet.rungs(PLAN, Limits(600_000))[made.rung].cell_px == width
    assert width not in weighed


def test_no_more_lies_ready_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prints, "MOST_BYTES", 10 * 4 * 192**2)
    small_images: dict[str, Image.Image] = {}
    ahead = shrinking(small_images, 20_000_000)

    for cell, data in FILES.items():
        ahead.add({cell: data})

    assert list(small_images) == list(FILES)[:10]


async def test_pictures_lie_ready_while_others_are_painted_and_are_gone_with_the_sheet(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=33)
        await r.hear(ANNA, "/grid a red cat")
        await r.engine.reached.wait()
        await r.until("SELECT COUNT(*) >= 16 FROM pictures")
        (job,) = await r.jobs()
        async with asyncio.timeout(20):
            while len(r.app.parts.small_images[job.id]) < TELLING:  # noqa: ASYNC110 - a thread gives no event
                await asyncio.sleep(0.01)
        r.engine.go_on.set()
        await r.settled()

        assert len(r.chat.posts()) == 1
        assert r.app.parts.small_images == {}


async def test_a_platform_that_does_not_say_how_large_a_sheet_may_be_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.watch.LIMITS_S", 0.01)
    async with rig(tmp_path) as r:
        r.chat.stops["limits ahead"] = asyncio.Event()
        await r.hear(ANNA, "/grid a red cat")
        await r.settled()

        assert len(r.chat.posts()) == 1
