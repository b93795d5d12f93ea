"""Restarts: the same reply, nothing twice, nothing lost."""

import asyncio

import pytest

from adapters.discord.address import Address, read_address
from bot.chat import Message
from tests.discord_adapter.running import PNG, SHEET, grid, only, picture_of, platform_for, reply, running, said
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import DiscordServer


async def test_a_restarted_bot_goes_on_in_the_same_reply(server: DiscordServer, core: ScriptedCore) -> None:
    async with running(platform_for(server), core, server):
        told, heard = await said(server, core)
    server.age(told, 1000)

    async with running(platform_for(server), core, server) as bot:
        talk = await bot.reopen(heard.talk.address)
        await talk.say(Message("waiting again"), delivery("job-say"))
        await talk.post(SHEET, delivery("job-post"))

    assert only(server.messages(server.room)) is reply(server, told)
    assert picture_of(only(server.messages(reply(server, told).id))) == PNG


@pytest.mark.parametrize("token_lives", [True, False])
async def test_a_bot_killed_before_it_stored_the_replys_id_finds_the_reply(
    token_lives: bool, server: DiscordServer
) -> None:
    core = ScriptedCore(acknowledges=None)
    async with running(platform_for(server), core, server):
        told, heard = await grid(server, core)
        before = heard.talk.address
        await heard.talk.acknowledge(private=False)
    server.age(told, 0 if token_lives else 1000)

    async with running(platform_for(server), core, server) as bot:
        await (await bot.reopen(before)).say(Message("waiting"), delivery("job-say"))

    assert only(server.messages(server.room)) is reply(server, told)
    assert reply(server, told).content == "waiting"


async def test_what_a_command_shows_goes_into_the_reply_that_a_killed_bot_left_empty(server: DiscordServer) -> None:
    core = ScriptedCore(acknowledges=None)
    async with running(platform_for(server), core, server):
        told, heard = await grid(server, core)
        before = heard.talk.address
        await heard.talk.acknowledge(private=False)

    async with running(platform_for(server), core, server) as bot:
        await (await bot.reopen(before)).post(SHEET, delivery("r1"))

    assert only(server.messages(server.room)) is reply(server, told)
    assert picture_of(reply(server, told)) == PNG


@pytest.mark.parametrize("nonce_lives", [0.0, 180.0])
async def test_a_command_that_was_never_acknowledged_is_answered_in_the_channel_once(nonce_lives: float) -> None:
    core = ScriptedCore(acknowledges=None)
    async with DiscordServer(nonce_lives=nonce_lives) as server:
        async with running(platform_for(server), core, server):
            _, heard = await grid(server, core)

        for _ in range(2):  # killed again before the message's id was stored
            async with running(platform_for(server), core, server) as bot:
                await (await bot.reopen(heard.talk.address)).say(Message("waiting"), delivery("job-say"))

        assert only(server.messages(server.room)).content.startswith("waiting")


@pytest.mark.parametrize("where", ["thread", "reply", "direct", "channel"])
async def test_what_was_posted_is_found_after_the_nonces_expired(where: str, core: ScriptedCore) -> None:
    async with DiscordServer(nonce_lives=0) as server:
        platform = platform_for(server)
        platform.line.threads = where != "reply"
        async with running(platform, core, server):
            told, heard = await said(server, core)
            before = heard.talk.address
            if where == "direct":
                server.age(told, 1000)
                server.room.rights = 0
            if where == "channel":
                del server.state.posted[reply(server, told).id]
            posted = await heard.talk.post(SHEET, delivery("job-post"))

        async with running(platform_for(server), core, server) as bot:
            talk = await bot.reopen(before)
            assert await talk.find_posted("job-post") == posted
            assert await talk.find_posted("another") is None


async def test_a_found_thread_is_pointed_to_from_then_on(server: DiscordServer, core: ScriptedCore) -> None:
    async with running(platform_for(server), core, server):
        told, heard = await said(server, core)
        before = heard.talk.address
        await heard.talk.post(SHEET, delivery("job-post"))

    async with running(platform_for(server), core, server) as bot:
        talk = await bot.reopen(before)
        await talk.find_posted("job-post")
        await talk.update(Message("Done"))

    assert f"<#{reply(server, told).id}>" in reply(server, told).content


async def test_a_talk_reopened_before_the_connection_waits_for_it(server: DiscordServer, core: ScriptedCore) -> None:
    async with running(platform_for(server), core, server):
        told, heard = await said(server, core)
    platform = platform_for(server)
    early = asyncio.create_task((await platform.reopen(heard.talk.address)).update(Message("early")))

    async with running(platform, core, server):
        await early

    assert reply(server, told).content == "early"


def test_an_address_of_another_version_is_read_all_the_same() -> None:
    newer = '{"channel":1,"user":2,"event":3,"application":4,"colour":"red"}'

    assert read_address(newer) == Address(channel=1, user=2, event=3, application=4)


def test_an_address_comes_back_as_it_was() -> None:
    address = Address(channel=1, user=2, event=3, application=4, guild=5, token="t", message=6, holds="m")

    assert read_address(address.as_json()) == address
