"""What is deleted is gone, whatever was under way with it: a sheet being posted, pictures being kept, a kill."""

import io
import zipfile
from pathlib import Path

import pytest

from bot import export, teller, texts
from bot.chat import Person, Place
from bot.errors import NoRights
from tests.bot_rig import Rig, rig
from tests.fake_talk import ANNA, BERT, CARA, MODERATOR, FakeTalk
from tests.gates import ChatGate, Gate

ALONE = Place(None, "dm", private=True)
DAY_S = 86_400.0


def kept(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "pictures").rglob("*.png"))


async def grid(r: Rig, person: Person = ANNA, words: str = "/grid a red cat blocks:1") -> str:
    """A finished grid's id."""
    await r.hear(person, words)
    await r.settled()
    return (await r.jobs())[-1].id


async def cancelled_while_away(r: Rig) -> None:
    """A cancelled grid whose last word could not be said."""
    r.engine.hold(5)
    await r.hear(ANNA, "/grid a cat blocks:2")
    await r.engine.reached.wait()
    await r.chat.until(lambda: any("Painting" in said.message.text for said in r.chat.said()))
    r.chat.away["update"] = 2
    await r.press(ANNA, f"cancel:{(await r.jobs())[0].id}")
    await r.idle()
    assert texts.CANCELLED not in r.chat.said()[0].message.text


async def deleted_while_posted(r: Rig, call: str) -> ChatGate:
    """A grid was deleted while its sheet is posted: the chat is held at this call."""
    gate = ChatGate(r.chat, call)
    await r.hear(ANNA, "/grid a red cat blocks:1")
    await gate.reached.wait()
    await r.press(ANNA, f"delete:{(await r.jobs())[0].id}:yes")
    await r.idle()
    return gate


