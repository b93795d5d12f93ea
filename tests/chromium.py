"""Drives Debian's headless Chromium over the DevTools protocol: as much of it as the tests of the page need."""

import asyncio
import base64
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    *("--hide-scrollbars", "--remote-debugging-port=0", "about:blank"),
)
PATIENCE_MS = 10_000
SETTLING_MS = 30  # longer than a frame: by then the page has followed what grew

# name of a key → (code, text, virtual key code)
KEYS = {
    "Enter": ("Enter", "\r", 13),
    "Tab": ("Tab", "", 9),
    "Escape": ("Escape", "", 27),
    "ArrowLeft": ("ArrowLeft", "", 37),
    "ArrowUp": ("ArrowUp", "", 38),
    "ArrowRight": ("ArrowRight", "", 39),
    "ArrowDown": ("ArrowDown", "", 40),
}


@contextmanager
def chromium(profile: Path) -> Generator[str]:
    """A running browser with a profile of its own; the address of its debugger."""
    assert CHROMIUM
    command = [CHROMIUM, f"--user-data-dir={profile}", *FLAGS]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            found = None
            while found is None:
                line = process.stderr.readline()
                assert line, "Chromium ended before its debugger listened"
                found = re.search(r"DevTools listening on (ws://\S+)", line)
            # What it writes afterwards is read away, or it would wait once the pipe is full.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield found[1]
        finally:
            process.terminate()
            process.wait()


@asynccontextmanager
async def page(debugger: str, address: str, **media: Any) -> AsyncGenerator["Page"]:
    """A page in a context of its own, so without anybody's cookies, at this address."""
    async with ClientSession() as session, session.ws_connect(debugger, max_msg_size=0) as line:
        opened = Page(line)
        reading = asyncio.create_task(opened.read())
        try:
            await opened.open(address, **media)
            yield opened
            await opened.call("Target.disposeBrowserContext", {"browserContextId": opened.context}, whole=True)
        finally:
            reading.cancel()


class Page:
    def __init__(self, line: ClientWebSocketResponse, first: "Page | None" = None) -> None:
        self._line = line
        self._numbers: Iterator[int] = first._numbers if first else count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = first._waiting if first else {}
        self._session: str | None = None
        self.context: str = first.context if first else ""
        self.complaints: list[str] = []

    async def read(self) -> None:
        async for message in self._line:
            data = json.loads(message.data)
            if "id" in data:
                self._waiting.pop(data["id"]).set_result(data)
            elif data["method"] == "Log.entryAdded" and data["params"]["entry"]["level"] == "error":
                self.complaints.append(data["params"]["entry"]["text"])
            elif data["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(data["params"]["exceptionDetails"]))

    async def open(self, address: str, *, scheme: str = "light", width: int = 1100, height: int = 800) -> None:
        self.context = (await self.call("Target.createBrowserContext", {}))["browserContextId"]
        await self._attach()
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", size)
        media = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in media.items()]
        await self.call("Emulation.setEmulatedMedia", {"features": features})
        await self.go(address)

    @asynccontextmanager
    async def beside(self, address: str) -> AsyncGenerator["Page"]:
        """A second window of the same person."""
        other = Page(self._line, self)
        await other._attach()
        await other.go(address)
        yield other

    async def _attach(self) -> None:
        target = await self.call(
            "Target.createTarget", {"url": "about:blank", "browserContextId": self.context}, whole=True
        )
        attached = await self.call(
            "Target.attachToTarget", {"targetId": target["targetId"], "flatten": True}, whole=True
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable", {})

    async def go(self, address: str) -> None:
        await self.call("Page.navigate", {"url": address})
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def call(self, method: str, params: dict[str, Any], *, whole: bool = False) -> dict[str, Any]:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        order: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session and not whole:
            order["sessionId"] = self._session
        await self._line.send_json(order)
        answer = await self._waiting[number]
        assert "error" not in answer, f"{method}: {answer['error']}"
        return dict(answer["result"])

    async def js(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        params = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = await self.call("Runtime.evaluate", params)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait, in the page, until an expression is true; its value. Survives the page being left meanwhile."""
        script = f"""new Promise((done, fail) => {{
            const end = performance.now() + {PATIENCE_MS};
            const look = () => {{
                const value = ({expression});
                if (value) done(value);
                else if (performance.now() > end) fail(new Error("in vain; the page: " + document.body?.innerText));
                else setTimeout(look, 20);
            }};
            look();
        }})"""
        try:
            return await self.js(script)
        except AssertionError as error:
            if "context was destroyed" in str(error) or "navigated" in str(error):
                return await self.until(expression)
            raise

    async def click(self, selector: str) -> None:
        """A click of the mouse in the middle of the first element that matches."""
        place = await self.point(selector)
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, **place, "button": "left", "clickCount": 1}
            await self.call("Input.dispatchMouseEvent", event)

    async def point(self, selector: str) -> dict[str, float]:
        """Move the mouse to the middle of the first element that matches; again where the page moved meanwhile."""
        found = f"document.querySelector({json.dumps(selector)})"
        middle = (
            f"(() => {{ const r = {found}.getBoundingClientRect();"
            " return {x: r.x + r.width / 2, y: r.y + r.height / 2} })()"
        )
        await self.until(found)
        end = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < end:
            await self.js(f"{found}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
            place = await self.js(middle)
            await self.call("Input.dispatchMouseEvent", {"type": "mouseMoved", **place})
            await self.js(f"new Promise((done) => setTimeout(done, {SETTLING_MS}))")
            if await self.js(f"{found}.matches(':hover')") and await self.js(middle) == place:
                return dict(place)
        raise AssertionError(f"{selector} does not come to rest under the mouse")

    async def type(self, text: str) -> None:
        await self.call("Input.insertText", {"text": text})

    async def press(self, key: str) -> None:
        code, text, number = KEYS[key]
        event = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        await self.call("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **event})
        await self.call("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    async def screenshot(self, path: Path) -> None:
        shot = await self.call("Page.captureScreenshot", {"format": "png"})
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))
