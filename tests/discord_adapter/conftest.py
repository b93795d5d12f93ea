"""A stand-in, a core and a bot for each test."""

from collections.abc import AsyncIterator

import discord
import discord.gateway
import discord.http
import pytest

from adapters.discord.platform import DiscordPlatform
from tests.discord_adapter.running import platform_for, running
from tests.discord_adapter.scripted_core import ScriptedCore
from tests.stand_ins.discord_server import DiscordServer


@pytest.fixture(autouse=True)
def as_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter points discord.py's class attributes at the stand-in; each test leaves them as it found them."""
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    gateway = discord.gateway.DiscordWebSocket
    monkeypatch.setattr(gateway, "DEFAULT_GATEWAY", gateway.DEFAULT_GATEWAY)


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as running:
        yield running


@pytest.fixture
def core() -> ScriptedCore:
    return ScriptedCore()


@pytest.fixture
async def bot(server: DiscordServer, core: ScriptedCore) -> AsyncIterator[DiscordPlatform]:
    async with running(platform_for(server), core, server) as platform:
        yield platform
