"""The first three seconds: an acknowledgement, whatever else."""

from adapters.discord.platform import DiscordPlatform
from bot.chat import Message
from tests.discord_adapter.running import PNG, SHEET, grid, only, picture_of, platform_for, reply, running, said
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import DiscordServer, Posted, Told


async def apologised(server: DiscordServer, core: ScriptedCore) -> tuple[Told, Posted]:
    """Ann types /grid, and the core fails."""
    core.fails = True
    told = await server.people.slash(server.ann, server.room, "grid", prompt="a cat")
    return told, await server.until(lambda: server.reply(told))


async def test_a_command_is_acknowledged_in_time_although_the_core_is_silent(server: DiscordServer) -> None:
    core, platform = ScriptedCore(acknowledges=None), platform_for(server)
    platform.line.ack_within = 0.01
    async with running(platform, core, server):
        told, _ = await grid(server, core)

        await server.until(lambda: told.answer)

    assert reply(server, told).loading


async def test_a_private_command_is_acknowledged_privately_although_the_core_is_silent(server: DiscordServer) -> None:
    core, platform = ScriptedCore(acknowledges=None), platform_for(server)
    platform.line.ack_within = 0.01
    async with running(platform, core, server):
        told = await server.people.slash(server.ann, server.room, "mydata")

        await server.until(lambda: told.answer)

    assert reply(server, told).ephemeral


async def test_a_core_that_fails_is_a_private_sentence_without_its_insides(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, posted = await apologised(server, core)

    assert posted.ephemeral
    assert str(told.id) in posted.content
    assert "secret" not in posted.content


async def test_an_acknowledgement_whose_response_is_lost_leaves_one_reply(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    server.fault("POST /interactions", "lost")

    told, _ = await said(server, core)

    assert only(server.messages(server.room)).content == "waiting"
    assert reply(server, told).content == "waiting"


async def test_an_acknowledgement_that_comes_too_late_is_answered_in_the_channel(core: ScriptedCore) -> None:
    async with DiscordServer(ack_within=-1) as server, running(platform_for(server), core, server):
        told, _heard = await said(server, core)

        assert server.reply(told) is None
        assert only(server.messages(server.room)).content.startswith("waiting")


async def test_an_event_that_is_heard_when_it_comes_again_is_answered_openly_beside_the_apology(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, apology = await apologised(server, core)
    core.fails = False

    await server.people.redeliver(told)
    talk = (await core.next()).talk
    await talk.say(Message("waiting"), delivery("job-say"))
    await talk.post(SHEET, delivery("job-post"))

    (own,) = [posted for posted in server.messages(server.room) if posted is not apology]
    assert not own.ephemeral
    assert picture_of(only(server.messages(own.id))) == PNG
    assert "went wrong" in apology.content


async def test_a_redelivered_event_has_the_same_id_and_disturbs_nothing(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, first = await said(server, core)

    await server.people.redeliver(told)
    second = await core.next()

    assert first.event == second.event
    assert only(server.messages(server.room)).content == "waiting"


async def test_a_command_that_a_ban_kept_from_being_acknowledged_is_answered_in_the_channel(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    server.fault("POST /interactions", "429 without a time", 9)

    _, heard = await grid(server, core)
    await heard.talk.say(Message("waiting"), delivery("job-say"))

    assert [posted.content[:7] for posted in server.messages(server.room)] == ["waiting"]
