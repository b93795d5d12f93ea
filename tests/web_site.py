"""A served web chat for tests, and a visitor who talks to it over HTTP as the page does."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from adapters.web.platform import WebPlatform
from tests.web_core import ScriptedCore

_events = count(1)


@dataclass
class Site:
    platform: WebPlatform
    core: ScriptedCore
    address: str

    @asynccontextmanager
    async def visitor(self, **headers: str) -> AsyncGenerator["Visitor"]:
        """Somebody who has opened the page."""
        async with httpx.AsyncClient(base_url=self.address, headers=headers) as client:
            answer = await client.post("/hello", json={})
            assert answer.status_code == 200, answer.text
            yield Visitor(client, self)


@asynccontextmanager
async def served(
    folder: Path,
    core: ScriptedCore | None = None,
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
    port: int = 0,
    platform: WebPlatform | None = None,
) -> AsyncGenerator[Site]:
    """A web chat on a free port; it is stopped at the end as the bot stops it."""
    core = core or ScriptedCore()
    platform = platform or WebPlatform(folder, host=host, port=port, token=token)
    running = asyncio.create_task(platform.run(core))
    ready = asyncio.create_task(platform.ready.wait())
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ready.cancel()
        await running
    try:
        yield Site(platform, core, f"http://127.0.0.1:{str(platform.address).rpartition(':')[2]}")
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


class Visitor:
    def __init__(self, client: httpx.AsyncClient, site: Site) -> None:
        self.client, self._site = client, site

    async def say(self, text: str, event: str | None = None) -> httpx.Response:
        """Type a line, and wait until the core has answered it."""
        answer = await self.client.post("/say", json={"event": event or new_event(), "text": text})
        if self._site.core.steps is None:
            await self._site.core.answers()
        return answer

    async def press(self, press: str, **more: Any) -> httpx.Response:
        return await self.client.post("/press", json={"event": new_event(), "press": press, **more})

    async def shown(self) -> list[dict[str, Any]]:
        """What a page that is opened now shows."""
        async with self.stream() as events:
            name, _, data = await anext(events)
        assert name == "page"
        messages: list[dict[str, Any]] = data["messages"]
        return messages

    @asynccontextmanager
    async def stream(self, seen: int | None = None) -> AsyncGenerator[AsyncIterator[tuple[str, int, Any]]]:
        """The stream of (event, id, data), as a browser that has seen up to `seen` gets it."""
        headers = {} if seen is None else {"Last-Event-ID": str(seen)}
        async with self.client.stream("GET", "/events", headers=headers) as answer:
            assert answer.status_code == 200
            yield _events_of(answer)


def new_event() -> str:
    return f"{next(_events):032x}"


async def _events_of(answer: httpx.Response) -> AsyncIterator[tuple[str, int, Any]]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if not line:
            if "data" in fields:
                yield fields["event"], int(fields["id"]), json.loads(fields["data"])
            fields = {}
        else:
            name, _, value = line.partition(": ")
            fields[name] = value
