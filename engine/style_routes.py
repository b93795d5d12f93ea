"""Styles over HTTP: list, card, files, rename, delete, export and import. A changed style is read again before use."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from engine import styles
from engine.apart import apart
from engine.contract.approaches import PROFILES, STYLED
from engine.contract.errors import NoStyle
from engine.engine import Engine
from engine.guard import refusal
from engine.style_shelf import Shelf


def routes(engine: Engine) -> APIRouter:
    """The router for /styles."""
    router, settings = APIRouter(prefix="/styles"), engine.planner.settings
    base = PROFILES[engine.planner.profile][STYLED].model
    shelf = Shelf(settings, base)

    @router.get("")
    async def show_styles() -> list[dict[str, Any]]:
        return [styles.card(name, settings) for name in styles.names(settings, base)]

    @router.get("/{name}")
    async def show_style(name: str) -> Any:
        shelf.file(name, styles.CONFIG)
        return styles.card(name, settings)

    @router.get("/{name}/files/{file}")
    async def show_file(name: str, file: str) -> Response:
        return FileResponse(shelf.file(name, file))

    @router.get("/{name}/export")
    async def export(name: str) -> Response:
        data = await asyncio.to_thread(shelf.export, name)
        disposition = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
        return Response(data, media_type="application/zip", headers=disposition)

    @router.put("/{name}", status_code=201)
    async def take(name: str, request: Request) -> Any:
        return await apart(shelf.take, name, await request.body())

    @router.post("/{name}/rename", status_code=204)
    async def rename(name: str, to: str) -> None:
        await asyncio.to_thread(shelf.rename, name, to)
        await engine.pool.forget(name)

    @router.delete("/{name}", status_code=204)
    async def delete(name: str) -> None:
        await asyncio.to_thread(shelf.delete, name)
        await engine.pool.forget(name)

    return router


async def refused(_request: Request, error: Exception) -> Response:
    """A failure of ours as an answer: 404 for a style that is not there, 422 for what else cannot be done."""
    status = 507 if getattr(error, "reason", "") == "disk_full" else 422
    return refusal(404 if isinstance(error, NoStyle) else status, str(error))
