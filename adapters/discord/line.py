"""The bot's line to Discord: the client that is logged in now, which talks wait for and which a reconnect replaces."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import discord

from adapters.discord.failures import retry

T = TypeVar("T")


@dataclass
class Line:
    """`pauses` (s) lie between the tries of one call, `first_pauses` between those of a first answer.

    `ack_within` (s) is when a command is acknowledged whatever else; `settles` (s) is how long a request that was under
    way when the bot died may still take to show. `threads`: results go into a thread under the reply where they can.
    """

    threads: bool = True
    pictures: str | None = None
    """Host and port of the API where that is not Discord's own: its pictures are asked for there, too."""
    ack_within: float = 2.0
    settles: float = 1.0
    pauses: tuple[float, ...] = (0.5, 2.0, 5.0)
    first_pauses: tuple[float, ...] = (0.2, 0.5, 1.0)
    _client: discord.Client | None = None
    _connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def client(self) -> discord.Client:
        while self._client is None:
            await self._connected.wait()
        return self._client

    async def retry(self, call: Callable[[], Awaitable[T]]) -> T:
        return await retry(call, self.pauses)

    def opened(self, client: discord.Client) -> None:
        self._client = client
        self._connected.set()

    def closed(self) -> None:
        self._client = None
        self._connected.clear()
