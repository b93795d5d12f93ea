"""The client of the engine's HTTP, for the bot and the command line. It starts no engine and knows no chat."""

import binascii
import logging
import re
from base64 import b64decode
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from engine.contract import events
from engine.contract.errors import BadRequest, EngineAway, Mismatch, NoStyle
from engine.contract.events import ENDINGS, Event, PicturePainted
from engine.contract.order import STYLE_NAME
from engine.contract.orders import Job

log = logging.getLogger(__name__)

# An event may take as long as loading or compiling a model, but silence is broken by the server every ten seconds.
# A wire to another machine may be cut without a word; on a socket silence only means that the engine is very busy.
WIRE = httpx.Timeout(10, read=20)
SOCKET = httpx.Timeout(10, read=60)
# A connection to a socket costs nothing and is not kept: of several that a dead engine left, httpcore closes only the
# first where its task is cancelled meanwhile.
NO_KEEP_ALIVE = httpx.Limits(max_connections=None, max_keepalive_connections=0)


class EngineClient:
    """Talks to `url`, or to a Unix socket. Every call raises EngineAway where nothing answers."""

    def __init__(self, url: str | None, socket: Path, token: str | None = None) -> None:
        transport = None if url else httpx.AsyncHTTPTransport(uds=str(socket), limits=NO_KEEP_ALIVE)
        timeout = WIRE if url else SOCKET
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(
            base_url=url or "http://localhost", transport=transport, headers=headers, timeout=timeout, trust_env=False
        )
        self.place = url or str(socket)
        self._pngs: dict[tuple[str, str], bytes] = {}

    async def run(self, job: Job) -> AsyncGenerator[Event]:
        """The events of a job up to its ending. A job that is alive is taken over, what was told is told again.

        Raises EngineAway where the stream is cut before the ending, Mismatch where it cannot be read.
        """
        try:
            async with self._http.stream("POST", "/jobs", content=job.model_dump_json()) as answer:
                if answer.status_code != httpx.codes.OK:
                    await answer.aread()
                    _refuse(answer)
                async for line in answer.aiter_lines():
                    if not line.strip():
                        continue
                    event = _read(line)
                    if isinstance(event, PicturePainted) and event.png:
                        # One that cannot be read is asked for, as if it had not come.
                        with suppress(binascii.Error):
                            self._pngs[job.id, event.cell] = b64decode(event.png, validate=True)
                    yield event
                    if isinstance(event, ENDINGS):
                        return
        except httpx.HTTPError as error:
            raise EngineAway(self._away()) from error
        finally:
            self._pngs = {key: data for key, data in self._pngs.items() if key[0] != job.id}
        raise EngineAway(self._away())

    async def picture(self, job: str, cell: str) -> bytes:
        """A finished cell as PNG: the first time what came with its event, else asked for."""
        png = self._pngs.pop((job, cell), None)
        return png if png is not None else (await self._call("GET", f"/jobs/{job}/cells/{cell}")).content

    async def cancel(self, job: str) -> None:
        """End a job that is alive; let the engine forget one that has ended."""
        await self._call("DELETE", f"/jobs/{job}")

    async def health(self) -> dict[str, Any]:
        """Contract version, profile, device, memory, jobs. Raises Mismatch where the contract is another."""
        facts: dict[str, Any] = (await self._call("GET", "/health")).json()
        if facts.get("contract") != events.VERSION:
            message = (
                f"The engine, process {facts.get('pid', 'unknown')}, speaks version {facts.get('contract')} of the "
                f"contract, this side {events.VERSION}. Stop it, and start it with the same version of Tessera."
            )
            raise Mismatch(message)
        return facts

    async def styles(self) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = (await self._call("GET", "/styles")).json()
        return answer

    async def style(self, name: str) -> dict[str, Any]:
        """The card of one style. This and what follows raise NoStyle where there is no style of that name."""
        answer: dict[str, Any] = (await self._call("GET", _style(name))).json()
        return answer

    async def style_file(self, name: str, file: str) -> bytes:
        """One file of a style, such as samples.png; BadRequest where it has no such file."""
        return (await self._call("GET", f"{_style(name)}/files/{quote(file, safe='')}")).content

    async def rename_style(self, name: str, to: str) -> None:
        """BadRequest where `to` is taken or is no name. The card remembers the old name as `was`."""
        await self._call("POST", f"{_style(name)}/rename?to={quote(to, safe='')}")

    async def delete_style(self, name: str) -> None:
        """Remove a style with all its files."""
        await self._call("DELETE", _style(name))

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(self, method: str, path: str) -> httpx.Response:
        try:
            answer = await self._http.request(method, path)
        except httpx.HTTPError as error:
            raise EngineAway(self._away()) from error
        if answer.is_error:
            _refuse(answer)
        return answer

    def _away(self) -> str:
        return f"The engine at {self.place} does not answer. Start it with: python -m engine"


def _style(name: str) -> str:
    """A style's path. Raises BadRequest for a name that no style can have."""
    if not re.fullmatch(STYLE_NAME, name):
        raise BadRequest("A style's name has up to 40 lower-case letters, digits and hyphens.")
    return f"/styles/{name}"


def _read(line: str) -> Event:
    try:
        return events.read(line)
    except ValidationError as error:
        log.warning("unreadable event: %s", error.errors(include_input=False, include_url=False))
        message = "This version does not understand the engine's answer. Restart it with the same version."
        raise Mismatch(message) from error


def _refuse(answer: httpx.Response) -> None:
    """Raise what the engine's refusal means; its body is {"detail": sentence}."""
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"The engine answered {answer.status_code} without a reason."
    if answer.status_code == httpx.codes.NOT_FOUND and answer.request.url.path.startswith("/styles/"):
        raise NoStyle(detail)
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        away = EngineAway(detail)
        away.there = True
        raise away
    raise BadRequest(detail)
