"""The bot running against the stand-in, and the steps that most tests begin with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from adapters.discord.platform import DiscordPlatform
from bot.chat import Button, Heard, Menu, Message, Picture
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import DiscordServer, Posted, Room, Told

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
SHEET = Message(
    "*a cat* with neon-glasses · `k3x9tq2m7d`\nScore 0.31",
    (Picture("k3x9tq2m7d.png", PNG, "A sheet of 64 pictures"),),
    (Button("Again", "again:k3x9tq2m7d"), Button("Delete", "delete:k3x9tq2m7d", "danger")),
    Menu("Open a cell", "cell:k3x9tq2m7d", (("A1 · 0.30", "A1"), ("B2", "B2"))),
)


def platform_for(server: DiscordServer, token: str | None = None) -> DiscordPlatform:
    """As in the product, with every wait shortened."""
    platform = DiscordPlatform(token or server.token, api_url=server.url, guild_ready_timeout=0.01)
    platform.line.pauses = platform.line.first_pauses = (0.0, 0.0, 0.0)
    platform.line.settles = 0.0
    platform.first_pause = 0.01
    return platform


@contextlib.asynccontextmanager
async def running(
    platform: DiscordPlatform, core: ScriptedCore, server: DiscordServer
) -> AsyncIterator[DiscordPlatform]:
    """The bot's process, from the connection to its end."""
    task = asyncio.create_task(platform.run(core))
    connected = asyncio.create_task(server.gateway.ready.wait())
    await asyncio.wait({task, connected}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert connected.done(), "the bot did not connect"
    await (await platform.line.client()).wait_until_ready()
    try:
        yield platform
    finally:
        task.cancel()
        await asyncio.wait({task})
        await asyncio.wait_for(server.gateway.left.wait(), 10)


async def grid(server: DiscordServer, core: ScriptedCore, room: Room | None = None) -> tuple[Told, Heard]:
    """Ann types /grid, and the core heard it."""
    told = await server.people.slash(server.ann, room or server.room, "grid", prompt="a cat")
    return told, await core.next()


async def said(server: DiscordServer, core: ScriptedCore, room: Room | None = None) -> tuple[Told, Heard]:
    """The same, and the job's own message is there."""
    told, heard = await grid(server, core, room)
    await heard.talk.say(Message("waiting"), delivery("job-say"))
    return told, heard


def only(messages: list[Posted]) -> Posted:
    assert len(messages) == 1, messages
    return messages[0]


def reply(server: DiscordServer, told: Told) -> Posted:
    found = server.reply(told)
    assert found is not None
    return found


def picture_of(posted: Posted) -> bytes:
    return only_value(posted.files)


def only_value(files: dict[str, bytes]) -> bytes:
    assert len(files) == 1, files
    return next(iter(files.values()))
