"""The core over a folder, a fake chat and a fake engine; it can be killed and started again over what is left."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from bot.__main__ import core
from bot.app import App
from bot.chat import Person, Place
from bot.jobs import JobRow, job_row
from bot.settings import Settings
from engine.contract.client import EngineClient
from tests.fake_engine import FakeEngine
from tests.fake_talk import LOBBY, FakeChat, FakePlatform, heard, pressed

OPEN = """
SELECT (SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL OR told = 0)
    + (SELECT COUNT(*) FROM received WHERE body IS NOT NULL)
"""


class Rig:
    app: App

    def __init__(self, folder: Path, wave: int, **settings: Any) -> None:
        # An ENGINE_URL keeps the bot from starting a real engine.
        given = {"data_dir": folder, "engine_url": "http://fake", **settings}
        self.settings = Settings(**{"_env_file": None, **given})
        self.chat = FakeChat()
        self.engine = FakeEngine(wave=wave)
        self.now = 1_000_000.0

    async def start(self) -> None:
        self.app = await self.core()
        await self.app.start()

    async def core(self) -> App:
        platforms = {"fake": FakePlatform(self.chat)}
        return await core(self.settings, platforms, client=cast("EngineClient", self.engine), clock=lambda: self.now)

    async def kill(self) -> None:
        """As kill -9 leaves it: nothing may be written any more, then everything stops."""
        logging.disable()
        await self.app.parts.database.close()
        await self.app.stop()
        logging.disable(logging.NOTSET)

    async def stop(self) -> None:
        await self.app.stop(5.0)
        await self.app.parts.database.close()

    async def hear(self, person: Person, text: str, *, place: Place = LOBBY, event: str | None = None) -> None:
        await self.app.hear(heard(self.chat, person, text, place=place, event=event))

    async def press(self, person: Person, press: str, **more: Any) -> None:
        await self.app.press(pressed(self.chat, person, press, **more))

    async def settled(self, seconds: float = 60.0) -> None:
        """Wait until everything that was heard is answered and every job's end is told."""
        async with asyncio.timeout(seconds):
            while await self.count(OPEN) or self.app._tasks:
                if self.app._tasks:
                    await asyncio.wait(self.app._tasks, timeout=0.05)
                await asyncio.sleep(0)

    async def idle(self) -> None:
        """Wait until what was heard is answered, whatever the jobs do."""
        await self.until("SELECT COUNT(*) = 0 FROM received WHERE body IS NOT NULL")

    async def until(self, sql: str, **values: Any) -> None:
        """Wait until the statement's answer is not 0."""
        async with asyncio.timeout(60):
            while not await self.count(sql, **values):  # noqa: ASYNC110  # rows have no event to wait for
                await asyncio.sleep(0)

    async def count(self, sql: str, **values: Any) -> int:
        row = await self.app.parts.database.one(sql, **values)
        assert row is not None
        return int(row[0])

    async def jobs(self) -> list[JobRow]:
        return [job_row(row) for row in await self.app.parts.database.read("SELECT * FROM jobs ORDER BY number")]


@asynccontextmanager
async def rig(folder: Path, *, wave: int = 1, **settings: Any) -> AsyncIterator[Rig]:
    made = Rig(folder, wave, **settings)
    await made.start()
    try:
        yield made
    finally:
        await made.kill()
