"""The connection: refused, away, cut, resumed."""

import contextlib
import socket

import aiohttp
import pytest

from adapters.discord import make, wire
from adapters.discord.platform import DiscordPlatform
from bot.errors import DeliveryError
from tests.discord_adapter.running import SHEET, platform_for, reply, running, said
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import DiscordServer
from tests.stand_ins.discord_server.faults import Kind


async def test_a_wrong_token_ends_with_a_sentence_without_the_token(server: DiscordServer, core: ScriptedCore) -> None:
    with pytest.raises(ValueError, match="DISCORD_TOKEN") as raised:
        await platform_for(server, "a.wrong.token").run(core)

    assert "a.wrong.token" not in str(raised.value)


async def test_a_token_that_only_the_gateway_refuses_ends_with_the_same_sentence(
    server: DiscordServer, core: ScriptedCore
) -> None:
    server.gateway.token = "another"

    with pytest.raises(ValueError, match="DISCORD_TOKEN"):
        await platform_for(server).run(core)


@pytest.mark.parametrize("code", [4010, 4011, 4012, 4013])
async def test_a_gateway_that_says_not_to_come_again_is_not_asked_again(
    server: DiscordServer, core: ScriptedCore, code: int
) -> None:
    server.gateway.refuses = code

    with pytest.raises(ValueError, match=str(code)):
        await platform_for(server).run(core)

    assert server.count("GATEWAY IDENTIFY") == 1


@pytest.mark.parametrize("kind", ["cut", "503", "429 without Via"])
async def test_discord_being_away_at_start_is_waited_out(kind: Kind, server: DiscordServer, core: ScriptedCore) -> None:
    server.fault("GET /users/@me", kind, 3)

    async with running(platform_for(server), core, server):
        told, _ = await said(server, core)

    assert reply(server, told).content == "waiting"


@pytest.mark.parametrize("kind", ["403", "429 for long"])
async def test_refused_commands_do_not_keep_the_bot_from_hearing(
    kind: Kind, server: DiscordServer, core: ScriptedCore
) -> None:
    async with running(platform_for(server), core, server):
        pass
    server.fault("PUT /applications", kind)

    async with running(platform_for(server), core, server):
        told, _ = await said(server, core)

    assert reply(server, told).content == "waiting"


@pytest.mark.parametrize("code", [None, 1001, 4000])
async def test_a_lost_gateway_is_resumed_and_what_came_meanwhile_is_heard(
    code: int | None, server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    await server.gateway.drop(code)

    told, _ = await said(server, core)

    assert reply(server, told).content == "waiting"
    assert (server.count("GATEWAY IDENTIFY"), server.count("GATEWAY RESUME")) == (1, 1)


async def test_a_gateway_that_asks_for_it_gets_a_new_connection(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    await server.gateway.ask_to_reconnect()
    await server.gateway.ready.wait()

    await said(server, core)

    assert server.count("GATEWAY RESUME") == 1


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has the option that is looked at")
async def test_every_connection_ends_by_itself_when_discord_falls_silent(
    server: DiscordServer, core: ScriptedCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []
    plain = wire._socket

    def noted(address: aiohttp.AddrInfoType) -> socket.socket:
        made.append(plain(address))
        return made[-1]

    monkeypatch.setattr(wire, "_socket", noted)
    async with running(platform_for(server), core, server):
        await said(server, core)
        alive = [each for each in made if each.fileno() >= 0]
        asked = [each.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) for each in alive]
        waits = [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) for each in alive]

    assert server.count("GATEWAY") == 1
    assert asked == [1] * len(alive)
    assert waits == [30_000] * len(alive)
    assert len(alive) > 1, "the gateway's and the API's"


async def test_secrets_stay_out_of_the_log(
    server: DiscordServer, core: ScriptedCore, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(platform_for(server), core, server):
        server.fault("POST /interactions", "cut", 9)
        told = await server.people.slash(server.ann, server.room, "grid", prompt="a private thought")
        heard = await core.next()
        server.fault("", "cut", 40)
        with contextlib.suppress(DeliveryError):
            await heard.talk.post(SHEET, delivery("job-post"))

    ours = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("adapters"))
    assert ours
    assert not any(secret in ours for secret in (server.token, told.token, "a private thought"))


def test_without_a_token_there_is_no_platform() -> None:
    class Unset:
        discord_token = None

    assert make(Unset()) is None