async def test_a_grid_that_is_deleted_while_its_sheet_is_posted_leaves_no_sheet(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        gate = await deleted_while_posted(r, "post")
        gate.open()
        await r.settled()

        assert r.chat.posts() == []
        assert r.chat.said()[0].message.text == texts.DELETED


async def test_a_kill_after_a_grid_was_deleted_while_its_sheet_is_posted_leaves_no_sheet(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await deleted_while_posted(r, "posted")
        await r.kill()
        await r.start()
        await r.settled()

        assert r.chat.posts() == []
        assert r.chat.said()[0].message.text == texts.DELETED


async def test_everything_deleted_while_a_sheet_is_posted_leaves_no_sheet(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        gate = ChatGate(r.chat, "post")
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await gate.reached.wait()
        await r.press(ANNA, "mydata:delete")
        await r.idle()
        gate.open()
        await r.settled()

        assert r.chat.posts() == []
        assert await r.jobs() == []


@pytest.mark.parametrize(
    ("part", "call", "text"),
    [("queue", "put", "/grid a red cat"), ("proposals", "propose", "/compare a red cat weights:0,1")],
)
async def test_what_is_asked_for_while_everything_is_deleted_is_answered_with_why_nothing_came_of_it(
    tmp_path: Path, part: str, call: str, text: str
) -> None:
    async with rig(tmp_path) as r:
        gate = Gate(getattr(r.app.parts, part), call)
        await r.hear(ANNA, text)
        await gate.reached.wait()
        await r.press(ANNA, "mydata:delete")
        await r.until("SELECT COUNT(*) = 0 FROM people")
        gate.open()
        await r.settled()

        assert r.chat.whispered()[-1] == texts.FORGOTTEN
        assert await r.jobs() == []


async def test_everything_deleted_while_a_grid_is_painted_says_that_it_is_cancelled(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(5)
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await r.engine.reached.wait()
        await r.press(ANNA, "mydata:delete")
        await r.idle()

        assert texts.CANCELLED in r.chat.said()[0].message.text


async def test_everything_deleted_just_before_the_engine_has_the_grid_leaves_nothing_in_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        gate = Gate(r.app.parts.pictures, "have")
        await r.hear(ANNA, "/grid a cat blocks:2")
        await gate.reached.wait()
        await r.press(ANNA, "mydata:delete")
        await r.idle()
        gate.open()
        await r.settled()

        assert r.engine.alive == {}
        assert kept(tmp_path) == []


async def test_a_deleted_grid_takes_the_cells_with_it_that_were_shown_openly(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        await r.hear(BERT, f"/cell {job} A1")
        await r.settled()
        assert len(r.chat.posts()) == 2

        await r.press(ANNA, f"delete:{job}:yes")
        await r.settled()

        assert r.chat.posts() == []


async def test_a_deleted_grid_takes_with_it_what_was_said_openly_of_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1)
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await r.engine.reached.wait()
        job = (await r.jobs())[0].id
        await r.hear(ANNA, f"/show {job}")
        await r.idle()
        assert "a red cat" in r.chat.posts()[0].message.text

        await r.press(ANNA, f"delete:{job}:yes")
        await r.idle()

        assert r.chat.posts() == []


async def test_a_cell_that_is_shown_openly_opens_nothing_else_of_a_private_grid(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, "/grid a red cat blocks:1", place=ALONE)
        await r.settled()
        job = (await r.jobs())[0].id
        await r.hear(ANNA, f"/cell {job} A1")
        await r.hear(BERT, f"/show {job}")
        await r.settled()

        assert len(r.chat.posts("lobby")) == 1
        assert "that you may see" in r.chat.whispered()[-1]


async def test_a_delete_while_the_platform_is_away_for_a_moment_still_takes_the_sheet(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        r.chat.away["delete"] = 1
        await r.press(ANNA, f"delete:{job}:yes")
        await r.settled()

        assert r.chat.posts() == []
        assert r.chat.whispered()[-1] == f"`{job}` is deleted."


async def test_a_sheet_that_the_platform_does_not_let_go_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)

        async def refused(_self: FakeTalk, _message: str) -> None:
            raise NoRights("I may not delete messages here.")

        monkeypatch.setattr(FakeTalk, "delete", refused)
        await r.press(ANNA, f"delete:{job}:yes")
        await r.settled()

        assert r.chat.whispered()[-1] == (
            f"`{job}` is deleted.\nA message that shows it could not be deleted: I may not delete messages here."
        )


async def test_a_cancelled_sheet_is_taken_back_also_where_the_platform_is_away_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.courier.WAITS", (0.0, 0.0))
    async with rig(tmp_path) as r:
        gate = ChatGate(r.chat, "posted")
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await gate.reached.wait()
        await r.press(ANNA, f"cancel:{(await r.jobs())[0].id}")
        await r.idle()
        r.chat.away["delete"] = 1
        gate.open()
        await r.settled()

        assert r.chat.posts() == []
        assert texts.CANCELLED in r.chat.said()[0].message.text


async def test_a_grid_that_is_deleted_while_somebody_shows_it_is_not_shown(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        gate = ChatGate(r.chat, "post")
        await r.hear(BERT, f"/show {job}")
        await gate.reached.wait()
        await r.press(ANNA, f"delete:{job}:yes")
        await r.until("SELECT COUNT(*) FROM jobs WHERE state = 'deleted'")
        gate.open()
        await r.settled()

        assert r.chat.posts() == []
        assert any(f"There is no grid “{job}”" in text for text in r.chat.whispered())


@pytest.mark.parametrize("press", ["delete:{}:yes", "mydata:delete"])
async def test_pictures_on_their_way_are_not_kept_once_all_is_deleted(tmp_path: Path, press: str) -> None:
    async with rig(tmp_path) as r:
        gate = Gate(r.engine, "picture")
        r.engine.hold(6)
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await gate.reached.wait()
        await r.engine.reached.wait()
        await r.press(ANNA, press.format((await r.jobs())[0].id))
        await r.idle()
        gate.open()
        await r.settled()

        assert kept(tmp_path) == []
        assert await r.count("SELECT COUNT(*) FROM pictures") == 0


async def test_a_kill_between_the_row_and_the_files_of_a_pruning_leaves_no_file_for_ever(tmp_path: Path) -> None:
    async with rig(tmp_path, retention_days=1) as r:
        await grid(r)
        r.now += 2 * DAY_S
        Gate(r.app.parts.pictures, "drop")
        r.app.spawn(r.app._upkeep.prune())
        await r.until("SELECT COUNT(*) FROM jobs WHERE pruned")
        await r.kill()
        assert kept(tmp_path) != []
        await r.start()
        await r.app._upkeep.prune()

        assert kept(tmp_path) == []


async def test_a_kill_in_a_delete_ends_in_a_delete(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        gate = Gate(r.app.parts.jobs, "emptied")
        await r.press(ANNA, f"delete:{job}:yes")
        await gate.reached.wait()
        await r.kill()
        await r.start()
        await r.settled()

        assert r.chat.whispered()[-1] == f"`{job}` is deleted."
        assert kept(tmp_path) == []


async def test_a_cancel_that_is_overtaken_by_a_delete_says_that_it_is_cancelled(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        gate = Gate(r.engine, "cancel")
        r.engine.hold(6)
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await r.engine.reached.wait()
        job = (await r.jobs())[0].id
        await r.press(ANNA, f"cancel:{job}")
        await gate.reached.wait()
        await r.press(ANNA, f"delete:{job}:yes")
        await r.until("SELECT COUNT(*) FROM jobs WHERE state = 'deleted'")
        gate.open()
        await r.settled()

        assert f"`{job}` is cancelled." in r.chat.whispered()
        assert texts.CANCELLED in r.chat.said()[0].message.text


async def test_the_last_word_of_a_job_comes_when_the_platform_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teller, "WAITS", (0.0,))
    async with rig(tmp_path) as r:
        await cancelled_while_away(r)
        await r.kill()
        await r.start()
        await r.settled()

        assert texts.CANCELLED in r.chat.said()[0].message.text


async def test_the_last_word_of_a_job_comes_without_a_restart_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teller, "WAITS", (0.0,))
    monkeypatch.setattr("bot.lender.UNTOLD_S", 0.01)
    async with rig(tmp_path) as r:
        await cancelled_while_away(r)
        r.now += 1.0
        await r.settled()

        assert texts.CANCELLED in r.chat.said()[0].message.text


async def test_after_a_quiet_month_every_open_answer_is_posted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r)
        await r.hear(BERT, f"/show {job}")
        await r.settled()
        r.now += 31 * DAY_S
        await r.app._upkeep.prune()
        for person in (BERT, CARA, ANNA):
            await r.hear(person, f"/show {job}")
            await r.settled()

        assert len(r.chat.posts()) == 1 + 1 + 3


async def test_a_newcomer_never_gets_the_number_of_somebody_who_deleted_everything(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await grid(r)
        before = await r.count("SELECT MAX(id) FROM people"), await r.count("SELECT MAX(number) FROM jobs")
        await r.press(ANNA, "mydata:delete")
        await r.settled()
        await grid(r, BERT)
        after = await r.count("SELECT MAX(id) FROM people"), await r.count("SELECT MAX(number) FROM jobs")

        assert after > before
        assert after[0] != before[0]


async def test_nothing_of_a_person_stays_in_the_rows_of_answers(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, BERT)
        await r.hear(ANNA, f"/show {job}")
        await r.hear(ANNA, f"/cell {job} A1")
        await r.settled()
        await r.press(ANNA, "mydata:delete")
        await r.settled()
        assert await r.count("SELECT COUNT(*) FROM deliveries WHERE talk LIKE '%anna%'") == 0

        await r.press(BERT, f"delete:{job}:yes")
        await r.settled()
        assert r.chat.whispered()[-1] == f"`{job}` is deleted."


async def test_the_very_same_grid_wears_the_style_it_wore_also_where_another_was_adopted_since(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        job = await grid(r, ANNA, "/grid a red cat approach:2 blocks:1")
        await r.press(MODERATOR, "adopt:sketch")
        await r.press(ANNA, f"again:{job}:same")
        await r.settled()
        first, second = await r.jobs()

        assert await r.app.parts.jobs.plan(first) == await r.app.parts.jobs.plan(second)


async def test_a_platform_that_was_away_does_not_make_the_engine_look_slow(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        gate = ChatGate(r.chat, "post")
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await gate.reached.wait()
        r.now += 3 * 3600
        gate.open()
        await r.settled()

        assert await r.app.line.pace() < 1.0


async def test_an_export_has_every_grid_also_when_one_is_deleted_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    async with rig(tmp_path) as r:
        made = [await grid(r, ANNA, f"/grid cat {number} blocks:1") for number in range(4)]
        gate = ChatGate(r.chat, "whisper")
        r.chat.file_bytes = 9000
        await r.hear(ANNA, "/mydata export")
        await gate.reached.wait()
        await r.press(ANNA, f"delete:{made[-1]}:yes")
        await r.until("SELECT COUNT(*) FROM jobs WHERE state = 'deleted'")
        gate.open()
        await r.settled()
        parts = [zipfile.ZipFile(io.BytesIO(file.data)) for _, message in r.chat.whispers for file in message.files]

    found = {name.split("/")[0] for part in parts for name in part.namelist() if "/" in name}
    assert set(made[:-1]) <= found


async def test_an_export_has_the_style_that_a_person_adopted_for_themselves(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.press(MODERATOR, "adopt:sketch", place=ALONE)
        await r.settled()
        await r.hear(MODERATOR, "/mydata export")
        await r.settled()
        data = r.chat.whispers[-1][1].files[0].data

    assert "sketch" in zipfile.ZipFile(io.BytesIO(data)).read("me.json").decode()


async def test_who_cancels_or_deletes_twice_reads_the_same_twice(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(5)
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await r.engine.reached.wait()
        job = (await r.jobs())[0].id

        for press in (f"cancel:{job}", f"cancel:{job}", f"delete:{job}:yes", f"delete:{job}:yes"):
            await r.press(ANNA, press)
            await r.settled()
        await r.press(BERT, f"delete:{job}:yes")
        await r.settled()

        assert r.chat.whispered()[:4] == [f"`{job}` is cancelled."] * 2 + [f"`{job}` is deleted."] * 2
        assert "There is no grid" in r.chat.whispered()[4]


async def test_a_grid_that_has_ended_cannot_be_cancelled(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await r.settled()

        await r.press(ANNA, f"cancel:{(await r.jobs())[0].id}")
        await r.settled()

        assert "has already ended" in r.chat.whispered()[0]


async def test_a_press_that_comes_again_does_not_bring_back_who_had_everything_deleted(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, "/grid a red cat blocks:1")
        await r.settled()

        for _ in range(2):
            await r.press(ANNA, "mydata:delete", event="the same")
            await r.settled()

        assert await r.count("SELECT COUNT(*) FROM people") == 0
        assert len(r.chat.whispers) == 1
