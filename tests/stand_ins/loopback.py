"""A small real HTTP server in a thread, with faults on order: what the stand-ins of web services share."""

import re
import socket
import struct
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

CHUNK = 1 << 20
Kind = Literal[
    "429", "500", "502", "503", "504", "cut", "slow", "truncated", "garbled", "gated", "missing", "no-ranges"
]


@dataclass(frozen=True)
class Request:
    """`headers` has lower-case names; `query` has the last value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Loopback:
    """Use as a context manager. `url` has no trailing slash; `log` holds every request in order; `sent` counts the
    bytes of the answers that went out, without headers.

    `fault(match, kind, n)`: the next n requests whose "METHOD path" holds `match` go wrong. Subclasses give `answer`
    and, where their service says it in its own way, `refusal`.
    """

    retry_after = "0"
    slow_s = 30.0

    def __init__(self) -> None:
        self.log: list[Request] = []
        self.sent = 0
        self._faults: list[tuple[str, Kind, int]] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def refusal(self, kind: Kind, request: Request) -> Answer:
        headers = {"Retry-After": self.retry_after} if kind in {"429", "503"} else {}
        return Answer(404 if kind == "missing" else 401 if kind == "gated" else int(kind), b"", headers)

    def fault(self, match: str, kind: Kind, n: int = 1) -> None:
        with self._lock:
            self._faults.append((match, kind, n))

    def fault_no_more(self) -> None:
        with self._lock:
            self._faults.clear()

    def count(self, sent: int) -> None:
        with self._lock:
            self.sent += sent

    def asked(self, match: str) -> list[Request]:
        return [request for request in self.log if match in f"{request.method} {request.path}"]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def _due(self, request: Request) -> Kind | None:
        """The fault that this request meets, counted down."""
        with self._lock:
            self.log.append(request)
            for place, (match, kind, n) in enumerate(self._faults):
                if n > 0 and match in f"{request.method} {request.path}":
                    self._faults[place] = (match, kind, n - 1)
                    return kind
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, owner: Loopback) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner
        self.open: set[socket.socket] = set()

    def hang_up(self) -> None:
        for connection in list(self.open):
            _shut(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left early is no news; anything else is told as usual."""
        if not isinstance(sys.exception(), ConnectionError | ValueError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def log_message(self, *args: object) -> None:
        """Keep quiet: `log` has it all."""

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, split.path, query, headers, body)
        owner = self.server.owner
        kind = owner._due(request)
        if kind == "slow":
            owner._closing.wait(owner.slow_s)
        if kind == "no-ranges":
            request = Request(self.command, split.path, query, {k: v for k, v in headers.items() if k != "range"}, body)
        plain = kind in {None, "slow", "cut", "truncated", "garbled", "no-ranges"}
        self._send(owner.answer(request) if plain else owner.refusal(kind, request), kind)  # type: ignore[arg-type]

    do_HEAD = do_POST = do_GET  # noqa: N815  names that http.server looks for

    def _send(self, answer: Answer, kind: Kind | None) -> None:
        if kind == "truncated":
            answer.body = answer.body[: len(answer.body) // 2]
        if kind == "garbled":
            half = len(answer.body) // 2
            answer.body = answer.body[:half] + bytes([answer.body[half] ^ 0xFF]) + answer.body[half + 1 :]
        self.send_response(answer.status, HTTPStatus(answer.status).phrase)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if kind == "cut":
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.wfile.flush()
            # A lingering time of zero turns the close into a reset, as a pulled cable or a dying proxy looks.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        for start in range(0, len(answer.body), CHUNK):
            self.wfile.write(answer.body[start : start + CHUNK])
            self.server.owner.count(min(CHUNK, len(answer.body) - start))


def byte_range(request: Request, size: int) -> tuple[int, int] | None:
    """First and past-the-last byte that a Range header asks for; None without one. Suffixes (`bytes=-500`) as well."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1 if last else size)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other end was quicker
