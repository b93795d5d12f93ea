"""What both processes say of themselves while they run: memory, open files, tasks, read from their /metrics."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.soak.world import World

EVERY_S = 1.0
LINE = re.compile(r"^(\w+) ([0-9.e+-]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """`life` tells processes apart (when it began); `kept` are the jobs that an engine remembers."""

    at: float
    jobs: int
    who: str
    life: float
    memory: int
    files: int
    tasks: int
    kept: int = 0


@dataclass
class Probe:
    world: World
    samples: list[Sample] = field(default_factory=list)

    async def run(self) -> None:
        """A sample of each process every second until cancelled."""
        async with self._clients() as (bot, engine):
            while True:
                self.samples += await self._look(bot, engine)
                await asyncio.sleep(EVERY_S)

    async def idle(self) -> dict[str, Sample]:
        """A sample of each process now."""
        async with self._clients() as (bot, engine):
            return {sample.who: sample for sample in await self._look(bot, engine)}

    def of(self, who: str) -> list[Sample]:
        return [sample for sample in self.samples if sample.who == who]

    def curve(self, who: str, points: int = 50) -> list[tuple[int, int]]:
        """Jobs that had ended by then and bytes, of every process with this name one after the other."""
        samples = self.of(who)
        return [(sample.jobs, sample.memory) for sample in samples[:: max(1, len(samples) // points)]]

    def _clients(self) -> "_Clients":
        data = self.world.bot.folder / "data"
        bot = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.world.bot.web_port}", trust_env=False)
        transport = httpx.AsyncHTTPTransport(uds=str(data / "engine.sock"))
        return _Clients(bot, httpx.AsyncClient(base_url="http://localhost", transport=transport, trust_env=False))

    async def _look(self, bot: httpx.AsyncClient, engine: httpx.AsyncClient) -> list[Sample]:
        samples = [await self._ask(bot, "bot"), await self._ask(engine, "engine")]
        return [sample for sample in samples if sample is not None]

    async def _ask(self, client: httpx.AsyncClient, who: str) -> Sample | None:
        """None while it does not answer."""
        try:
            # Each on a connection of its own: one that is kept would be an open file of theirs.
            answer = await client.get("/metrics", headers={"Connection": "close"}, timeout=5)
            numbers = {name: float(value) for name, value in LINE.findall(answer.text)}
            return Sample(
                at=round(self.world.asks.now(), 1),
                jobs=self.world.asks.ended,
                who=who,
                life=numbers["process_start_time_seconds"],
                memory=int(numbers["process_resident_memory_bytes"]),
                files=int(numbers["process_open_fds"]),
                tasks=int(numbers["tessera_tasks" if who == "bot" else "tessera_engine_tasks"]),
                kept=int(numbers.get("tessera_engine_kept", 0)),
            )
        except (httpx.HTTPError, KeyError):
            return None


@dataclass
class _Clients:
    bot: httpx.AsyncClient
    engine: httpx.AsyncClient

    async def __aenter__(self) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
        return self.bot, self.engine

    async def __aexit__(self, *_: object) -> None:
        await self.bot.aclose()
        await self.engine.aclose()


async def settled(idle: Callable[[], Awaitable[dict[str, Sample]]], before: dict[str, Sample], seconds: float) -> Any:
    """The idle sample once it has come down to the one before the work, or the last within so many seconds."""
    for _ in range(int(seconds)):
        now = await idle()
        if all(who in now and _as_small(now[who], before[who]) for who in before):
            return now
        await asyncio.sleep(1)
    return await idle()


def _as_small(now: Sample, before: Sample) -> bool:
    return now.files <= before.files and now.tasks <= before.tasks and now.kept == 0
