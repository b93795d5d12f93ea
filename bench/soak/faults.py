"""The faults: a table from their names to what is done. Each returns when what it broke is whole again."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from bench.soak.crowd import Crowd
from bench.soak.world import World

BOTH = ("discord", "slack")
LOOK_S = 0.1
# So long for a process to be back, and for requests that are to fail to be made.
BACK_S, ARMED_S = 120.0, 20.0
FULL_S, SLOW_S = 4.0, 2.0


@dataclass(frozen=True)
class Fault:
    """`strike` breaks it and returns in words what it hit; `platforms` are those whose people may notice."""

    strike: Callable[[World, Crowd], Awaitable[str]]
    platforms: tuple[str, ...] = BOTH


class _Armed(Protocol):
    left: int


async def engine_killed(world: World, _: Crowd) -> str:
    pid = await world.bot.engine_pid()
    if pid is None:
        return "no engine answered just then"
    os.kill(pid, signal.SIGKILL)
    await _until(lambda: _another_engine(world, pid), BACK_S)
    return f"process {pid}"


async def bot_killed(world: World, _: Crowd) -> str:
    pid = world.bot.pid
    world.discord.gateway.ready.clear()
    world.bot.kill()
    await _until(lambda: _connected(world, pid), BACK_S)
    return f"process {pid}"


async def discord_cut(world: World, _: Crowd) -> str:
    gateway = world.discord.gateway
    await asyncio.wait_for(gateway.ready.wait(), BACK_S)
    await gateway.drop()
    await asyncio.wait_for(gateway.ready.wait(), BACK_S)
    return "the gateway's wire"


async def slack_cut(world: World, _: Crowd) -> str:
    await asyncio.wait_for(world.slack.connected.wait(), BACK_S)
    await world.slack.drop_sockets("abort")
    await asyncio.wait_for(world.slack.connected.wait(), BACK_S)
    return "Socket Mode's wire"


def of_discord(match: str, kind: Literal["429", "503", "lost"], n: int) -> Fault:
    async def strike(world: World, _: Crowd) -> str:
        return await _used_up(world.discord.fault(match, kind, n), n)

    return Fault(strike, ("discord",))


def of_slack(match: str, kind: str, n: int) -> Fault:
    async def strike(world: World, _: Crowd) -> str:
        return await _used_up(world.slack.fault(match, kind, n), n)

    return Fault(strike, ("slack",))


async def disk_full(world: World, _: Crowd) -> str:
    """No file of either process takes a byte: not the database, not a picture, not the log."""
    pids = [pid for pid in (world.bot.pid, await world.bot.engine_pid()) if pid is not None]
    for pid in pids:
        world.bot.disk(pid, full=True)
    await asyncio.sleep(FULL_S)
    for pid in pids:
        world.bot.disk(pid, full=False)
    return f"for {FULL_S:.0f} s, both processes"


async def slow_hub(world: World, crowd: Crowd) -> str:
    """Photos that nobody else uses have to be fetched, from a server that answers slowly."""
    shutil.rmtree(world.bot.folder / "data" / "cache" / "flickr8k", ignore_errors=True)
    world.photos.slow_s = SLOW_S
    world.photos.fault("/", "slow", 4)
    start = time.monotonic()
    came = await crowd.visit(len(world.asks.all), blocks=1, fillers="flickr8k")
    world.photos.fault_no_more()
    return f"a grid among its photos {'took' if came else 'did not come in'} {time.monotonic() - start:.0f} s"


FAULTS = {
    "engine killed": Fault(engine_killed),
    "bot killed": Fault(bot_killed),
    "Discord's socket cut": Fault(discord_cut, ("discord",)),
    "Slack's socket cut": Fault(slack_cut, ("slack",)),
    "Discord answers 429": of_discord("^(POST|PATCH) /(channels|webhooks)", "429", 6),
    "Slack answers 429": of_slack("chat.", "429", 6),
    "Discord answers 503": of_discord("^(POST|PATCH|GET) /(channels|webhooks|interactions)", "503", 6),
    "Slack answers 500": of_slack("", "500", 6),
    "Discord's answers lost": of_discord("^POST /(channels|webhooks|interactions)", "lost", 4),
    "Slack's answers lost": of_slack("chat.post", "lost", 4),
    "disk full": Fault(disk_full),
    "slow hub": Fault(slow_hub),
}


async def _used_up(fault: _Armed, n: int) -> str:
    deadline = time.monotonic() + ARMED_S
    while fault.left and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_S)
    hit, fault.left = n - fault.left, 0
    return f"{hit} requests"


async def _another_engine(world: World, before: int) -> bool:
    return await world.bot.engine_pid() not in (None, before)


async def _connected(world: World, before: int | None) -> bool:
    lines = world.discord.gateway.ready.is_set() and world.slack.connected.is_set()
    return lines and world.bot.pid not in (None, before)


async def _until(happened: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await happened():
            await asyncio.sleep(LOOK_S)
