"""The gateway: HELLO, IDENTIFY, heartbeats, events with numbers, cuts, and RESUME with the events that were missed."""

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT, _INVALID, _HELLO, _ACK = 0, 1, 2, 6, 7, 9, 10, 11
_PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15


@dataclass
class Session:
    id: str
    events: list[dict[str, Any]] = field(default_factory=list)


class Connection:
    """One web socket; compressed as a zlib stream where the client asks for it."""

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self.socket = socket
        self._deflate = zlib.compressobj() if compressed else None

    async def send(self, op: int, d: Any = None, s: int | None = None, t: str | None = None) -> None:
        text = json.dumps({"op": op, "d": d, "s": s, "t": t})
        if self._deflate is None:
            await self.socket.send_str(text)
            return
        data = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(data)


class Gateway:
    """`ready` is set while a session is connected, `left` when none is; `refuses` closes each new session so."""

    def __init__(self, token: str, log: list[str]) -> None:
        self.token = token
        self.log = log
        self.ready = asyncio.Event()
        self.left = asyncio.Event()
        self.first_events: list[tuple[str, dict[str, Any]]] = []
        self.url = ""
        self.refuses: int | None = None
        self._session: Session | None = None
        self._connection: Connection | None = None
        self._made = 0

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        self.left.clear()
        connection = Connection(socket, compressed=request.query.get("compress") == "zlib-stream")
        await connection.send(_HELLO, {"heartbeat_interval": 41250})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._take(connection, json.loads(frame.data))
        finally:
            if self._connection is connection:
                self._connection = None
                self.ready.clear()
            self.left.set()
        return socket

    async def dispatch(self, name: str, data: dict[str, Any]) -> None:
        """Send an event, or keep it for the RESUME where nobody is connected."""
        if self._session is None:
            raise AssertionError("nobody has identified yet")
        number = len(self._session.events) + 1
        event: dict[str, Any] = {"d": data, "s": number, "t": name}
        self._session.events.append(event)
        if self._connection is not None:
            await self._connection.send(_DISPATCH, **event)

    async def drop(self, code: int | None = None) -> None:
        """Close with a code, or (None) cut the wire."""
        connection, self._connection = self._connection, None
        self.ready.clear()
        assert connection is not None
        if code is not None:
            await connection.socket.close(code=code)
        elif connection.socket._req is not None and connection.socket._req.transport is not None:
            connection.socket._req.transport.abort()

    async def ask_to_reconnect(self) -> None:
        assert self._connection is not None
        self.ready.clear()
        await self._connection.send(_RECONNECT)

    async def _take(self, connection: Connection, said: dict[str, Any]) -> None:
        if said["op"] == _HEARTBEAT:
            await connection.send(_ACK)
        elif said["op"] == _IDENTIFY:
            await self._identify(connection, said["d"])
        elif said["op"] == _RESUME:
            await self._resume(connection, said["d"])

    async def _identify(self, connection: Connection, said: dict[str, Any]) -> None:
        self.log.append("GATEWAY IDENTIFY")
        if said["token"] != self.token:
            await connection.socket.close(code=4004, message=b"Authentication failed.")
            return
        if self.refuses is not None:
            await connection.socket.close(code=self.refuses)
            return
        if said["intents"] & _PRIVILEGED:
            await connection.socket.close(code=4014, message=b"Disallowed intents.")
            return
        self._made += 1
        self._session = Session(f"session-{self._made}")
        self._connection = connection
        for name, data in self.first_events:
            more = {"session_id": self._session.id, "resume_gateway_url": self.url} if name == "READY" else {}
            await self.dispatch(name, data | more)
        self.ready.set()

    async def _resume(self, connection: Connection, said: dict[str, Any]) -> None:
        self.log.append("GATEWAY RESUME")
        if self._session is None or said["session_id"] != self._session.id:
            await connection.send(_INVALID, d=False)
            return
        self._connection = connection
        for event in self._session.events[said["seq"] :]:
            await connection.send(_DISPATCH, **event)
        await connection.send(_DISPATCH, {}, len(self._session.events), "RESUMED")
        self.ready.set()
