"""Answers that only one person sees."""

from adapters.discord.platform import DiscordPlatform
from bot.chat import Message, Picture
from tests.discord_adapter.running import PNG, SHEET, grid, only, picture_of, platform_for, reply, running, said
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import DiscordServer


async def test_a_whisper_as_the_first_answer_is_private(server: DiscordServer) -> None:
    core = ScriptedCore(acknowledges=None)
    async with running(platform_for(server), core, server):
        told, heard = await grid(server, core)

        await heard.talk.whisper(Message("not like this"))

    assert reply(server, told).ephemeral
    assert reply(server, told).content == "not like this"


async def test_a_whisper_after_a_public_acknowledgement_is_private_and_leaves_nothing_thinking(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    _, heard = await grid(server, core)

    await heard.talk.whisper(Message("not like this"))
    await heard.talk.whisper(Message("and another"))

    assert [(posted.content, posted.ephemeral) for posted in server.messages(server.room)] == [
        ("not like this", True),
        ("and another", True),
    ]


async def test_a_whisper_beside_the_jobs_message_leaves_it_alone(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)

    await heard.talk.whisper(Message("for you", files=(Picture("data.zip", b"PK", "your data"),)))

    private = next(posted for posted in server.messages(server.room) if posted.ephemeral)
    assert reply(server, told).content == "waiting"
    assert private.files == {"data.zip": b"PK"}


async def test_a_whisper_after_the_token_expired_is_a_direct_message(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, heard = await said(server, core)
    server.age(told, 1000)

    await heard.talk.whisper(Message("for you"))

    assert only(server.messages(server.direct)).content == "for you"
    assert only(server.messages(server.room)).content == "waiting"


async def test_a_whisper_to_who_dismissed_the_answer_is_a_direct_message(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    for private in (False, True):
        core.acknowledges = private
        told, heard = await grid(server, core)
        server.people.dismiss(told)

        await heard.talk.whisper(Message(f"for you, {private}"))

    assert [posted.content for posted in server.messages(server.direct)] == ["for you, False", "for you, True"]
    assert server.messages(server.room) == []


async def test_a_private_command_is_answered_privately_in_one_reply(server: DiscordServer) -> None:
    core = ScriptedCore(acknowledges=True)
    async with running(platform_for(server), core, server):
        told = await server.people.slash(server.ann, server.room, "mydata")
        heard = await core.next()

        await heard.talk.whisper(Message("this is kept"))
        first = reply(server, told).content
        await heard.talk.post(SHEET, delivery("job-post"))

    assert first == "this is kept"
    assert all(posted.ephemeral for posted in server.messages(server.room))
    assert picture_of(reply(server, told)) == PNG


async def test_a_private_result_after_the_token_expired_is_a_direct_message(server: DiscordServer) -> None:
    core = ScriptedCore(acknowledges=True)
    async with running(platform_for(server), core, server):
        told = await server.people.slash(server.ann, server.room, "mydata")
        heard = await core.next()
        server.age(told, 1000)

        await heard.talk.post(SHEET, delivery("job-post"))

    sheet = only(server.messages(server.direct))
    assert picture_of(sheet) == PNG
    assert "could not answer" not in sheet.content
    assert not server.count(f"PATCH /channels/{server.room.id}")
