"""Discord as a platform: connects, reconnects for ever with back-off, and reopens talks after a restart."""

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

import discord
import discord.gateway
import discord.http
import yarl

from adapters.discord.address import read_address
from adapters.discord.failures import NETWORK
from adapters.discord.hearing import NAME
from adapters.discord.line import Line
from adapters.discord.listener import Listener
from adapters.discord.talk import DiscordTalk
from bot.chat import Core

log = logging.getLogger(__name__)
LONGEST_PAUSE = 60.0
REFUSED = (
    "Discord refused DISCORD_TOKEN. Copy a fresh token from your application's Bot page in Discord's developer portal,"
    " set it, and start again."
)
FOR_GOOD = (
    "Discord refuses this connection for good (code {code}). Code 4011 means that the bot is in more servers than one "
    "connection may serve (2500), and Tessera opens no more than one."
)
WRONG_TOKEN = 4004
# https://docs.discord.com/developers/topics/opcodes-and-status-codes: closes after which nobody should come again. Who
# does is without a token after a thousand tries in a day.
FINAL = {WRONG_TOKEN: REFUSED} | dict.fromkeys((4010, 4011, 4012, 4013), FOR_GOOD)
_AWAY = (discord.HTTPException, discord.RateLimited, discord.GatewayNotFound, discord.ConnectionClosed, *NETWORK)


class DiscordPlatform:
    """`edits_per_minute`: Discord takes five edits in five seconds of one channel; all jobs may be in the same one."""

    name = NAME
    edits_per_minute = 60.0

    def __init__(self, token: str, *, api_url: str | None = None, threads: bool = True, **options: Any) -> None:
        """`options` go to discord.Client as they are."""
        self.line = Line(threads=threads, pictures=urlsplit(api_url).netloc if api_url else None)
        self.first_pause = 1.0
        self._token = token
        self._api_url = api_url
        self._options = options

    async def run(self, core: Core) -> None:
        """Raises ValueError where Discord refuses the bot for good, since trying again would never help."""
        pause = self.first_pause
        while True:
            client = Listener(core, self.line, **self._options)
            try:
                async with client:
                    await self._connect(client)
            except discord.LoginFailure as error:
                raise ValueError(REFUSED) from error
            except _AWAY as error:
                if isinstance(error, discord.ConnectionClosed) and error.code in FINAL:
                    raise ValueError(FINAL[error.code].format(code=error.code)) from error
                pause = self.first_pause if client.came_up else pause
                log.warning("Discord is away (%s); the next try is in %.0f s.", type(error).__name__, pause)
            finally:
                self.line.closed()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def reopen(self, address: str) -> DiscordTalk:
        return DiscordTalk(self.line, read_address(address))

    async def _connect(self, client: Listener) -> None:
        if self._api_url is not None:
            discord.http.Route.BASE = self._api_url.rstrip("/")
        await client.login(self._token)
        if self._api_url is not None:  # plain discord.Client never asks where the gateway is
            _, gateway, _ = await client.http.get_bot_gateway()
            discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        self.line.opened(client)
        await client.connect()
