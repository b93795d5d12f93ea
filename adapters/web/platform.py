"""The platform: serves the page until cancelled, and finds a talk again by its address."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from adapters.web.app import make_app
from adapters.web.conversation import Conversation
from adapters.web.gate import Gate, loopback
from adapters.web.server import Server, listen
from adapters.web.site import Site
from adapters.web.talk import WebTalk
from adapters.web.visitors import Visitors
from bot.chat import Core
from bot.errors import BotError

log = logging.getLogger(__name__)

UPKEEP_EVERY_S = 6 * 3600


class WebPlatform:
    name = "web"
    edits_per_minute = 600.0

    def __init__(
        self, folder: Path, *, host: str, port: int, token: str | None, keep_days: int = 0, most_mb: int = 20_000
    ) -> None:
        self.host, self.port, self.token, self.keep_days, self.most_mb = host, port, token, keep_days, most_mb
        self.conversation = Conversation(folder)
        self.address: str | None = None
        self.ready = asyncio.Event()

    async def run(self, core: Core) -> None:
        """Serve until cancelled. Raises BotError where the settings do not fit: no token off loopback, a taken port."""
        if self.token is None and not loopback(self.host):
            raise BotError(
                f"WEB_HOST is {self.host}, where others can reach the chat: set WEB_TOKEN to a token that they must"
                " enter, or leave WEB_HOST at 127.0.0.1."
            )
        await self._sweep()
        listener = listen(self.host, self.port)
        port = listener.getsockname()[1]
        visitors = Visitors(port, self.token, await self.conversation.key())
        app = Gate(make_app(Site(core, self.conversation, visitors)), self.host)
        self.address = f"http://{self._reachable()}:{port}"
        server = Server(app, started=self._announce, stopping=self.conversation.feed.close)
        self.conversation.feed.open()
        upkeep = asyncio.create_task(self._upkeep())
        try:
            await server.run_until_cancelled(listener)
        finally:
            upkeep.cancel()
            self.ready.clear()
            self.conversation.close()

    async def reopen(self, address: str) -> WebTalk:
        return WebTalk.at(address, self.conversation)

    async def forget(self, person: str) -> None:
        """Remove what the page keeps of a person: every message and picture of the conversation."""
        await self.conversation.forget(person)

    async def _upkeep(self) -> None:
        while True:
            await self._much_written()
            try:
                await self._sweep()
            except BotError:
                log.exception("old messages could not be removed; next try later")

    async def _much_written(self) -> None:
        """Wait until a tenth of the budget was written, which uploads can do in minutes; at most for some hours."""
        files = self.conversation.files
        with suppress(TimeoutError):
            async with asyncio.timeout(UPKEEP_EVERY_S):
                while files.written < self.most_mb * 100_000:
                    files.grown.clear()
                    await files.grown.wait()

    async def _sweep(self) -> None:
        self.conversation.files.written = 0
        await self.conversation.sweep(self.keep_days, self.most_mb * 1_000_000)

    def _reachable(self) -> str:
        """The host by which a person at this machine opens the page."""
        if self.host in ("0.0.0.0", "::"):
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host

    def _announce(self) -> None:
        # On standard output, once: it is what a person who has just typed `make run` looks for. Nobody may read there.
        with suppress(OSError):
            print(f"Tessera is at {self.address}", flush=True)  # noqa: T201  # for people
        self.ready.set()
