"""uvicorn inside the bot's own loop: no signal handlers, no log of addresses, an end when the task is cancelled."""

import asyncio
import contextlib
import errno
import socket
import time
from asyncio import Transport
from collections.abc import Callable, Generator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.errors import BotError

# Streams end by themselves when the feed closes; what still hangs after this many seconds is cut.
PATIENCE_S = 2
# Connections at once. Each is an open file, of which a process has 1024, and the bot needs some for everything else.
MOST = 500
# Seconds that a connection may take to say what it wants.
SILENT_S = 15.0


class Counted(H11Protocol):
    """A connection; one too many is closed."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.abort()


class Server(uvicorn.Server):
    """Serves one app on one socket. `started` is called once connections are taken, `stopping` before they are cut."""

    def __init__(self, app: Any, *, started: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Counted,
                # Python opens so many before it shows us the first of them.
                backlog=100,
                log_config=None,
                log_level="warning",
                access_log=False,
                lifespan="off",
                # Who is on loopback is decided by the connection itself, never by a header.
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=PATIENCE_S,
            )
        )
        self._when_started, self._stopping = started, stopping
        self._silent: dict[Any, float] = {}

    async def run_until_cancelled(self, listener: socket.socket) -> None:
        """Serve; when this task is cancelled, let open answers end, then raise CancelledError."""
        task = asyncio.create_task(self.serve([listener]))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            self._stopping()
            self.should_exit = True
            await task
            raise

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whoever asks for nothing makes room for others."""
        now = time.monotonic()
        silent = [one for one in self.server_state.connections if one.cycle is None or one.cycle.response_complete]  # type: ignore[union-attr]
        self._silent = {one: self._silent.get(one, now) for one in silent}
        for one, since in self._silent.items():
            if now - since > SILENT_S:
                one.transport.close()
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the bot, whose other platforms need them too."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._when_started()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises BotError with the setting to change where there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise BotError(_why(host, port, error)) from error


def _why(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program: stop it, or set WEB_PORT to a free port."
    if number == errno.EACCES:
        return f"Port {port} needs administrator rights: set WEB_PORT to one above 1023."
    return f"The web chat cannot listen on {host}, port {port} ({error}): check WEB_HOST and WEB_PORT."
