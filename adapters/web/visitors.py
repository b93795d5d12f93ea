"""Persons by their cookie: a random secret and, where a token is set, the proof of having given it.

A person's id is a hash of that secret, so that the id may be stored and logged. No list of persons is kept.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections import defaultdict, deque

from starlette.requests import Request
from starlette.responses import Response

from adapters.web.gate import loopback, name_in

YEAR_S = 365 * 24 * 3600
# Wrong tokens that one address may give in a minute.
TRIES = 10

_SECRET = re.compile("[0-9a-f]{64}")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class Visitors:
    """Who a request comes from, for a server on `port` that asks for `token`, or for none.

    With a `key` that nobody else knows, no proof can be made of a guess: tokens can be tried only where tries count.
    """

    def __init__(self, port: int, token: str | None, key: bytes) -> None:
        self._token, self._key = token, key
        # Cookies are shared by all ports of a host: two bots on one machine must not take each other's.
        self._cookie = f"tessera_{port}"
        self._wrong_tries: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=TRIES))

    def person(self, request: Request) -> str | None:
        """The id of the person whose cookie this is; None without a cookie, or where the token was not given."""
        secret, _, proof = request.cookies.get(self._cookie, "").partition(".")
        if not _SECRET.fullmatch(secret) or (self._token is not None and not _same(proof, self._proof(secret))):
            return None
        return hashlib.sha256(f"person {secret}".encode()).hexdigest()[:20]

    def admit(self, request: Request, answer: Response, token: str | None = None) -> bool:
        """Give a cookie, if no token is set or this is it. A person who had one stays the same person."""
        if self._token is not None and not self._right(request, token or ""):
            return False
        secret = request.cookies.get(self._cookie, "").partition(".")[0]
        secret = secret if _SECRET.fullmatch(secret) else secrets.token_hex(32)
        value = secret if self._token is None else f"{secret}.{self._proof(secret)}"
        answer.set_cookie(self._cookie, value, max_age=YEAR_S, httponly=True, samesite="strict")
        return True

    def tried_too_often(self, request: Request) -> bool:
        """Whether this address gave so many wrong tokens within a minute that it has to wait."""
        tries = self._wrong_tries.get(_network(request)) or deque()
        return len(tries) == TRIES and time.monotonic() - tries[0] < 60  # noqa: PLR2004 - seconds in a minute

    def on_this_machine(self, request: Request) -> bool:
        """Whether the person sits at this machine: a connection from loopback that no proxy passed on."""
        passed_on = any(name in request.headers for name in _FORWARDED)
        return loopback(_client(request)) and loopback(name_in(request.headers.get("host", ""))) and not passed_on

    def may_read_metrics(self, request: Request) -> bool:
        """From this machine, with the token as a bearer, or as somebody who gave the token in the chat."""
        if self._token is None or self.on_this_machine(request):
            return self.on_this_machine(request)
        given = request.headers.get("authorization")
        bearer = given is not None and self._right(request, given.removeprefix("Bearer "))
        return bearer or self.person(request) is not None

    def _right(self, request: Request, token: str) -> bool:
        """Whether this is the token. Wrong ones are counted; after too many of them no other is looked at."""
        if self.tried_too_often(request):
            return False
        right = _same(token, self._token or "")
        if not right:
            self._wrong_tries[_network(request)].append(time.monotonic())
        return right

    def _proof(self, secret: str) -> str:
        return hmac.new(self._key, f"{secret} {self._token}".encode(), hashlib.sha256).hexdigest()


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _network(request: Request) -> str:
    """Whose tries are counted together: those of an address, and of IPv6 those of a /64, which is one person's."""
    client = _client(request)
    return ":".join(ipaddress.IPv6Address(client).exploded.split(":")[:4]) if ":" in client else client


def _same(token: str, expected: str) -> bool:
    """Compared in constant time, whatever the lengths."""
    return hmac.compare_digest(hashlib.sha256(token.encode()).digest(), hashlib.sha256(expected.encode()).digest())
