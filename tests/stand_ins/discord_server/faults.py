"""What goes wrong on the way: each fault waits for matching requests and hits the next `n` of them."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

Kind = Literal[
    "429",
    "429 without Via",
    "429 global",
    "429 for long",
    "429 without a time",
    "500",
    "502",
    "503",
    "413",
    "413 html",
    "403",
    "401",
    "cut",
    "lost",
]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RETRY_AFTER = 0.01
_LONG = 300.0
_VIA = {"Via": "1.1 google"}


@dataclass
class Fault:
    match: re.Pattern[str]
    kind: Kind
    left: int


class Faults:
    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, match: str, kind: Kind, n: int = 1) -> Fault:
        """`match` is a regular expression on "METHOD /path", the path without the API's base."""
        self._waiting = [fault for fault in self._waiting if fault.left]
        self._waiting.append(Fault(re.compile(match), kind, n))
        return self._waiting[-1]

    async def between(self, line: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = next((fault for fault in self._waiting if fault.left and fault.match.search(line)), None)
        if fault is None:
            return await handler(request)
        fault.left -= 1
        if fault.kind in ("cut", "lost"):
            if fault.kind == "lost":  # it was done, only nobody hears of it
                await handler(request)
            return _cut(request)
        await request.read()
        return _said(fault.kind)


def as_json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Exactly `application/json`: with a charset behind it discord.py does not read the body."""
    response = web.json_response(body, status=status, headers=headers)
    response.headers["Content-Type"] = "application/json"
    return response


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _said(kind: Kind) -> web.Response:
    if kind == "429 without Via":
        return web.Response(status=429, text="<html>banned</html>", content_type="text/html")
    if kind == "413 html":
        return web.Response(status=413, text="<html>too large</html>", content_type="text/html")
    status = int(kind.split()[0])
    if status == 429:
        limited = {"message": "You are being rate limited.", "retry_after": RETRY_AFTER, "global": "global" in kind}
        limited |= {"retry_after": _LONG} if kind == "429 for long" else {}
        if kind == "429 without a time":
            limited = {"message": "You are being blocked from accessing our API temporarily.", "code": 0}
        return as_json(limited, 429, _VIA)
    codes = {413: 40005, 403: 50013}
    return as_json({"code": codes.get(status, 0), "message": kind}, status)
