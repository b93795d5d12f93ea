"""The engine for a command: one that is running already, or else one in this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from engine import setup
from engine.contract.client import EngineClient
from engine.contract.errors import EngineAway
from engine.contract.events import Event
from engine.contract.orders import Job
from engine.engine import Engine
from engine.settings import Settings


class Paints(Protocol):
    """What a command needs of an engine, near or far."""

    def run(self, job: Job) -> AsyncIterator[Event]:
        """All events of a job up to its ending."""

    async def picture(self, job: str, cell: str) -> bytes:
        """A finished cell as PNG."""

    async def cancel(self, job: str) -> None:
        """Cancel it, or acknowledge its end."""


class LocalEngine:
    """An engine in this process, with the calls of EngineClient."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(self, job: Job) -> AsyncIterator[Event]:
        async for event in self._engine.submit(job).follow():
            if event is not None:
                yield event

    async def picture(self, job: str, cell: str) -> bytes:
        return self._engine.jobs[job].pictures[cell]

    async def cancel(self, job: str) -> None:
        self._engine.remove(job)


@contextlib.asynccontextmanager
async def engine_for(settings: Settings) -> AsyncIterator[Paints]:
    """A running engine if one answers. Raises EngineAway where one refuses us, or does not answer at ENGINE_URL."""
    token = settings.engine_token.get_secret_value() if settings.engine_token else None
    client = EngineClient(settings.engine_address, settings.engine_socket, token)
    try:
        await client.health()
    except EngineAway as error:
        await client.close()
        if settings.engine_url or error.there:
            raise
    else:
        try:
            yield client
        finally:
            await client.close()
        return
    engine, _ = setup.build(settings)
    painting = asyncio.create_task(engine.run())
    try:
        yield LocalEngine(engine)
    finally:
        painting.cancel()
        await asyncio.gather(painting, return_exceptions=True)
        await engine.close()
