"""A whole bot process for tests, with a chat that outlives it in a file. It kills itself with SIGKILL at one stage.

`python -m tests.killed_bot DATA_DIR ENGINE_URL STAGE` hears one command and ends once its grid is delivered.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from itertools import count
from pathlib import Path
from typing import Any

from bot.__main__ import core
from bot.chat import Message
from bot.settings import Settings
from engine.contract.client import EngineClient
from engine.contract.events import Event, GridMade, PicturePainted
from engine.contract.orders import Job
from tests.fake_talk import ANNA, FakeChat, FakePlatform, Posted, heard

# Calls of the platform, and moments of the engine's stream.
CALLS = ("acknowledge", "can_post", "say", "said", "limits", "post", "uploaded", "posted", "last word")
MOMENTS = ("lent", "planned", "painting", "saved")
STAGES = (*CALLS, *MOMENTS)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class KeptChat(FakeChat):
    """A chat whose messages are on disk before the bot hears that they were posted."""

    def __init__(self, path: Path, stage: str) -> None:
        super().__init__()
        self._path, self._stage = path, stage
        for line in path.read_text().splitlines() if path.exists() else []:
            known = json.loads(line)
            message = Message(known.pop("text"))
            if known.keys() == {"id"}:
                self.messages[known["id"]].message = message
            else:
                self.messages[known["id"]] = Posted(**known, message=message)
        self._ids = count(len(self.messages) + 1)

    async def enter(self, call: str) -> None:
        last_word = call == "update" and bool(self.posts())
        if call == self._stage or (last_word and self._stage == "last word"):
            die()
        await super().enter(call)

    def add(self, channel: str, kind: str, key: str, message: Message) -> Posted:
        posted = super().add(channel, kind, key, message)
        self._keep(id=posted.id, channel=channel, kind=kind, key=key, text=message.text)
        return posted

    def edit(self, own: str, message: Message) -> None:
        super().edit(own, message)
        self._keep(id=own, text=message.text)

    def _keep(self, **known: str) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(known) + "\n")
            file.flush()
            os.fsync(file.fileno())


class DyingClient(EngineClient):
    """The real client; the bot dies between two events."""

    stage = ""

    async def run(self, job: Job) -> AsyncGenerator[Event]:
        self._die_at("lent")
        pictures = 0
        async for event in EngineClient.run(self, job):
            pictures += isinstance(event, PicturePainted)
            if isinstance(event, GridMade):
                self._die_at("saved")
            elif pictures == 1:
                self._die_at("planned")
            elif pictures == 5:
                self._die_at("painting")
            yield event

    def _die_at(self, stage: str) -> None:
        if self.stage == stage:
            die()


async def main(data: Path, url: str, stage: str) -> None:
    given: dict[str, Any] = {"_env_file": None, "data_dir": data, "engine_url": url}
    settings = Settings(**given)
    client = DyingClient(url, settings.engine_socket)
    client.stage = stage
    chat = KeptChat(data / "chat.jsonl", stage)
    app = await core(settings, {"fake": FakePlatform(chat)}, client=client)
    await app.start()
    await app.hear(heard(chat, ANNA, "/grid prompt:a cat wearing neon-glasses blocks:2", event="once"))
    async with asyncio.timeout(60):
        while not await app.parts.database.one("SELECT 1 FROM jobs WHERE state = 'delivered' AND told = 1"):  # noqa: ASYNC110  # rows have no event to wait for
            await asyncio.sleep(0.01)
    await app.stop()
    await app.parts.database.close()
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
