"""What the page shows: the conversation as it changes, its files, a grid's cells, completions; and the metrics."""

from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from adapters.web.files import SHOWN, given_name, message_of
from adapters.web.shown import page_of
from adapters.web.site import CurrentSite, Visitor, place_of
from adapters.web.stream import PAGE, stream
from bot.chat import Offers

router = APIRouter()

DAY_S = 24 * 3600


@router.get("/events")
async def events(request: Request, site: CurrentSite, person: Visitor, since: int = 0) -> StreamingResponse:
    """Server-sent events; a browser that reconnects says in a header what it saw last."""
    last_id = request.headers.get("last-event-id", "")
    start = int(last_id[:18]) if last_id.isdecimal() else since
    return StreamingResponse(stream(site.conversation, person.id, start), media_type="text/event-stream")


@router.get("/messages")
async def earlier(site: CurrentSite, person: Visitor, before: int) -> list[dict[str, Any]]:
    """The page of messages before the one with this sequence number, oldest first."""
    return [page_of(message) for message in await site.conversation.newest(person.id, PAGE, before)]


@router.get("/complete")
async def complete(site: CurrentSite, person: Visitor, command: str, option: str, typed: str = "") -> Offers:
    return await site.core.complete(person, place_of(person), command, option, typed[:200])


@router.get("/files/{name}", response_class=Response)
async def file(site: CurrentSite, person: Visitor, name: str) -> Response:
    """A picture or another file of one's own conversation. What is no picture is only ever downloaded."""
    message = message_of(name)
    is_own = message is not None and await site.conversation.kind(message, person.id)
    data = await site.conversation.files.read(name) if is_own else None
    if data is None:
        raise HTTPException(404, "This file is not kept here.")
    kind = SHOWN.get(PurePath(name).suffix.lower())
    headers = {
        "Content-Disposition": f'{"inline" if kind else "attachment"}; filename="{given_name(name)}"',
        "Cache-Control": f"private, max-age={DAY_S}, immutable",
    }
    return Response(data, media_type=kind or "application/octet-stream", headers=headers)


@router.get("/cells/{job}/{cell}", response_class=Response)
async def cell(site: CurrentSite, person: Visitor, job: str, cell: str) -> Response:
    picture = await site.core.picture(person, job, cell)
    if picture is None:
        raise HTTPException(404, "This picture is no longer kept, or it was withheld.")
    return Response(picture, media_type="image/png", headers={"Cache-Control": f"private, max-age={DAY_S}"})


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, site: CurrentSite) -> Response:
    if not site.visitors.may_read_metrics(request):
        raise HTTPException(401, "Metrics can be read on this machine, or with WEB_TOKEN as a bearer token.")
    return Response(site.core.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")
