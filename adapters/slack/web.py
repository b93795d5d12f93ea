"""Slack's Web API as this adapter calls it: one way for calls that may be repeated, one for calls that may not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.http_retry.builtin_interval_calculators import BackoffRetryIntervalCalculator
from slack_sdk.http_retry.jitter import Jitter
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import FOREIGN, translate
from bot.errors import PlatformAway, TooLarge

_TRIES = 3
_FRESH_S = 10


@dataclass
class Identity:
    """Who the app is in its workspace, as `auth.test` says. `scopes` is None until Slack has named them."""

    team: str = ""
    user: str = ""
    bot: str = ""
    name: str = "tessera"
    scopes: frozenset[str] | None = None


class Web:
    """Calls by the client's method names, such as `chat_postMessage`; every failure is one of `bot.errors`."""

    def __init__(self, token: str, url: str | None, retry: float) -> None:
        self.me = Identity()
        base = self.base = url or AsyncWebClient.BASE_URL
        self.sure = AsyncWebClient(token, base, retry_handlers=_repeatable(retry))
        self._fresh = AsyncWebClient(token, base, timeout=_FRESH_S, retry_handlers=[])
        self._once = AsyncWebClient(token, base, retry_handlers=_not_yet_done(retry))
        # without a token: it is for the framework, which is told by `authorize` who it is
        self.nobody = AsyncWebClient(base_url=base)

    @asynccontextmanager
    async def kept_open(self) -> AsyncIterator[None]:
        """Inside it, repeatable calls share their connections. The others open one each: a kept one may be dead."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self.sure.timeout)) as session:
            self.sure.session = session
            try:
                yield
            finally:
                self.sure.session = None

    async def call(self, method: str, **arguments: Any) -> Any:
        """A call that changes nothing when it is made twice: repeated after limits, 5xx and cut connections."""
        return await self._call(self.sure, method, arguments)

    async def call_once(self, method: str, **arguments: Any) -> Any:
        """A call that must not be made twice: repeated only where Slack has certainly not carried it out."""
        return await self._call(self._once, method, arguments)

    async def call_fresh(self, method: str, **arguments: Any) -> Any:
        """A call whose content is soon out of date: never repeated, so that no old state waits in a newer one's way."""
        return await self._call(self._fresh, method, arguments)

    async def upload(self, url: str, data: bytes) -> None:
        """Send a file's bytes to the address that `files.getUploadURLExternal` gave."""
        try:
            answer = await self.sure._upload_file(  # noqa: SLF001 - the SDK's public upload hides the file's id until the end
                url=url, data=data, logger=self.sure.logger, timeout=120, proxy=self.sure.proxy, ssl=self.sure.ssl
            )
        except FOREIGN as error:
            raise translate(error, self.me.name) from error
        if answer.status == 413:  # noqa: PLR2004 - HTTP's own number for a body that is too large
            raise TooLarge("The file is too large for Slack.")
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number for success
            raise PlatformAway(f"Slack did not accept the file (status {answer.status}).")

    async def _call(self, client: AsyncWebClient, method: str, arguments: dict[str, Any]) -> Any:
        try:
            return await getattr(client, method)(**arguments)
        except FOREIGN as error:
            raise translate(error, self.me.name) from error


class _AnyServerError(AsyncServerErrorRetryHandler):
    """The SDK's handler knows 500 and 503; proxies in between answer 502 and 504."""

    async def _can_retry_async(self, *, response: Any = None, **_: Any) -> bool:
        return response is not None and response.status_code >= 500  # noqa: PLR2004 - HTTP's faults of the server


class _Steady(Jitter):
    """One process calls, so nothing has to be spread out; the SDK's own adds up to a second."""

    def recalculate(self, duration: float) -> float:
        return duration


def _repeatable(retry: float) -> list[AsyncRetryHandler]:
    pace = BackoffRetryIntervalCalculator(retry, _Steady())
    return [
        AsyncRateLimitErrorRetryHandler(_TRIES),
        _AnyServerError(_TRIES, pace),
        AsyncConnectionErrorRetryHandler(_TRIES, pace),
    ]


def _not_yet_done(retry: float) -> list[AsyncRetryHandler]:
    pace = BackoffRetryIntervalCalculator(retry, _Steady())
    return [
        AsyncRateLimitErrorRetryHandler(_TRIES),
        AsyncConnectionErrorRetryHandler(_TRIES, pace, error_types=[aiohttp.ClientConnectorError]),
    ]


__all__ = ["Identity", "Web"]
