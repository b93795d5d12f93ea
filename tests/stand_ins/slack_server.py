"""A stand-in for Slack on loopback: Web API, uploads, response addresses, Socket Mode and signed requests.

It is stricter and nastier than Slack: it enforces the limits, the scopes of `manifest.yml`, the three seconds of an
acknowledgement and of a trigger, and fails on request (`fault`). What people do is in `slack_person.py`.
"""

import asyncio
import hashlib
import hmac
import json
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
import yaml  # type: ignore[import-untyped] # it ships no types
from aiohttp import web

from tests.stand_ins.slack_rules import METHODS, TAKES_JSON, Json, Refused
from tests.stand_ins.slack_workspace import Channel, Times, Workspace

BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-stand-in", "xapp-stand-in", "stand-in-signing-secret"
MANIFEST = Path(__file__).parents[2] / "manifest.yml"


@dataclass
class Call:
    """One line of the transcript. `outcome` is `ok`, Slack's error code, or the name of the fault."""

    method: str
    arguments: Json
    outcome: str = "ok"


@dataclass
class Answer:
    """What came of one payload: acknowledged in time or not, with what, after how many seconds and deliveries."""

    acknowledged: bool
    body: Any = None
    seconds: float = 0.0
    deliveries: int = 1
    status: int | None = None


@dataclass
class _Address:
    """A response_url."""

    user: str
    made: float
    used: int = 0


@dataclass
class Fault:
    match: str
    kind: str
    left: int
    passing: int = 0


