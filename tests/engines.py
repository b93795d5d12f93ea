"""Engines for tests: the real one over painters that can be made to fail at a given picture."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from engine import server
from engine.contract.events import Event
from engine.contract.ids import new_id
from engine.contract.orders import Job, MakeGrid
from engine.engine import Engine
from engine.painter import FakePainter, Painted, Pixels
from engine.planner import Planner
from engine.pool import Pool
from engine.running import Running
from engine.settings import Settings
from engine.wave import Wave


class TouchyPainter(FakePainter):
    """FakePainter that remembers its waves and fails where `fails(wave)` gives an error; `withhold` names seeds."""

    def __init__(self, fails: Callable[[Wave], Exception | None] = lambda _wave: None) -> None:
        super().__init__()
        self.begun: list[Wave] = []
        self.steps = 0
        self.fails = fails
        self.withhold: set[int] = set()
        self.at_step: Callable[[], None] = lambda: None

    async def begin(self, wave: Wave) -> int:
        self.begun.append(wave)
        error = self.fails(wave)
        if error:
            raise error
        return await super().begin(wave)

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        self.steps += 1
        self.at_step()
        return await super().step(wave, preview=preview)

    async def finish(self, wave: int) -> list[Painted]:
        rows = next(w for w in self.begun if w.id == wave).rows
        painted: Sequence[Painted] = await super().finish(wave)
        if not self.withhold:
            return list(painted)
        return [
            Painted(None, "unsafe") if row.seed in self.withhold else picture
            for row, picture in zip(rows, painted, strict=True)
        ]


def grid(prompt: str = "a cat wearing neon-glasses", **options: Any) -> Job:
    turn = options.pop("turn", 0)
    options.setdefault("seed", 7)
    return Job(id=new_id(), turn=turn, work=MakeGrid(prompt=prompt, **options))


@contextlib.asynccontextmanager
async def running_engine(folder: Path, painter: FakePainter | Pool, most: int = 16) -> AsyncIterator[Engine]:
    engine = Engine(Planner(Settings(data_dir=folder, profile="embedded", _env_file=None), "embedded"), painter, most)
    painting = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        painting.cancel()
        await asyncio.gather(painting, return_exceptions=True)
        await engine.close()


@contextlib.asynccontextmanager
async def over_http(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the engine's own routes."""
    transport = httpx.ASGITransport(server.app(engine, "no device"))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def events(running: Running) -> list[Event]:
    """All events up to the ending."""
    return [event async for event in running.follow() if event is not None]
