"""Refuses requests that Slack did not sign, before anything reads what is in them."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Callable

from aiohttp import web as http
from aiohttp.typedefs import Handler, Middleware

# Slack's own advice: an older request may be a recorded one that somebody sends again.
_OLDEST_S = 300
_SECONDS = re.compile("[0-9]{1,12}")


def only_signed(secret: str, came: Callable[[asyncio.BaseProtocol], None]) -> Middleware:
    """Lets signed requests through; everybody else gets 401. `came` is told on which connection one came."""

    @http.middleware
    async def gate(request: http.Request, handler: Handler) -> http.StreamResponse:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not _recent(stamp) or not _signed(secret, stamp, await _body(request), signature):
            raise http.HTTPUnauthorized
        came(request.protocol)
        return await handler(request)

    return gate


async def _body(request: http.Request) -> bytes:
    try:
        return await request.read()
    except ConnectionError as error:
        # Whoever breaks off is no fault of ours for the log.
        raise http.HTTPBadRequest from error


def _recent(stamp: str) -> bool:
    return bool(_SECONDS.fullmatch(stamp)) and abs(time.time() - int(stamp)) <= _OLDEST_S


def _signed(secret: str, stamp: str, body: bytes, signature: str) -> bool:
    """Compared in constant time. https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    expected = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={expected}".encode(), signature.encode("utf-8", "surrogateescape"))
