"""What a destination can take, and once and only once."""

import asyncio
import io
import itertools
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot import grid_sheet
from bot.chat import Attempt, Limits, Message
from bot.deliveries import Deliveries
from bot.delivery import Delivery
from bot.errors import PlatformAway, TooLarge
from bot.ladder import MOST_PIXELS
from bot.largest import post_largest
from bot.prints import Prints
from engine.contract import sheet
from engine.contract.grid import Plan
from engine.contract.orders import Job, MakeGrid
from engine.contract.sheet import Footer
from tests.bot_rig import rig
from tests.fake_engine import picture_of, plan_of
from tests.fake_talk import ANNA, FakeChat, FakeTalk
from tests.test_queue import bench

FOOTER = Footer("a cat", ("k3x9tq2m7d",))


def noisy(size: int) -> bytes:
    """A picture that no compression makes small."""
    out = io.BytesIO()
    Image.effect_noise((size, size), 100).convert("RGB").save(out, "PNG")
    return out.getvalue()


def a_plan(size: int, blocks: int = 4) -> Plan:
    plan = plan_of(Job(id="k3x9tq2m7d", work=MakeGrid(prompt="a cat", blocks=blocks)))
    return plan.model_copy(update={"recipe": plan.recipe.model_copy(update={"size": size})})


def test_the_ladder_falls_from_large_png_to_small_jpeg() -> None:
    steps = grid_sheet.rungs(a_plan(512), Limits(10_000_000))
    png = [rung.cell_px for rung in steps if rung.form == "PNG"]
    jpeg = [rung.cell_px for rung in steps if rung.form == "JPEG"]

    assert png == [512, 384, 256, 192, 128]
    assert jpeg[0] == 512
    assert jpeg[-1] == 48
    assert [rung.form for rung in steps] == ["PNG"] * len(png) + ["JPEG"] * len(jpeg)


def test_a_format_that_is_not_taken_is_on_no_rung() -> None:
    assert {rung.form for rung in grid_sheet.rungs(a_plan(512), Limits(1, ("JPEG",)))} == {"JPEG"}


def test_the_largest_grid_stays_under_what_decoders_take() -> None:
    best = grid_sheet.rungs(a_plan(512, blocks=8), Limits(10**9))[0]

    assert (best.cell_px * 16) ** 2 < MOST_PIXELS


@pytest.mark.parametrize("limit", [20_000_000, 4_000_000, 600_000, 200_000])
async def test_the_sheet_fits_whatever_the_limit_is(limit: int) -> None:
    plan = a_plan(256, blocks=2)
    pictures = {cell.cell: noisy(256) for cell in plan.cells}

    made = await grid_sheet.fit(plan, Prints(pictures), FOOTER, {"id": "k3x9tq2m7d"}, Limits(limit), 0)

    assert len(made.data) <= limit
    with Image.open(io.BytesIO(made.data)) as image:
        assert image.format == made.form
    assert all(0 <= left < left + width <= 1 for left, _, width, _ in made.boxes.values())


async def test_a_larger_limit_never_gives_a_smaller_rung() -> None:
    plan = a_plan(128, blocks=1)
    pictures = {cell.cell: noisy(128) for cell in plan.cells}
    limits = (15_000, 30_000, 60_000, 120_000, 10_000_000)

    chosen = [(await grid_sheet.fit(plan, Prints(pictures), FOOTER, {}, Limits(limit), 0)).rung for limit in limits]

    assert chosen == sorted(chosen, reverse=True)


def blurred(cell: str, size: int = 192) -> bytes:
    """As heavy as a photo, one more than the other."""
    out, detail = io.BytesIO(), 8 + zlib.crc32(cell.encode()) % 120
    Image.effect_noise((detail, detail), 100).resize((size, size)).convert("RGB").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["alike", "photos", "a few heavy ones"])
