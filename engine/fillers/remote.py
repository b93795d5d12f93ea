"""A large file on a server, read in ranges: remembers its redirect, goes on after cuts, waits when told to."""

import re
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from engine.contract.errors import NoFillers
from engine.retrying import PASSING, retry_after

ATTEMPTS = 6
LONGEST_PAUSE_S = 60.0
TIMEOUT_S = 20.0
HOPS = 5
CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<size>\d+)")
# What an object store says to a signed address that has run out.
EXPIRED = frozenset({401, 403, 410})


class NoRanges(Exception):
    """The server sends the whole file whatever range it is asked for."""


class Remote:
    """`setting` names the address for people, `remedy` says what they can do; NoFillers has both."""

    def __init__(self, url: str, setting: str, remedy: str) -> None:
        self._host = urlsplit(url).hostname or url
        self._url = url
        self._setting = setting
        self._remedy = remedy
        self._final: str | None = None
        self._client = httpx.Client(timeout=TIMEOUT_S, headers={"Accept-Encoding": "identity"})
        self._size = 0

    def close(self) -> None:
        self._client.close()

    def measure(self) -> int:
        """The file's size in bytes. Raises NoRanges."""
        self.read(0, 1)
        return self._size

    def read(self, first: int, end: int) -> bytes:
        """The bytes from `first` up to, not including, `end`. A cut is taken up where it happened."""
        received = bytearray()
        failures = 0
        while len(received) < end - first:
            before = len(received)
            try:
                with self._open(f"bytes={first + len(received)}-{end - 1}") as answer:
                    self._check(answer, first + len(received))
                    for chunk in answer.iter_bytes(1 << 16):
                        received += chunk
            except (httpx.TransportError, _Later) as error:
                failures = self.pause(error, 0 if len(received) > before else failures)
            else:
                # A short answer is no failure, unless it brings nothing at all.
                failures = 0 if len(received) > before else self.pause(_Later(None), failures)
        return bytes(received[: end - first])

    def stream(self) -> Generator[bytes, None, None]:
        """The whole file from its start, in pieces; a cut raises httpx.TransportError."""
        failures = 0
        while True:
            try:
                with self._open(None) as answer:
                    yield from answer.iter_bytes(1 << 16)
                    return
            except _Later as error:
                failures = self.pause(error, failures)

    def pause(self, error: Exception, failures: int) -> int:
        """Waits before another attempt; answers how many have failed now. Raises NoFillers when it was the last."""
        if failures + 1 >= ATTEMPTS:
            raise self._sorry(_cause(error)) from error
        time.sleep(_seconds(error, failures))
        return failures + 1

    @contextmanager
    def _open(self, byte_range: str | None) -> Iterator[httpx.Response]:
        """The answer to one request, past its redirects. Raises _Later where another attempt may help."""
        headers = {"Range": byte_range} if byte_range else {}
        for _ in range(HOPS):
            address = self._final or self._url
            with self._client.stream("GET", address, headers=headers) as answer:
                if answer.is_success:
                    yield answer
                    return
                if answer.has_redirect_location:
                    self._final = str(answer.url.join(answer.headers["Location"]))
                    continue
                # A signed address runs out; the first one gives another.
                signed, self._final = self._final is not None, None
                if answer.status_code in PASSING or (signed and answer.status_code in EXPIRED):
                    raise _Later(answer)
                raise self._sorry(f"it answered {answer.status_code}")
        raise self._sorry("it redirects in circles")

    def _check(self, answer: httpx.Response, first: int) -> None:
        """An answer must be the part that was asked for; Content-Range also tells the size of the whole."""
        content_range = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if (
            answer.status_code != httpx.codes.PARTIAL_CONTENT
            or content_range is None
            or int(content_range["first"]) != first
        ):
            raise NoRanges
        self._size = int(content_range["size"])

    def _sorry(self, cause: str) -> NoFillers:
        return NoFillers(f"Flickr8k cannot be fetched from {self._host} ({self._setting}): {cause}. {self._remedy}")


class _Later(Exception):
    """An answer after which another attempt makes sense."""

    def __init__(self, answer: httpx.Response | None) -> None:
        super().__init__()
        self.status = answer.status_code if answer else 0
        self.after = retry_after(answer.headers) if answer else None


def _seconds(error: Exception, failures: int) -> float:
    seconds = error.after if isinstance(error, _Later) else None
    return min(LONGEST_PAUSE_S, 2.0**failures if seconds is None else seconds)


def _cause(error: Exception) -> str:
    if isinstance(error, _Later):
        return f"it answered {error.status} again and again" if error.status else "its answers are empty"
    return "the connection fails again and again" if isinstance(error, httpx.TransportError) else str(error)