@dataclass
class SlackServer:
    """`async with SlackServer() as slack`. `events_url`: where signed requests go; None means Socket Mode."""

    times: Times = field(default_factory=Times)
    manifest: Json = field(default_factory=lambda: yaml.safe_load(MANIFEST.read_text()))
    events_url: str | None = None

    def __post_init__(self) -> None:
        self.log: list[Call] = []
        self.space = Workspace(self.times)
        self.scopes = set(self.manifest["oauth_config"]["scopes"]["bot"])
        self.connected = asyncio.Event()
        self.stuck = asyncio.Event()
        self.port = 0
        self._session: aiohttp.ClientSession | None = None
        self._faults: list[Fault] = []
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._addresses: dict[str, _Address] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; the second time on the port of the first time."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_post("/response/{id}", self._response)
        app.router.add_get("/files-pri/{file}", self._download)
        app.router.add_get("/socket/{ticket}", self._socket)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        self.space.base = f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        for socket in self._sockets:
            await socket.close()
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"{self.space.base}/api/"

    def fault(self, match: str, kind: str, n: int = 1, *, after: int = 0) -> Fault:
        """The next `n` calls whose method begins with `match` fail, once `after` have passed; `left` counts down.

        `kind`: a status (`429`, `500`, `413`), `html` (a page instead of an object), `cut` (before anything is done),
        `lost` (done, but the answer does not arrive), `hang` (not done, and no answer ever), `mute` (done, and no
        answer ever), or an error code of Slack. `stuck` is set when a call hangs.
        """
        self._faults = [fault for fault in self._faults if fault.left]
        self._faults.append(Fault(match, kind, n, after))
        return self._faults[-1]

    def calls(self, method: str) -> list[Call]:
        return [call for call in self.log if call.method == method]

    def posted(self, channel: str) -> list[Json]:
        """The app's messages in a channel, each with the `pictures` it shows as (name, bytes, alt text)."""
        messages = [each for each in self.space.channels[channel].messages if each.get("bot_id")]
        return [each | {"pictures": self._pictures(each)} for each in messages]

    def response_url(self, user: str) -> str:
        made = self.space.number("r")
        self._addresses[made] = _Address(user, self.space.now())
        return f"{self.space.base}/response/{made}"

    async def deliver(self, kind: str, payload: Json, retry: int = 0) -> Answer:
        """Hand a payload to the app and wait for its acknowledgement; an event without one is delivered again."""
        started = time.monotonic()
        answer = await (
            self._by_request(kind, payload, retry) if self.events_url else self._by_socket(kind, payload, retry)
        )
        answer.seconds = time.monotonic() - started
        if kind == "events_api" and not answer.acknowledged and retry < 3:
            again = await self.deliver(kind, payload, retry + 1)
            again.deliveries += answer.deliveries
            return again
        return answer

    async def drop_sockets(self, how: str) -> None:
        """`refresh` and `warning` ask the app to connect anew, `close` closes politely, `abort` cuts."""
        sockets, self._sockets = self._sockets, []
        self.connected.clear()
        for socket in sockets:
            if how in ("refresh", "warning"):
                reason = "refresh_requested" if how == "refresh" else "warning"
                await socket.send_json({"type": "disconnect", "reason": reason})
            elif how == "close":
                await socket.close()
            else:
                transport = socket._req.transport if socket._req else None
                if transport is not None:
                    transport.abort()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request, method)
        call = Call(method, arguments)
        self.log.append(call)
        fault = self._fault_of(method)
        if fault not in (None, "lost", "mute"):
            call.outcome = str(fault)
            return await self._fail(request, str(fault))
        try:
            answer = self._answer(request, method, arguments)
        except Refused as refused:
            call.outcome = refused.code
            detail = {"response_metadata": {"messages": [refused.detail]}} if refused.detail else {}
            return web.json_response({"ok": False, "error": refused.code, **refused.more, **detail})
        if fault is not None:
            call.outcome = fault
            return await self._fail(request, "cut" if fault == "lost" else "hang")
        return web.json_response({"ok": True, **answer}, headers={"x-oauth-scopes": ",".join(sorted(self.scopes))})

    def _answer(self, request: web.Request, method: str, arguments: Json) -> Json:
        if method not in METHODS:
            raise Refused("unknown_method")
        scope, required = METHODS[method]
        scope = self._scope_for(scope, arguments.get("channel"))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != (APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN):
            raise Refused("invalid_auth")
        if scope is not None and scope not in self.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))
        for name in required:
            if arguments.get(name) in (None, ""):
                raise Refused("invalid_arguments", f"[ERROR] missing required field: {name}")
        if method == "apps.connections.open":
            return self._ticket()
        answer: Json = getattr(self.space, method.replace(".", "_"))(arguments)
        return answer

    def _scope_for(self, scope: str | None, channel: str | None) -> str | None:
        """Reading needs another scope in private channels and in direct messages."""
        held = self.space.channels.get(channel or "")
        if scope is None or held is None or not scope.startswith("channels:") or scope == "channels:join":
            return scope
        return scope.replace(
            "channels", {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}[held.kind]
        )

    def _ticket(self) -> Json:
        if not self.manifest["settings"]["socket_mode_enabled"]:
            raise Refused("forbidden_team")
        ticket = self.space.number("ticket")
        self._tickets.add(ticket)
        return {"url": f"ws://127.0.0.1:{self.port}/socket/{ticket}"}

    def _fault_of(self, name: str) -> str | None:
        for fault in self._faults:
            if not fault.left or not name.startswith(fault.match):
                continue
            if fault.passing:
                fault.passing -= 1
                continue
            fault.left -= 1
            return fault.kind
        return None

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        call = Call("upload", {"file": request.match_info["file"]})
        self.log.append(call)
        data = await request.read()
        fault = self._fault_of("upload")
        if fault is not None:
            call.outcome = fault
            return await self._fail(request, fault)
        held = self.space.files[request.match_info["file"]]
        if "Authorization" in request.headers or len(data) != held.length:
            call.outcome = "400"
            return web.Response(status=400, text="length or headers do not match")
        held.data = data
        return web.Response(text=f"OK - {len(data)}")

    async def _download(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            # the real service answers a page to sign in, not an error
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        return web.Response(body=self.space.files[request.match_info["file"]].data)

    async def _response(self, request: web.Request) -> web.Response:
        content = await request.json()
        self.log.append(Call("response_url", content))
        address = self._addresses.get(request.match_info["id"])
        if address is None or self.space.now() - address.made > self.times.response_url:
            return web.Response(status=404, text="expired_url")
        address.used += 1
        if address.used > self.times.response_url_uses:
            return web.Response(status=404, text="used_url")
        self.space._check(content)
        self.space.whispers.append(content | {"user": address.user})
        return web.Response(text="ok")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["ticket"] not in self._tickets:
            return web.Response(status=403, text="a ticket is good for one connection")
        self._tickets.discard(request.match_info["ticket"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._sockets.append(socket)
        self.connected.set()
        try:
            async for message in socket:
                heard = json.loads(message.data)
                waiting = self._acks.pop(heard["envelope_id"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(heard.get("payload"))
        finally:
            self._left(socket)
        return socket

    def _left(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        if not self._sockets:
            self.connected.clear()

    async def _by_socket(self, kind: str, payload: Json, retry: int) -> Answer:
        await self.connected.wait()
        envelope = self.space.number("envelope")
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[envelope] = waiting
        sent = {
            "type": kind,
            "envelope_id": envelope,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            sent |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        await self._sockets[-1].send_json(sent)
        try:
            return Answer(True, await asyncio.wait_for(waiting, self.times.ack))
        except TimeoutError:
            return Answer(False)

    async def _by_request(self, kind: str, payload: Json, retry: int) -> Answer:
        body = _encoded(kind, payload)
        content_type = "application/json" if kind == "events_api" else "application/x-www-form-urlencoded"
        headers = self.signature(body) | {"Content-Type": content_type}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        return await self.send(body, headers)

    def signature(self, body: str, secret: str = SECRET, age: int = 0) -> dict[str, str]:
        stamp = str(int(time.time()) - age)
        made = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}"}

    async def send(self, body: str, headers: dict[str, str]) -> Answer:
        """One request to the app as it stands."""
        assert self.events_url is not None
        timeout = aiohttp.ClientTimeout(total=self.times.ack)
        self._session = self._session or aiohttp.ClientSession()
        try:
            async with self._session.post(
                self.events_url, data=body.encode(), headers=headers, timeout=timeout
            ) as answer:
                text = await answer.text()
                parsed = json.loads(text) if text.startswith("{") else text or None
                return Answer(answer.status == 200, parsed, status=answer.status)
        except TimeoutError:
            return Answer(False)

    async def _fail(self, request: web.Request, kind: str) -> web.StreamResponse:
        if kind == "hang":
            self.stuck.set()
            await asyncio.Event().wait()
        return await _fail(request, kind)

    def _pictures(self, message: Json) -> list[tuple[str, bytes, str]]:
        shown = [block for block in message.get("blocks", []) if "slack_file" in block]
        held = [(self.space.files[block["slack_file"]["id"]], block["alt_text"]) for block in shown]
        return [(each.name, each.data, alt) for each, alt in held]

    def channel(self, name: str, kind: str = "public", *, bot: bool = True, archived: bool = False) -> Channel:
        return self.space.add_channel(name, kind, bot=bot, archived=archived)


def _encoded(kind: str, payload: Json) -> str:
    if kind == "events_api":
        return json.dumps(payload)
    return urllib.parse.urlencode(payload if kind == "slash_commands" else {"payload": json.dumps(payload)})


async def _arguments(request: web.Request, method: str) -> Json:
    """JSON where Slack takes it, else a form whose structures are JSON texts."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        body: Json = await request.json()
        if body and method not in TAKES_JSON:
            return {"_": "Slack takes no JSON for this method"}
        return given | body
    given |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    for name in ("blocks", "view", "metadata", "files"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given


async def _fail(request: web.Request, kind: str) -> web.StreamResponse:
    if kind == "cut":
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    if kind == "429":
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "0"})
    if kind == "html":
        return web.Response(status=200, text="<html>maintenance</html>", content_type="text/html")
    if kind.isdigit():
        return web.Response(status=int(kind), text="<html>fault</html>", content_type="text/html")
    return web.json_response({"ok": False, "error": kind})