async def test_the_largest_rung_that_fits_is_made_and_hardly_any_in_vain(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, made = a_plan(192), list[int]()
    heavy = {"alike": lambda _: True, "photos": lambda _: False, "a few heavy ones": lambda cell: cell in {"A1", "C4"}}
    pictures = {cell.cell: noisy(192) if heavy[kind](cell.cell) else blurred(cell.cell) for cell in plan.cells}
    lay_out = sheet.lay_out
    weights = []
    for rung in grid_sheet.rungs(plan, Limits(1)):
        image = lay_out(plan, pictures, cell_px=rung.cell_px, footer=FOOTER)
        weights.append(len(sheet.encode(image, rung.form, {}, quality=rung.quality)))

    def noted(*given: Any, **named: Any) -> Image.Image:
        made.append(named["cell_px"])
        return lay_out(*given, **named)

    monkeypatch.setattr(sheet, "lay_out", noted)
    for limit in (weights[0], weights[0] - 1, weights[1], weights[2], weights[2] // 2, weights[-1]):
        made.clear()
        found = await grid_sheet.fit(plan, Prints(pictures), FOOTER, {}, Limits(limit), 0)

        assert found.rung == next(number for number, weight in enumerate(weights) if weight <= limit)
        assert len(made) <= 3


async def test_where_no_sheet_fits_that_is_said() -> None:
    plan = a_plan(64, blocks=1)

    with pytest.raises(TooLarge, match="100 bytes"):
        await grid_sheet.fit(plan, Prints({}), FOOTER, {}, Limits(100), 0)


class Full(FakeTalk):
    """A destination for which everything is too large."""

    async def post(self, message: Message, attempt: Attempt) -> str:
        raise TooLarge("This is too large.")


async def test_each_rung_is_tried_from_the_best_on_and_nothing_after_the_message_without_a_sheet() -> None:
    tried: list[int] = []

    async def make(_limits: Limits, rung: int) -> tuple[Message, int]:
        assert len(tried) < 3
        tried.append(rung)
        return Message("the sheet"), rung if rung < 2 else -1

    async def note(_: str) -> None:
        raise AssertionError("Nothing was uploaded.")

    with pytest.raises(TooLarge):
        await post_largest(Full(FakeChat(), "lobby", "anna"), make, Attempt("key", note))

    assert tried == [0, 1, 2]


async def test_a_sheet_that_is_refused_after_all_comes_smaller(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.noise = True
        r.chat.really_takes = 100_000
        await r.hear(ANNA, "/grid a cat blocks:2")
        await r.settled()

        (sheet,) = r.chat.posts()
        assert len(sheet.message.pictures[0].data) <= 100_000
        assert sheet.message.pictures[0].name.endswith(".jpg")


async def test_where_no_sheet_is_taken_the_cells_can_still_be_opened(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.chat.file_bytes = 600
        await r.hear(ANNA, "/grid a cat blocks:1")
        await r.settled()

        (sheet,) = r.chat.posts()
        assert sheet.message.pictures == ()
        assert "You can still open each cell" in sheet.message.text
        assert sheet.message.menu is not None
        await r.press(ANNA, f"{sheet.message.menu.press}:{sheet.message.menu.choices[0][1]}")
        await r.settled()
        (job,) = await r.jobs()
        assert r.chat.whispers[-1][1].pictures[0].data == picture_of(job.id, "A1")


async def test_no_prompt_is_in_a_file_name(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, "/grid ../../secret plans blocks:1")
        await r.settled()

        assert "secret" not in r.chat.posts()[0].message.pictures[0].name


_keys = itertools.count()
FAULTS = st.lists(st.sampled_from(["away before", "lost after", "fine"]), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(FAULTS)
async def test_whatever_the_platform_does_a_message_is_posted_once(tmp_path: Path, faults: list[str]) -> None:
    async with bench(tmp_path) as b:
        chat, left, waits = FakeChat(), list(faults), []

        async def no_sleep(seconds: float) -> None:
            waits.append(seconds)

        async def send(attempt: Attempt) -> str:
            fault = left.pop(0) if left else "fine"
            if fault == "away before":
                raise PlatformAway("away")
            if fault == "lost after":
                chat.lost_answers["post"] = 1
            return await talk.post(Message("the sheet"), attempt)

        talk = FakeTalk(chat, "lobby", "anna")
        delivery = Delivery(Deliveries(b.database), no_sleep)
        key = f"{next(_keys)}-post"
        message = await delivery.answer(talk, key, None, None, send)
        again = await delivery.answer(talk, key, None, None, send)

        assert [posted.id for posted in chat.posts()] == [message]
        assert again == message
        assert waits == sorted(waits)


async def test_what_an_attempt_noted_is_there_for_the_next_one(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        noted: list[str | None] = []

        async def send(attempt: Attempt) -> str:
            noted.append(attempt.noted)
            await attempt.note("file:F1")
            if len(noted) == 1:
                raise PlatformAway("cut")
            return "m1"

        async def no_sleep(_: float) -> None:
            await asyncio.sleep(0)

        talk = FakeTalk(FakeChat(), "lobby", "anna")
        await Delivery(Deliveries(b.database), no_sleep).answer(talk, "key", None, None, send)

        assert noted == [None, "file:F1"]


async def begun(rows: Deliveries, kind: str, job: int, server: str | None = None) -> str | None:
    """The key of an attempt that may be made."""
    key = f"{job}-{kind}"
    row = await rows.begin(key, kind=kind, job=job, talk="asked", server=server)
    return row.key if row else None


async def test_a_post_ends_its_own_job_and_leaves_it_the_talk_as_it_has_become(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        rows = Deliveries(b.database)
        jobs = [job for name in "ABC" if (job := await b.put(name, name))]
        await b.database.write("UPDATE jobs SET state = 'made' WHERE prompt <> 'C'")

        unposted = await begun(rows, "post", jobs[1].number)

        for kind in ("say", "answer", "post"):
            await rows.posted(await begun(rows, kind, jobs[0].number) or "", f"m-{kind}", f"at {kind}")

        found = [await b.jobs.find(job.id) for job in jobs]
        assert [(job.state, job.talk, bool(job.ended_at)) for job in found if job] == [
            ("delivered", "at post", True),
            ("made", "{}", False),
            ("waiting", "{}", False),
        ]
        assert [row.message for row in await rows.of_job(jobs[0].number)] == ["m-say", "m-answer", "m-post"]
        assert unposted
        assert await rows.of_job(jobs[1].number) == []
        again = await rows.begin(unposted, kind="post", job=jobs[1].number, talk="asked", server=None)
        assert again
        assert (again.tries, again.message) == (2, None)


async def test_nothing_is_posted_for_a_job_that_is_not_made_any_more_though_another_is(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        rows = Deliveries(b.database)
        made, cancelled = await b.put("A", "made"), await b.put("A", "cancelled")
        assert made
        assert cancelled
        await b.database.write("UPDATE jobs SET state = 'made'")
        await b.jobs.cancelled(cancelled.id)

        assert await begun(rows, "post", cancelled.number) is None
        assert await begun(rows, "post", made.number)
        assert await begun(rows, "answer", cancelled.number)


async def test_a_grid_is_seen_only_in_the_server_where_its_pictures_were_really_posted(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        rows = Deliveries(b.database)
        mine, other = await b.put("A", "mine"), await b.put("A", "other")
        assert mine
        assert other
        await b.database.write("UPDATE jobs SET state = 'made'")
        await rows.posted(await begun(rows, "say", mine.number, "x:s") or "", "m1", "t")
        await rows.posted(await begun(rows, "post", other.number, "x:s") or "", "m2", "t")

        attempt = await begun(rows, "post", mine.number, "x:s")
        before = await rows.seen_in(mine.number, "x:s")
        await rows.posted(attempt or "", "m3", "t")

        assert not before
        assert await rows.seen_in(mine.number, "x:s")
        assert not await rows.seen_in(mine.number, "x:another")


@pytest.mark.parametrize("private", [False, True])
async def test_a_posted_grid_is_seen_in_its_server_unless_it_is_private(tmp_path: Path, *, private: bool) -> None:
    async with bench(tmp_path) as b:
        job = await b.put("A", "mine", server="x:s")
        assert job
        await b.database.write("UPDATE jobs SET state = 'made'")
        rows, talk = Deliveries(b.database), FakeTalk(FakeChat(), "lobby", "anna")

        await Delivery(rows).post(talk, replace(job, private=private), partial(talk.post, Message("the sheet")))

        assert await rows.seen_in(job.number, "x:s") is not private
