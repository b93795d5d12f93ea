"""Commands as Discord shows them and as the core hears them."""

import asyncio
import json

import discord
import discord.gateway
import discord.http
import pytest

from adapters.discord.commands import FROM_TEXT, SCORE
from adapters.discord.platform import DiscordPlatform
from tests.discord_adapter.running import grid, platform_for, running, said
from tests.discord_adapter.scripted_core import ScriptedCore
from tests.stand_ins.discord_server import DiscordServer
from tests.stand_ins.discord_server.faults import Kind


async def test_commands_are_registered_with_choices_completion_bounds_and_rights(
    server: DiscordServer, bot: DiscordPlatform
) -> None:
    known = {command["name"]: command for command in server.state.commands}
    options = {option["name"]: option for option in known["grid"]["options"]}

    assert list(known) == ["grid", "status", "mydata", FROM_TEXT, SCORE]
    assert options["approach"]["choices"] == [{"name": "pre-trained", "value": 1}, {"name": "fine-tuned", "value": 2}]
    assert options["prompt"]["autocomplete"]
    assert options["prompt"]["required"]
    assert (options["seed"]["min_value"], options["seed"]["max_value"]) == (0, 2**32 - 1)
    assert known["status"]["default_member_permissions"] == str(discord.Permissions(manage_guild=True).value)
    assert "default_member_permissions" not in known["grid"]


async def test_a_slash_command_is_heard_with_its_options_as_text(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told = await server.people.slash(
        server.ann, server.room, "grid", prompt="a cat", approach=2, guidance=7.0, details=True
    )

    heard = await core.next()

    assert heard.options == {"prompt": "a cat", "approach": "2", "guidance": "7", "details": "true"}
    assert (heard.platform, heard.event, heard.text) == ("discord", str(told.id), "grid")
    assert (heard.person.id, heard.person.name) == (str(server.ann.id), "Ann")
    assert (heard.place.server, heard.place.channel) == (str(server.state.guild), str(server.room.id))
    assert not heard.person.moderator
    assert not heard.place.private
    assert not heard.place.unsafe_ok


async def test_a_moderator_is_who_may_manage_the_server(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    moderator = server.add_person("Mo", manage_guild=True)

    await server.people.slash(moderator, server.room, "status")

    assert (await core.next()).person.moderator


async def test_a_place_says_that_it_is_direct_or_for_adults(server: DiscordServer, core: ScriptedCore) -> None:
    server.room.nsfw = True
    server.refresh()
    async with running(platform_for(server), core, server):
        _, direct = await grid(server, core, server.direct)
        _, adult = await grid(server, core, server.room)

    assert direct.place.private
    assert direct.place.server is None
    assert not direct.place.unsafe_ok
    assert adult.place.unsafe_ok


async def test_a_thread_is_in_the_place_of_its_channel(server: DiscordServer, core: ScriptedCore) -> None:
    known = server.add_thread("known")
    async with running(platform_for(server), core, server):
        unknown = server.add_thread("opened since")
        heard = [(await grid(server, core, thread))[1] for thread in (known, unknown)]

    assert [each.place.channel for each in heard] == [str(server.room.id)] * 2
    assert [json.loads(each.talk.address)["channel"] for each in heard] == [known.id, unknown.id]


async def test_completions_come_from_the_core_and_only_their_labels_are_cut(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    more = [(f"cat {n}", f"cat {n}") for n in range(40)]
    core.completions = [("k3x9tq2m7d · " + "a cat " * 20, "k3x9tq2m7d"), ("too long", "x" * 101), *more]

    offered = await server.people.autocomplete(server.ann, server.room, "grid", "prompt", "ca")

    assert core.asked == [("grid", "prompt", "ca")]
    assert len(offered) == 25
    assert offered[:2] == [("k3x9tq2m7d · " + "a cat " * 14 + "a c", "k3x9tq2m7d"), more[0]]


@pytest.mark.parametrize("kind", ["cut", "429 without a time"])
async def test_completions_that_do_not_arrive_are_a_line_in_the_log_and_no_failure(
    kind: Kind, server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    core.completions = [("a cat", "a cat")]
    refused = server.fault("POST /interactions", kind)

    asking = asyncio.create_task(server.people.autocomplete(server.ann, server.room, "grid", "prompt", "ca"))
    await server.until(lambda: not refused.left)
    await said(server, core)
    asking.cancel()

    assert any("no suggestions" in record.getMessage() for record in caplog.records)
    assert [record for record in caplog.records if record.exc_info] == []


async def test_any_message_can_be_made_a_grid(server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform) -> None:
    await server.people.use_on(server.ann, server.room, FROM_TEXT, " a dog on the moon ")

    heard = await core.next()

    assert (heard.text, heard.options) == ("grid", {"prompt": "a dog on the moon"})
