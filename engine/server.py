"""HTTP in, events out: the contract served with FastAPI, on a Unix socket or a port."""

import os
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError
from pydantic_core import from_json

from engine import style_routes
from engine.contract import events, orders
from engine.contract.approaches import PROFILES
from engine.contract.errors import TesseraError
from engine.contract.events import SENT_ALONG, Event, PicturePainted
from engine.contract.grid import as_json
from engine.contract.ids import new_id
from engine.engine import Engine
from engine.guard import Guard, refusal
from engine.meters import Meters
from engine.running import Running


def app(engine: Engine, device: str, token: str | None = None, *, loopback: bool = True) -> FastAPI:
    """The engine over HTTP. `loopback`: only requests that name this machine as their host are answered."""
    api = FastAPI(title="Tessera engine", version=str(events.VERSION), docs_url=None, redoc_url=None)
    api.add_middleware(Guard, token=token, loopback=loopback)
    api.include_router(_jobs(engine))
    api.include_router(_state(engine, device))
    api.include_router(style_routes.routes(engine))
    api.add_exception_handler(TesseraError, style_routes.refused)
    return api


def _jobs(engine: Engine) -> APIRouter:
    """What can be done with jobs."""
    router = APIRouter(prefix="/jobs")

    @router.post("")
    async def run_job(request: Request) -> Response:
        try:
            body = from_json(await request.body())
        except ValueError:
            return refusal(422, orders.NO_JOB)
        try:
            job = orders.Job.model_validate(body)
        except ValidationError as error:
            return refusal(422, orders.refusal(error, body))
        return StreamingResponse(_lines(engine.submit(job)), media_type="application/x-ndjson")

    @router.get("/{job}")
    async def show_job(job: str) -> dict[str, Any]:
        running = _find(engine, job)
        if running.plan is None or not isinstance(running.job.work, orders.MakeGrid):
            raise HTTPException(404, f"Job {job} has not been planned yet.")
        order = running.job.grid
        return as_json(job, order.prompt, order.approach, order.blocks, running.plan, running.judged, running.score)

    @router.get("/{job}/cells/{cell}")
    async def show_cell(job: str, cell: str) -> Response:
        picture = _find(engine, job).pictures.get(cell)
        if picture is None:
            raise HTTPException(404, f"Job {job} has no picture {cell}.")
        return Response(picture, media_type="image/png")

    @router.delete("/{job}", status_code=204)
    async def remove_job(job: str) -> None:
        _find(engine, job)
        engine.remove(job)

    return router


def _state(engine: Engine, device: str) -> APIRouter:
    """What can be asked of the engine itself."""
    router, meters, instance = APIRouter(), Meters(engine), new_id()

    @router.get("/approaches")
    async def show_approaches() -> list[dict[str, Any]]:
        return [asdict(row) for row in PROFILES[engine.planner.profile].values()]

    @router.get("/health")
    async def health() -> dict[str, Any]:
        return {
            "contract": events.VERSION,
            "instance": instance,
            "pid": os.getpid(),
            "wave": engine.room,
            "painters": len(engine.pool.painters),
            "profile": engine.planner.profile,
            "device": device,
            "memory": engine.pool.memory(),
            "jobs": [job for job, running in engine.jobs.items() if running.alive],
        }

    @router.get("/metrics")
    async def show_metrics() -> Response:
        return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _find(engine: Engine, job: str) -> Running:
    if job not in engine.jobs:
        raise HTTPException(404, f"There is no job {job} in this engine.")
    return engine.jobs[job]


async def _lines(running: Running) -> AsyncIterator[bytes]:
    """Newline-delimited JSON; an empty line now and then shows that the line is still open."""
    async for event in running.follow():
        yield (_with_picture(event, running).model_dump_json() if event else "").encode() + b"\n"


def _with_picture(event: Event, running: Running) -> Event:
    """A small picture comes with its event."""
    if not isinstance(event, PicturePainted) or not 0 < event.bytes <= SENT_ALONG or event.cell not in running.pictures:
        return event
    return event.model_copy(update={"png": b64encode(running.pictures[event.cell]).decode()})
