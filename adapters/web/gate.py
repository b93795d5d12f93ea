"""The gate before every route: foreign requests are refused, and each answer gets the headers that keep a page safe.

Host is checked against DNS rebinding (a foreign name that resolves to this machine), Origin and Sec-Fetch-Site against
other sites' pages that send requests from this browser.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nothing inline, nothing from elsewhere, and no place where the page could turn a string into HTML.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_FOREIGN = "This request comes from another site's page and was refused."


class Gate:
    """ASGI middleware for a server that listens at `host`."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app, self._host = app, host.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = self._refusal(Headers(scope=scope))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer: ASGIApp = JSONResponse({"error": refusal}, 403) if refusal else self._app
        await answer(scope, receive, with_headers)

    def _refusal(self, headers: Headers) -> str | None:
        """Why a request is foreign, in one sentence; None if it is not."""
        host = headers.get("host", "")
        if not self._ours(name_in(host)):
            return "Tessera does not answer at this address. Open the one that it printed when it started."
        origin = headers.get("origin")
        if origin is not None and _place(origin) != host.lower():
            return _FOREIGN
        # A link on another site may open the page; that request carries no cookie, and the page then sends its own.
        navigates = headers.get("sec-fetch-mode") == "navigate"
        return _FOREIGN if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates else None

    def _ours(self, name: str) -> bool:
        """Loopback; where others may connect also this machine's own name and any IP address: none can be rebound."""
        if loopback(name):
            return True
        machine = socket.gethostname().lower()
        return not loopback(self._host) and (name in (self._host, machine, f"{machine}.local") or _is_address(name))


def loopback(name: str) -> bool:
    """Whether a host name or address means this machine alone."""
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def name_in(host: str) -> str:
    """The name in a Host header, in lower case, without its port; empty where it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _place(origin: str) -> str | None:
    """Host and port of an origin; None for the opaque one, `null`."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
