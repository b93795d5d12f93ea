"""Middleware before all routes: which requests the engine answers at all."""

import hmac

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = {"localhost", "127.0.0.1", "::1", "[::1]"}


class Guard:
    """ASGI middleware. `loopback`: only requests that name this machine as their host are answered."""

    def __init__(self, app: ASGIApp, token: str | None, *, loopback: bool) -> None:
        self._app, self._token, self._loopback = app, token, loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._refusal(Request(scope)) if scope["type"] == "http" else None
        await (response or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> JSONResponse | None:
        """Why a request is not answered: a page of another site must not reach an engine on this machine."""
        if self._loopback and (request.url.hostname or "") not in LOOPBACK:
            return refusal(403, "This engine answers requests to this machine only.")
        origin = request.headers.get("origin")
        if origin is not None and origin.split("//")[-1] != request.headers.get("host"):
            return refusal(403, "This engine does not answer pages from other sites.")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._token and not hmac.compare_digest(token.encode(), self._token.encode()):
            return refusal(401, "This engine asks for ENGINE_TOKEN; set the same one on both sides.")
        return None


def refusal(status: int, sentence: str) -> JSONResponse:
    """Why something is not done, in one sentence."""
    return JSONResponse({"detail": sentence}, status_code=status)
