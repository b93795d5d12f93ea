"""What goes wrong on the way, and where the result goes instead."""

import discord
import discord.gateway
import discord.http
import pytest

from adapters.discord.address import Address, read_address
from adapters.discord.platform import DiscordPlatform
from adapters.discord.talk import DiscordTalk
from bot.chat import Message, Picture
from bot.errors import Gone, NoRights, PlatformAway, TooLarge
from tests.discord_adapter.running import PNG, SHEET, grid, only, picture_of, platform_for, reply, running, said
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import RIGHTS, DiscordServer
from tests.stand_ins.discord_server.faults import Kind


async def test_after_the_token_expired_the_reply_is_edited_with_the_bots_own(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    server.age(told, 1000)

    await heard.talk.update(Message("still here"))
    await heard.talk.update(Message("and here"))

    assert reply(server, told).content == "and here"
    assert server.count(f"PATCH /channels/{server.room.id}/messages/{reply(server, told).id}") == 2
    assert read_address(heard.talk.address).token is None


async def test_an_old_token_is_not_even_tried(server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform) -> None:
    told, heard = await said(server, core)
    address = read_address(heard.talk.address)
    address.token_until = 0
    before = server.count("PATCH /webhooks")

    await (await bot.reopen(address.as_json())).update(Message("still here"))

    assert reply(server, told).content == "still here"
    assert server.count("PATCH /webhooks") == before


async def test_a_file_that_is_too_large_is_refused_as_too_large(core: ScriptedCore) -> None:
    async with DiscordServer(file_bytes=1000) as server, running(platform_for(server), core, server):
        for room in (server.room, server.direct):
            _, heard = await said(server, core, room)

            with pytest.raises(TooLarge, match="smaller"):
                await heard.talk.post(SHEET, delivery("job-post"))


async def test_a_proxys_413_is_too_large_as_well(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    _, heard = await grid(server, core)
    server.fault("PATCH /webhooks", "413 html")

    with pytest.raises(TooLarge):
        await heard.talk.post(SHEET, delivery("job-post"))


async def test_limits_are_the_smaller_of_interaction_and_server(core: ScriptedCore) -> None:
    async with DiscordServer(file_bytes=60_000_000) as large, running(platform_for(large), core, large):
        _, heard = await grid(large, core)
        assert (await heard.talk.limits()).file_bytes == 20 * 1024 * 1024
    async with DiscordServer(file_bytes=5000) as small, running(platform_for(small), core, small):
        _, heard = await grid(small, core)
        assert (await heard.talk.limits()).file_bytes == 5000


async def test_what_the_limits_allow_is_taken_in_a_boosted_server_too(core: ScriptedCore) -> None:
    """Discord takes requests of 25 MiB, however large the files of a server may be."""
    boosted = DiscordServer(file_bytes=100 * 1024 * 1024, premium_tier=3)
    async with boosted as server, running(platform_for(server), core, server):
        told, heard = await grid(server, core)
        most = (await heard.talk.limits()).file_bytes

        await heard.talk.whisper(Message("for you", files=(Picture("data.zip", bytes(most), ""),)))

        assert most > 20 * 1024 * 1024
        assert len(picture_of(server.messages(server.room)[-1])) == most
        assert told.answer


@pytest.mark.parametrize(
    ("right", "named"),
    [
        ("view_channel", "View Channel"),
        ("send_messages", "Send Messages"),
        ("attach_files", "Attach Files"),
        ("read_message_history", "Read Message History"),
    ],
)
async def test_a_missing_right_is_named_before_anything_is_painted(
    right: str, named: str, server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    server.room.rights = RIGHTS & ~discord.Permissions(**{right: True}).value

    _, heard = await grid(server, core)

    sentence = await heard.talk.can_post()
    assert sentence is not None
    assert f"“{named}”" in sentence


@pytest.mark.parametrize("invited", [True, False])
async def test_a_private_thread_without_the_bot_is_named_before_anything_is_painted(
    invited: bool, server: DiscordServer, core: ScriptedCore
) -> None:
    thread = server.add_thread("between us")
    thread.private, thread.invited = True, invited
    server.refresh()
    async with running(platform_for(server), core, server):
        _, heard = await grid(server, core, thread)

        sentence = await heard.talk.can_post()

    assert sentence is None if invited else "private thread" in str(sentence)


async def test_with_all_rights_or_in_a_direct_message_nothing_is_missing(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    for room in (server.room, server.direct):
        _, heard = await grid(server, core, room)

        assert await heard.talk.can_post() is None


async def test_after_a_restart_the_rights_are_those_of_now(server: DiscordServer, core: ScriptedCore) -> None:
    async with running(platform_for(server), core, server):
        _, heard = await said(server, core)
    server.room.rights = RIGHTS & ~discord.Permissions(attach_files=True).value
    server.refresh()

    async with running(platform_for(server), core, server) as bot:
        talk = await bot.reopen(heard.talk.address)
        await grid(server, core)  # by then the server is known
        sentence = await talk.can_post()

    assert sentence is not None
    assert "“Attach Files”" in sentence


async def test_without_the_right_to_open_threads_the_sheet_is_in_the_reply_and_says_why(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    server.room.rights = RIGHTS & ~discord.Permissions(create_public_threads=True).value
    told, heard = await said(server, core)

    await heard.talk.post(SHEET, delivery("job-post"))

    assert picture_of(reply(server, told)) == PNG
    assert "“Create Public Threads”" in reply(server, told).content


async def test_where_discord_has_no_threads_the_sheet_is_in_the_reply(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    server.room.kind = discord.ChannelType.voice.value

    await heard.talk.post(SHEET, delivery("job-post"))

    assert picture_of(reply(server, told)) == PNG


async def test_in_a_server_full_of_threads_the_sheet_is_in_the_reply_and_says_why(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    server.state.most_threads = 0

    await heard.talk.post(SHEET, delivery("job-post"))

    assert picture_of(reply(server, told)) == PNG
    assert "no more threads may be open" in reply(server, told).content


async def test_from_a_thread_that_was_locked_meanwhile_the_sheet_comes_as_a_direct_message(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    thread = server.add_thread("talk")
    _, heard = await said(server, core, thread)
    thread.locked = True

    await heard.talk.post(SHEET, delivery("job-post"))

    sheet = only(server.messages(server.direct))
    assert picture_of(sheet) == PNG
    assert "locked" in sheet.content


async def test_when_the_rights_vanish_meanwhile_the_sheet_comes_as_a_direct_message(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    server.age(told, 1000)
    server.room.rights = 0

    posted = await heard.talk.post(SHEET, delivery("job-post"))

    sheet = only(server.messages(server.direct))
    assert posted == f"{server.direct.id}/{sheet.id}"
    assert picture_of(sheet) == PNG
    assert f"<#{server.room.id}>" in sheet.content
    assert "View Channel" in sheet.content


async def test_when_direct_messages_are_closed_too_there_is_no_right_left(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    server.age(told, 1000)
    server.room.rights = 0
    server.ann.takes_direct = False

    with pytest.raises(NoRights, match="direct messages"):
        await heard.talk.post(SHEET, delivery("job-post"))


async def test_when_somebody_deleted_the_reply_the_sheet_is_a_new_message(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    del server.state.posted[reply(server, told).id]

    await heard.talk.post(SHEET, delivery("job-post"))

    assert picture_of(only(server.messages(server.room))) == PNG


@pytest.mark.parametrize("kind", ["lost", "cut", "503", "429", "429 global"])
async def test_a_new_message_is_posted_once_through_a_bad_connection(
    kind: Kind, server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    _, heard = await said(server, core)
    server.fault(r"POST /channels/\d+/messages$", kind, 2)

    await heard.talk.post(SHEET, delivery("job-post"))

    assert sum(bool(posted.files) for posted in server.state.posted.values()) == 1


@pytest.mark.parametrize("kind", ["lost", "cut", "503"])
async def test_a_thread_is_opened_once_through_a_bad_connection(
    kind: Kind, server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    server.fault("POST /channels/.*/threads", kind)

    await heard.talk.post(SHEET, delivery("job-post"))

    assert picture_of(only(server.messages(reply(server, told).id))) == PNG


@pytest.mark.parametrize("kind", ["lost", "cut", "429"])
async def test_an_edit_is_tried_again_through_a_bad_connection(
    kind: Kind, server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    server.fault("PATCH /webhooks", kind, 2)

    await heard.talk.update(Message("7 of 64"))

    assert reply(server, told).content == "7 of 64"


@pytest.mark.parametrize("kind", ["cut", "503", "429 without Via", "429 without a time", "429 for long", "401"])
async def test_when_discord_stays_away_the_core_is_told_to_try_later(
    kind: Kind, server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    _, heard = await said(server, core)
    server.fault("POST /channels/.*/threads", kind, 100)

    with pytest.raises(PlatformAway):
        await heard.talk.post(SHEET, delivery("job-post"))


async def test_an_update_without_any_message_says_so(server: DiscordServer) -> None:
    address = Address(channel=server.room.id, user=1, event=2, application=3)

    with pytest.raises(Gone, match="no message"):
        await DiscordTalk(platform_for(server).line, address).update(Message("1 of 64"))
