"""From the reply to the sheet."""

import asyncio
from dataclasses import replace

import discord
import pytest

from adapters.discord.channel import Channel
from adapters.discord.parts import Parts
from adapters.discord.platform import DiscordPlatform
from bot.chat import Message, Picture
from bot.errors import NoRights
from tests.discord_adapter.running import PNG, SHEET, grid, only, picture_of, platform_for, reply, running, said
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import RIGHTS, DiscordServer


async def test_the_sheet_is_posted_in_a_thread_under_the_reply_which_points_to_it(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    await heard.talk.update(Message("16 of 64", (Picture("preview.png", b"preview", "so far"),), eta=2_000_000_000.7))
    during = (reply(server, told).content, dict(reply(server, told).files))

    posted = await heard.talk.post(SHEET, delivery("job-post"))

    thread = server.state.rooms[reply(server, told).id]
    sheet = only(server.messages(thread))
    assert during == ("16 of 64\nReady <t:2000000000:R>", {"preview.png": b"preview"})
    assert posted == f"{thread.id}/{sheet.id}"
    assert picture_of(sheet) == PNG
    assert list(sheet.alts.values()) == ["A sheet of 64 pictures"]
    assert sheet.presses == {
        "Again": "again:k3x9tq2m7d",
        "Delete": "delete:k3x9tq2m7d",
        "Open a cell": "cell:k3x9tq2m7d",
    }
    assert thread.name == "a cat with neon-glasses · k3x9tq2m7d"
    assert f"<#{thread.id}>" in reply(server, told).content
    assert not reply(server, told).files


async def test_later_states_of_the_reply_keep_pointing_to_the_thread(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    await heard.talk.post(SHEET, delivery("job-post"))

    await heard.talk.update(Message("Done"))

    assert reply(server, told).content == f"Done\n→ <#{reply(server, told).id}>"


@pytest.mark.parametrize("where", ["direct", "thread", "setting", "nothing said before"])
async def test_the_sheet_is_in_the_reply_itself(where: str, server: DiscordServer, core: ScriptedCore) -> None:
    thread = server.add_thread("talk")
    platform = platform_for(server)
    platform.line.threads = where != "setting"
    async with running(platform, core, server):
        room = {"direct": server.direct, "thread": thread}.get(where, server.room)
        told, heard = await (grid if where.startswith("nothing") else said)(server, core, room)

        posted = await heard.talk.post(SHEET, delivery("job-post"))

    sheet = only(server.messages(room))
    assert posted == f"{room.id}/{sheet.id}"
    assert picture_of(sheet) == PNG
    assert sheet is reply(server, told)
    assert not server.count(f"POST /channels/{room.id}/messages/{sheet.id}/threads")


@pytest.mark.parametrize("threads", [True, False])
async def test_posting_twice_changes_nothing(threads: bool, server: DiscordServer, core: ScriptedCore) -> None:
    platform = platform_for(server)
    platform.line.threads = threads
    async with running(platform, core, server):
        _, heard = await said(server, core)

        ids = {await heard.talk.post(SHEET, delivery("job-post")) for _ in range(2)}

    assert len(ids) == 1
    assert sum(bool(posted.files) for posted in server.state.posted.values()) == 1


HOSTILE = "@everyone @here <@1> <@&2> *a cat*"


async def test_a_sheet_notifies_the_one_person_that_it_calls_whoever_its_prompt_names(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    called = replace(SHEET, text=HOSTILE, calls=str(server.ann.id))

    for message in (called, called):
        await heard.talk.post(message, delivery("job-post"))
    await heard.talk.post(replace(called, calls=None), delivery("r1"))

    thread = server.messages(server.state.rooms[reply(server, told).id])
    assert [posted.pinged for posted in thread] == [[server.ann.id], []]
    assert not reply(server, told).pinged
    assert f"<@{server.ann.id}>" not in reply(server, told).content


@pytest.mark.parametrize("where", ["the reply", "a direct message"])
async def test_nobody_is_named_where_naming_notifies_nobody(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform, where: str
) -> None:
    bot.line.threads = where != "the reply"
    told, heard = await said(server, core)
    if where == "a direct message":
        server.age(told, 1000)
        server.room.rights = 0

    await heard.talk.post(replace(SHEET, calls=str(server.ann.id)), delivery("job-post"))

    sheet = reply(server, told) if bot.line.threads is False else only(server.messages(server.direct))
    assert picture_of(sheet) == PNG
    assert f"<@{server.ann.id}>" not in sheet.content


async def test_saying_twice_changes_nothing(server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform) -> None:
    _, heard = await grid(server, core)

    ids = {await heard.talk.say(Message("waiting"), delivery("job-say")) for _ in range(2)}

    assert ids == {f"{server.room.id}/{only(server.messages(server.room)).id}"}


async def test_a_second_result_does_not_overwrite_the_first(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    _, heard = await said(server, core, server.direct)

    await heard.talk.post(SHEET, delivery("first"))
    await heard.talk.post(SHEET, delivery("second"))

    assert [picture_of(posted) for posted in server.messages(server.direct)] == [PNG, PNG]


async def test_an_overtaken_state_is_never_sent(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    before = reply(server, told).edits

    await asyncio.gather(*(heard.talk.update(Message(f"{done} of 64")) for done in range(20)))

    assert reply(server, told).content == "19 of 64"
    assert reply(server, told).edits == before + 2  # the one that was under way, and the newest


async def test_many_edits_stay_within_discords_buckets(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    told, heard = await said(server, core)

    for done in range(12):
        await heard.talk.update(Message(f"{done} of 64"))

    assert reply(server, told).content == "11 of 64"
    assert not any("rate limited" in record.getMessage() for record in caplog.records)


async def test_a_state_that_still_waits_when_the_result_is_posted_is_never_sent(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core, server.direct)

    before = reply(server, told).edits

    await asyncio.gather(
        heard.talk.update(Message("1 of 64")),
        heard.talk.update(Message("2 of 64")),
        heard.talk.post(SHEET, delivery("job-post")),
    )

    assert picture_of(reply(server, told)) == PNG
    assert reply(server, told).edits == before + 2  # the one under way, and the result


async def test_an_unsafe_picture_is_a_spoiler(server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform) -> None:
    _, heard = await grid(server, core)
    picture = Picture("k3x9.png", PNG, "hidden", spoiler=True)

    await heard.talk.post(Message("here", (picture,)), delivery("job-post"))

    assert next(iter(only(server.messages(server.room)).files)).startswith("SPOILER_k3x9")


async def test_a_deleted_message_is_gone_and_deleting_it_again_changes_nothing(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    _, heard = await grid(server, core)
    posted = await heard.talk.post(SHEET, delivery("job-post"))

    await heard.talk.delete(posted)
    await heard.talk.delete(posted)

    assert server.messages(server.room) == []


async def test_a_sheet_in_a_thread_that_was_archived_meanwhile_can_be_changed_and_deleted(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    posted = await heard.talk.post(SHEET, delivery("job-post"))
    thread = server.state.rooms[reply(server, told).id]

    thread.archived = True
    await Channel(bot.line, thread.id).edit(only(server.messages(thread)).id, Parts(Message("pruned")))
    changed = only(server.messages(thread)).content
    thread.archived = True
    await heard.talk.delete(posted)

    assert changed == "pruned"
    assert server.messages(thread) == []


async def test_an_archived_thread_that_the_bot_may_not_open_is_told_as_missing_rights(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    posted = await heard.talk.post(SHEET, delivery("job-post"))
    thread = server.state.rooms[reply(server, told).id]

    thread.archived = True
    server.room.rights = RIGHTS & ~discord.Permissions(send_messages_in_threads=True).value

    with pytest.raises(NoRights):
        await heard.talk.delete(posted)
