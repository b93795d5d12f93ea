"""Slack as a chat platform: connected by Socket Mode or by signed requests, for ever, with back-off."""

import asyncio
import logging
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from adapters.slack.address import Address
from adapters.slack.errors import NeverWorks, TokenRefused
from adapters.slack.hearing import Hearing
from adapters.slack.people import PLATFORM, People
from adapters.slack.port import Port
from adapters.slack.talk import SlackTalk
from adapters.slack.timing import Timing
from adapters.slack.web import Web
from bot.chat import Core, Talk
from bot.errors import DeliveryError

_log = logging.getLogger(__name__)
_PATH = "/slack/events"


def _news(record: logging.LogRecord) -> bool:
    """All but a false alarm: the framework wonders at a token in the environment that it does not use itself."""
    return "`token` will be unused" not in record.getMessage()


class Slack:
    """Implements `bot.chat.Platform`. `port` is where signed requests arrive when there is no `app_token`.

    `ready` is set while Slack can reach us; `listening` is the port that was really opened.
    """

    name = PLATFORM
    # chat.update is a method of Slack's tier 3: about 50 a minute in a workspace
    edits_per_minute = 50.0

    def __init__(
        self,
        bot_token: str,
        *,
        app_token: str | None = None,
        signing_secret: str | None = None,
        host: str = "0.0.0.0",
        port: int = 3000,
        api_url: str | None = None,
        moderators: tuple[str, ...] = (),
        timing: Timing | None = None,
    ) -> None:
        self._timing = timing or Timing()
        self._app_token, self._secret, self._host, self._port = app_token, signing_secret, host, port
        self._web = Web(bot_token, api_url, self._timing.retry)
        self._people = People(self._web, self._timing, moderators)
        self._tasks: set[asyncio.Task[dict[str, Any]]] = set()
        self.ready = asyncio.Event()
        self.listening: int | None = None

    async def run(self, core: Core) -> None:
        """Raises NeverWorks for settings that can never work; everything else is tried again."""
        if not self._app_token and not self._secret:
            raise NeverWorks("Slack needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (signed requests).")
        async with self._web.kept_open():
            await self._introduce()
            app = self._app(Hearing(core, self._web, self._people, self._timing))
            try:
                await (self._by_socket(app) if self._app_token else self._by_requests(app))
            finally:
                self.ready.clear()

    async def reopen(self, address: str) -> Talk:
        return SlackTalk(self._web, self._timing, Address.load(address))

    async def _introduce(self) -> None:
        """Ask Slack who we are there and what we may do."""
        answer = await self._patiently("auth_test", "SLACK_BOT_TOKEN")
        me = self._web.me
        me.team, me.user, me.bot = answer["team_id"], answer["user_id"], answer.get("bot_id") or ""
        me.name = answer.get("user") or me.name
        scopes = next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), None)
        me.scopes = None if scopes is None else frozenset(scope.strip() for scope in scopes.split(","))

    def _app(self, hearing: Hearing) -> AsyncApp:
        async def who() -> AuthorizeResult:
            me = self._web.me
            return AuthorizeResult(enterprise_id=None, team_id=me.team, bot_user_id=me.user, bot_id=me.bot)

        async def take(body: dict[str, Any]) -> BoltResponse:
            return BoltResponse(status=200, body=await self._in_time(hearing, body))

        secret = None if self._app_token else self._secret
        logging.getLogger("slack_bolt.AsyncApp").addFilter(_news)
        app = AsyncApp(
            client=self._web.nobody,
            authorize=who,
            signing_secret=secret or "",
            request_verification_enabled=secret is not None,
        )
        # Not a listener: the framework takes an acknowledgement back when a listener fails after it.
        app.middleware(take)
        return app

    async def _in_time(self, hearing: Hearing, body: dict[str, Any]) -> dict[str, Any] | str:
        """The answer to one payload, at the latest when Slack's patience ends; the hearing itself goes on."""
        task = asyncio.create_task(hearing.take(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=self._timing.ack)
        return task.result() or "" if done else ""

    async def _finish(self) -> None:
        """Before the connection goes: what is being heard is committed and acknowledged first."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._timing.ack)
        for task in self._tasks:
            task.cancel()

    async def _by_socket(self, app: AsyncApp) -> None:
        while True:
            url = await self._patiently("apps_connections_open", "SLACK_APP_TOKEN", app_token=self._app_token)
            handler = AsyncSocketModeHandler(
                app, self._app_token, web_client=self._web.sure, ping_interval=self._timing.ping
            )
            handler.client.wss_uri = url["url"]
            try:
                await self._stay_connected(handler)
            finally:
                await self._finish()
                await handler.close_async()  # type: ignore[no-untyped-call] # the SDK gives it no types

    async def _stay_connected(self, handler: AsyncSocketModeHandler) -> None:
        """Returns when the client has been without a connection for so long that it will not come back by itself."""
        try:
            await asyncio.wait_for(handler.connect_async(), self._timing.silence)  # type: ignore[no-untyped-call] # as above
        except TimeoutError:
            return
        _log.info("Slack: connected by Socket Mode as @%s", self._web.me.name)
        self.ready.set()
        silence = 0.0
        while silence < self._timing.silence:
            await asyncio.sleep(self._timing.ping)
            silence = 0.0 if await handler.client.is_connected() else silence + self._timing.ping
        _log.warning("Slack: no connection for %.0f s, starting over", silence)

    async def _by_requests(self, app: AsyncApp) -> None:
        port = Port(app.web_app(path=_PATH), self._secret or "")
        try:
            await self._listen(port)
            self.ready.set()
            await asyncio.Event().wait()
        finally:
            await self._finish()
            await port.close()

    async def _listen(self, port: Port) -> None:
        wait = self._timing.backoff
        while True:
            try:
                self.listening = await port.open(self._host, self._port)
            except OSError as error:
                _log.warning("Slack: port %d cannot be opened (%s), again in %.0f s", self._port, error.strerror, wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, self._timing.backoff_most)
                continue
            _log.info("Slack: listening for signed requests on port %d, path %s", self.listening, _PATH)
            return

    async def _patiently(self, method: str, setting: str, **arguments: Any) -> Any:
        """Call until Slack answers; a refused token is the one thing that waiting does not mend."""
        wait = self._timing.backoff
        while True:
            try:
                return await self._web.call_once(method, **arguments)
            except TokenRefused as error:
                raise NeverWorks(f"{setting} does not work. {error}") from None
            except DeliveryError as error:
                _log.warning("Slack: %s Again in %.0f s.", error, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, self._timing.backoff_most)
