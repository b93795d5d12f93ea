"""The web chat's conversation: everything once, in order, and still there after a reload, a cut or a restart."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.web import make
from adapters.web.files import YOUNG_S
from adapters.web.platform import WebPlatform
from adapters.web.talk import WebTalk
from bot.chat import Message, Picture
from bot.errors import BotError, DeliveryError, Gone, PlatformAway
from bot.settings import Settings
from tests.web_core import JOB, Keeper, ScriptedCore, png
from tests.web_site import new_event, served


def platform_at(folder: Path) -> WebPlatform:
    return WebPlatform(folder, host="127.0.0.1", port=0, token=None)


async def talk_at(platform: WebPlatform, person: str = "p") -> WebTalk:
    return WebTalk(platform.conversation, person)


def kept(folder: Path) -> list[str]:
    return sorted(path.name.split("-", 2)[2] for path in (folder / "files").glob("*"))


async def test_a_grid_is_shown_from_the_typed_line_to_the_sheet(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        answer = await visitor.say("/grid a cat")

        typed, said, posted = await visitor.shown()
        assert answer.status_code == 204
        assert (typed["kind"], typed["text"]) == ("typed", "/grid a cat")
        assert (said["kind"], said["text"], said["progress"]) == ("said", "Done: the sheet is below.", 1.0)
        assert (posted["kind"], posted["grid"]["id"]) == ("posted", JOB)
        sheet = await visitor.client.get(f"/{posted['pictures'][0]['url']}")
        assert sheet.headers["content-type"] == "image/png"
        assert f'filename="{JOB}.png"' in sheet.headers["content-disposition"]


async def test_a_line_that_is_sent_twice_is_one_line_and_one_job(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        event = new_event()

        await asyncio.gather(visitor.say("/grid a cat", event), visitor.say("/grid a cat", event))
        await visitor.say("/grid a cat", event)

        assert len(site.core.heard) == 1
        assert [message["kind"] for message in await visitor.shown()] == ["typed", "said", "posted"]


async def test_the_same_event_of_two_people_is_two_lines(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as one, site.visitor() as other:
        event = new_event()
        await one.say("/help", event)
        await other.say("/help", event)

        assert len({heard.event for heard in site.core.heard}) == 2
        assert len({heard.person.id for heard in site.core.heard}) == 2


async def test_progress_comes_while_it_is_made(tmp_path: Path) -> None:
    core = ScriptedCore(gated=True)
    async with served(tmp_path, core) as site, site.visitor() as visitor, visitor.stream() as events:
        assert core.steps
        await anext(events)
        await visitor.say("/grid a cat")
        shares: list[float] = []
        async for _, _, data in events:
            shares += [message["progress"] for message in data["messages"] if message["kind"] == "said"]
            if shares:
                core.steps.release()
            if shares and shares[-1] == 1.0:
                break
        await site.core.answers()

    assert shares == [0.0, 0.25, 0.5, 0.75, 1.0]


async def test_a_page_that_was_cut_off_gets_what_it_missed_and_no_more(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        await visitor.say("first")
        await visitor.say("second")
        async with visitor.stream() as events:
            _, seen, page = await anext(events)
        gone = page["messages"][1]["id"]
        await visitor.say("third")
        await site.platform.conversation.remove(gone)

        async with visitor.stream(seen) as events:
            name, _, data = await anext(events)

    assert name == "changes"
    assert [(message.get("text"), message["deleted"]) for message in data["messages"]] == [
        ("third", False),
        ("third", False),
        (None, True),
    ]


async def test_after_a_restart_the_same_conversation_is_shown(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        await visitor.say("/grid a cat")
        before = await visitor.shown()
        cookies, port = visitor.client.cookies, int(site.address.rpartition(":")[2])

    async with served(tmp_path, port=port) as site, site.visitor() as visitor:
        visitor.client.cookies = cookies
        assert await visitor.shown() == before
        picture = await visitor.client.get(f"/{before[2]['pictures'][0]['url']}")
        assert picture.status_code == 200


async def test_a_page_that_knows_more_than_the_store_starts_anew(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        await visitor.say("hello")

        async with visitor.stream(seen=10**9) as events:
            name, _, data = await anext(events)

    assert name == "page"
    assert len(data["messages"]) == 2


async def test_saying_and_posting_again_with_the_same_key_changes_nothing(tmp_path: Path) -> None:
    platform, keeper, sheet = platform_at(tmp_path), Keeper(), ScriptedCore().sheet()
    talk = await talk_at(platform)

    said = [await talk.say(Message("Waiting"), keeper.delivery("j-say")) for _ in range(2)]
    posted = await asyncio.gather(*(talk.post(sheet, keeper.delivery("j-post")) for _ in range(5)))

    assert len(set(said)) == 1
    assert len(set(posted)) == 1
    assert [shown.kind for shown in await platform.conversation.newest("p", 99)] == ["said", "posted"]
    assert kept(tmp_path) == [f"{JOB}.png"]
    platform.conversation.close()


async def test_what_was_posted_is_found_by_its_key_after_a_restart(tmp_path: Path) -> None:
    first = platform_at(tmp_path)
    posted = await (await talk_at(first)).post(Message("Here"), Keeper().delivery("j-post"))
    first.conversation.close()

    second = platform_at(tmp_path)
    talk = await talk_at(second)

    assert await talk.find_posted("j-post") == posted
    assert await talk.find_posted("k-post") is None
    second.conversation.close()


async def test_what_was_said_before_its_address_was_kept_is_found_and_edited(tmp_path: Path) -> None:
    first = platform_at(tmp_path)
    talk = await talk_at(first)
    before = talk.address
    said = await talk.say(Message("Waiting"), Keeper().delivery("j-say"))
    first.conversation.close()

    second = platform_at(tmp_path)
    talk = await second.reopen(before)
    assert await talk.find_posted("j-say", own=True) == said
    await talk.update(Message("1 of 64"))

    assert [shown.body["text"] for shown in await second.conversation.newest("p", 99)] == ["1 of 64"]
    second.conversation.close()


async def test_a_reopened_talk_edits_the_message_that_was_said_before(tmp_path: Path) -> None:
    first = platform_at(tmp_path)
    talk = await talk_at(first)
    said = await talk.say(Message("Waiting"), Keeper().delivery("j-say"))
    first.conversation.close()

    second = platform_at(tmp_path)
    await (await second.reopen(talk.address)).update(Message("Painting"))

    (shown,) = await second.conversation.newest("p", 99)
    assert (shown.id, shown.body["text"]) == (said, "Painting")
    second.conversation.close()


async def test_an_update_of_what_is_gone_says_so_and_a_second_delete_changes_nothing(tmp_path: Path) -> None:
    platform = platform_at(tmp_path)
    talk = await talk_at(platform)
    with pytest.raises(Gone):
        await talk.update(Message("Too early"))
    said = await talk.say(Message("Waiting", (Picture("a.png", png(), "a"),)), Keeper().delivery("j-say"))

    await talk.delete(said)
    await talk.delete(said)

    with pytest.raises(Gone):
        await talk.update(Message("Too late"))
    assert kept(tmp_path) == []
    platform.conversation.close()


async def test_a_person_cannot_delete_anothers_message(tmp_path: Path) -> None:
    platform = platform_at(tmp_path)
    said = await (await talk_at(platform, "p")).say(Message("Mine"), Keeper().delivery("j-say"))

    await (await talk_at(platform, "q")).delete(said)

    assert len(await platform.conversation.newest("p", 99)) == 1
    platform.conversation.close()


async def test_a_replaced_preview_can_be_loaded_for_a_moment_and_is_then_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.web.conversation.LOADING_S", 0)
    platform = platform_at(tmp_path)
    talk = await talk_at(platform)
    await talk.say(Message("Waiting"), Keeper().delivery("j-say"))

    there = []
    for number in range(4):
        await talk.update(Message("Painting", (Picture(f"{number}.png", png(number + 1), "preview"),)))
        there.append(kept(tmp_path))

    assert there == [["0.png"], ["0.png", "1.png"], ["1.png", "2.png"], ["2.png", "3.png"]]
    platform.conversation.close()


async def test_nobody_sees_what_was_said_to_somebody_else(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as one, site.visitor() as other:
        await one.say("/grid a cat")
        url = (await one.shown())[2]["pictures"][0]["url"]

        assert await other.shown() == []
        assert (await other.client.get("/messages?before=99")).json() == []
        assert (await other.client.get(f"/{url}")).status_code == 404
        assert (await one.client.get(f"/{url}")).status_code == 200


@pytest.mark.parametrize("name", ["../conversation.sqlite3", "..%2Fconversation.sqlite3", "x", "a" * 300])
async def test_only_files_of_the_conversation_are_served(tmp_path: Path, name: str) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        await visitor.say("hello")

        assert (await visitor.client.get(f"/files/{name}")).status_code == 404


@pytest.mark.parametrize("name", ["mydata.zip", "page.html", "drawing.svg", "../../a.html", ".."])
async def test_what_is_no_picture_is_only_ever_downloaded(tmp_path: Path, name: str) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        await visitor.say("hello")
        talk = WebTalk(site.platform.conversation, site.core.heard[0].person.id)
        await talk.whisper(Message("Your data", files=(Picture(name, b"<script>alert(1)</script>", "data"),)))
        whispered = (await visitor.shown())[-1]

        answer = await visitor.client.get(f"/{whispered['files'][0]['url']}")

        assert (whispered["kind"], whispered["pictures"]) == ("whispered", [])
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")


async def test_forgetting_a_person_leaves_nothing_of_theirs_and_all_of_the_others(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as one, site.visitor() as other:
        await one.say("/grid a cat")
        await other.say("hello")

        await site.platform.forget(site.core.heard[0].person.id)

        assert await one.shown() == []
        assert len(await other.shown()) == 2
        assert kept(tmp_path) == []
        # The page that is open hears of it, and what comes afterwards is still seen.
        await one.say("again")
        assert len(await one.shown()) == 2


async def test_earlier_messages_come_in_pages(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        for number in range(25):
            await visitor.say(f"line {number}")
        async with visitor.stream() as events:
            _, _, page = await anext(events)
        first = page["messages"][0]

        earlier = (await visitor.client.get(f"/messages?before={first['seq']}")).json()

    assert (page["earlier"], len(page["messages"]), len(earlier)) == (True, 40, 10)
    assert [earlier[0]["text"], earlier[-1]["seq"] < first["seq"]] == ["line 0", True]


async def test_a_press_carries_its_message_so_that_the_talk_can_edit_it(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor, site.visitor() as other:
        await visitor.say("/grid a cat")
        said = (await visitor.shown())[1]["id"]

        await visitor.press(f"cancel:{JOB}", message=said)
        await other.press(f"cancel:{JOB}", message=said)

        mine, theirs = site.core.pressed
        assert mine.press == f"cancel:{JOB}"
        await mine.talk.update(Message("Cancelled"))
        assert (await visitor.shown())[1]["text"] == "Cancelled"
        with pytest.raises(Gone):
            await theirs.talk.update(Message("Not mine"))


async def test_a_form_stays_until_it_is_sent(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        await visitor.press(f"edit:{JOB}")
        form = (await visitor.shown())[-1]
        assert form["form"]["fields"][0]["value"] == "a cat"

        await visitor.press("edited:1", message=form["id"], values={"prompt": "a dog"})

        assert site.core.pressed[-1].values == {"prompt": "a dog"}
        assert "form" not in [message["kind"] for message in await visitor.shown()]


async def test_a_form_that_is_put_away_is_gone_and_other_messages_cannot_be(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        await visitor.say("hello")
        await visitor.press(f"edit:{JOB}")
        typed, said, form = await visitor.shown()

        for message in (typed, said, form):
            await visitor.client.post("/close", json={"message": message["id"]})

        assert [message["kind"] for message in await visitor.shown()] == ["typed", "said"]


async def test_when_the_core_fails_the_form_stays_and_a_sentence_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: Any) -> None:
        raise RuntimeError("a secret detail")

    async with served(tmp_path) as site, site.visitor() as visitor:
        await visitor.press(f"edit:{JOB}")
        form = (await visitor.shown())[-1]
        monkeypatch.setattr(site.core, "press", fails)

        answer = await visitor.press("edited:1", message=form["id"], values={})

        assert answer.status_code == 500
        assert "went wrong" in answer.json()["error"]
        assert "secret" not in answer.text
        assert (await visitor.shown())[-1]["kind"] == "form"


async def test_values_are_completed_by_the_core(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        query = {"command": "grid", "option": "prompt", "typed": "a d"}
        found = (await visitor.client.get("/complete", params=query)).json()

        assert found == [["a dog at night", "a dog at night"]]
        assert site.core.completed == [("grid", "prompt", "a d")]


async def test_a_cell_is_shown_in_full_size_or_said_to_be_gone(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor:
        there = await visitor.client.get(f"/cells/{JOB}/A1")
        withheld = await visitor.client.get(f"/cells/{JOB}/B2")

    assert (there.status_code, there.headers["content-type"]) == (200, "image/png")
    assert withheld.status_code == 404
    assert "withheld" in withheld.json()["error"]


async def test_stopping_ends_open_streams_at_once(tmp_path: Path) -> None:
    async with served(tmp_path) as site, site.visitor() as visitor, visitor.stream() as events:
        await anext(events)
        site.platform.conversation.feed.close()

        rest = [event async for event in events]

    assert rest == []


async def test_a_sweep_takes_what_a_crash_left_and_nothing_that_is_shown_or_young(tmp_path: Path) -> None:
    platform = platform_at(tmp_path)
    talk = await talk_at(platform)
    await talk.post(Message("Sheet", (Picture("shown.png", png(), "a"),)), Keeper().delivery("j-post"))
    for name in ("left.png", "young.png"):
        (tmp_path / "files" / f"{'0' * 20}-{'0' * 16}-{name}").write_bytes(png())
    for path in (tmp_path / "files").iterdir():
        if not path.name.endswith("young.png"):
            os.utime(path, (path.stat().st_mtime - 2 * YOUNG_S,) * 2)

    await platform.conversation.sweep(keep_days=0, most_bytes=10**9)

    assert kept(tmp_path) == ["shown.png", "young.png"]
    platform.conversation.close()


async def test_messages_past_the_retention_are_removed_with_their_pictures(tmp_path: Path) -> None:
    platform = platform_at(tmp_path)
    talk, day = await talk_at(platform), 24 * 3600
    for name, age in (("old", 3 * day), ("new", day)):
        await talk.post(Message(name, (Picture(f"{name}.png", png(), name),)), Keeper().delivery(name))
        await platform.conversation._rows.all("UPDATE messages SET created = created - ? WHERE key = ?", age, name)

    await platform.conversation.sweep(keep_days=2, most_bytes=10**9)

    assert [shown.body["text"] for shown in await platform.conversation.newest("p", 99)] == ["new"]
    assert kept(tmp_path) == ["new.png"]
    platform.conversation.close()


@pytest.mark.parametrize("state", ["damaged", "newer"])
async def test_a_conversation_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path, state: str) -> None:
    file = tmp_path / "conversation.sqlite3"
    if state == "damaged":
        file.write_bytes(b"dear diary " * 1000)
    else:
        with closing(sqlite3.connect(file)) as newer:
            newer.execute("PRAGMA user_version = 99")
    says = "cannot be used: file is not a database" if state == "damaged" else "was written by a newer Tessera"

    with pytest.raises(BotError, match=says) as told:
        await platform_at(tmp_path).conversation.sweep(keep_days=0, most_bytes=1)
    assert not isinstance(told.value, DeliveryError)


async def test_over_the_disk_budget_the_oldest_messages_lose_their_place_on_the_page_and_words_stay(
    tmp_path: Path,
) -> None:
    wanted: dict[str, Any] = {"_env_file": None, "data_dir": tmp_path, "disk_budget_mb": 1}
    platform = make(Settings(**wanted))
    talk = await talk_at(platform)
    for name in ("first", "second", "third"):
        picture = Picture(f"{name}.bin", bytes(400_000), name)
        await talk.post(Message(name, (picture,)), Keeper().delivery(name))
    await talk.say(Message("words"), Keeper().delivery("words"))

    await platform._sweep()

    shown = [shown.body["text"] for shown in await platform.conversation.newest("p", 99)]
    assert shown == ["second", "third", "words"]
    assert kept(tmp_path / "web") == ["second.bin", "third.bin"]
    platform.conversation.close()


async def test_uploads_that_would_fill_the_disk_take_the_place_of_the_oldest_at_once(tmp_path: Path) -> None:
    platform = WebPlatform(tmp_path, host="127.0.0.1", port=0, token=None, most_mb=1)
    async with served(tmp_path, platform=platform) as site, site.visitor() as visitor:
        for n in range(3):
            kind = {"Content-Type": "image/png"}
            await visitor.client.post(f"/picture/{n:032}", content=bytes(600_000), headers=kind)

        async with asyncio.timeout(10):
            while sum((await platform.conversation.files.sizes()).values()) > 1_000_000:
                await site.core.answers()


async def test_a_folder_that_cannot_be_written_means_try_again_later(tmp_path: Path) -> None:
    platform = platform_at(tmp_path)
    (tmp_path / "files").write_text("in the way")
    talk = await talk_at(platform)

    with pytest.raises(PlatformAway, match="cannot be kept"):
        await talk.post(Message("Sheet", (Picture("a.png", png(), "a"),)), Keeper().delivery("j-post"))
    platform.conversation.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_every_text_is_shown_as_it_was_said(tmp_path: Path, text: str) -> None:
    async def there_and_back() -> str:
        platform = platform_at(tmp_path)
        await (await talk_at(platform)).whisper(Message(text))
        shown = (await platform.conversation.newest("p", 1))[0]
        platform.conversation.close()
        return str(shown.body["text"])

    assert asyncio.run(there_and_back()) == text
