"""What the page shows: the conversation as it changes, its files, a grid's cells, completions; and the metrics."""

from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from adapters.web.files import SHOWN, given_name, message_of
from adapters.web.shown import page_of
from adapters.web.site import Here, Visitor, place_of
from adapters.web.stream import PAGE, stream
from bot.chat import Offers

router = APIRouter()

DAY_S = 24 * 3600


@router.get("/events")
async def events(request: Request, here: Here, person: Visitor, since: int = 0) -> StreamingResponse:
    """Server-sent events; a browser that reconnects says in a header what it saw last."""
    seen = request.headers.get("last-event-id", "")
    start = int(seen[:18]) if seen.isdecimal() else since
    return StreamingResponse(stream(here.conversation, person.id, start), media_type="text/event-stream")


@router.get("/messages")
async def earlier(here: Here, person: Visitor, before: int) -> list[dict[str, Any]]:
    """The page of messages before the one with this sequence number, oldest first."""
    return [page_of(shown) for shown in await here.conversation.newest(person.id, PAGE, before)]


@router.get("/complete")
async def complete(here: Here, person: Visitor, command: str, option: str, typed: str = "") -> Offers:
    return await here.core.complete(person, place_of(person), command, option, typed[:200])


@router.get("/files/{name}", response_class=Response)
async def file(here: Here, person: Visitor, name: str) -> Response:
    """A picture or another file of one's own conversation. What is no picture is only ever downloaded."""
    message = message_of(name)
    own = message is not None and await here.conversation.kind(message, person.id)
    data = await here.conversation.files.read(name) if own else None
    if data is None:
        raise HTTPException(404, "This file is not kept here.")
    kind = SHOWN.get(PurePath(name).suffix.lower())
    headers = {
        "Content-Disposition": f'{"inline" if kind else "attachment"}; filename="{given_name(name)}"',
        "Cache-Control": f"private, max-age={DAY_S}, immutable",
    }
    return Response(data, media_type=kind or "application/octet-stream", headers=headers)


@router.get("/cells/{job}/{cell}", response_class=Response)
async def cell(here: Here, person: Visitor, job: str, cell: str) -> Response:
    picture = await here.core.picture(person, job, cell)
    if picture is None:
        raise HTTPException(404, "This picture is no longer kept, or it was withheld.")
    return Response(picture, media_type="image/png", headers={"Cache-Control": f"private, max-age={DAY_S}"})


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, here: Here) -> Response:
    if not here.visitors.may_read_metrics(request):
        raise HTTPException(401, "Metrics can be read on this machine, or with WEB_TOKEN as a bearer token.")
    return Response(here.core.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")
