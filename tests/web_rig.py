"""The core behind the real web chat, and a visitor of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

from adapters.web.platform import WebPlatform
from bot.__main__ import core
from engine.contract.client import EngineClient
from tests.bot_rig import Rig
from tests.web_core import ScriptedCore
from tests.web_site import Visitor, new_event, served


class WebRig(Rig):
    """A kill takes the page's server away, too; the conversation stays in the folder."""

    visitor: Visitor

    async def start(self) -> None:
        platform = WebPlatform(self.settings.data_dir / "web", host="127.0.0.1", port=0, token=None)
        engine = cast("EngineClient", self.engine)
        self.app = await core(self.settings, {"web": platform}, client=engine, clock=lambda: self.now)
        await self.app.start()
        self.connection = AsyncExitStack()
        scripted = cast("ScriptedCore", self.app)
        site = await self.connection.enter_async_context(served(Path(), scripted, platform=platform))
        self.visitor = await self.connection.enter_async_context(site.visitor())

    async def kill(self) -> None:
        await super().kill()
        await self.connection.aclose()

    async def say(self, text: str) -> None:
        answer = await self.visitor.client.post("/say", json={"event": new_event(), "text": text})
        assert answer.status_code == 204

    async def click(self, message: dict[str, Any], label: str, **values: str) -> None:
        """Press a button by its label, or send the form that the message is."""
        press = message["form"]["press"] if "form" in message else _press(message, label)
        await self.visitor.press(press, message=message["id"], values=values)

    async def shown(self, fits: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The newest message that fits, as soon as the page shows one."""
        async with self.visitor.stream() as events:
            async for _, _, data in events:
                found = [each for each in data["messages"] if not each.get("deleted") and fits(each)]
                if found:
                    return dict(found[-1])
        raise AssertionError("the stream ended")


@asynccontextmanager
async def web_rig(folder: Path) -> AsyncIterator[WebRig]:
    made = WebRig(folder, 4)
    await made.start()
    try:
        yield made
    finally:
        await made.kill()


def _press(message: dict[str, Any], label: str) -> str:
    return next(str(button["press"]) for button in message["buttons"] if button["label"] == label)
