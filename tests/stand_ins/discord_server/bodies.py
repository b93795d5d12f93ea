"""Requests' bodies, JSON or multipart with exactly Discord's field names, and what they make of a message."""

import json
import re
from typing import Any

from aiohttp import BodyPartReader, web

from tests.stand_ins.discord_server.refusals import need
from tests.stand_ins.discord_server.rules import check_message
from tests.stand_ins.discord_server.world import LOADING, Posted

Files = dict[int, tuple[str, bytes]]
_FILE_FIELD = re.compile(r"files\[(\d+)\]")


async def read_body(request: web.Request) -> tuple[Any, Files]:
    """The JSON, and the files by their numbers as (name, bytes)."""
    if not request.can_read_body:
        return {}, {}
    if not request.content_type.startswith("multipart/"):
        need(request.content_type == "application/json", "content type: application/json.")
        return await request.json(), {}
    body, files = None, {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        if part.name == "payload_json":
            body = json.loads(await part.text())
            continue
        field = _FILE_FIELD.fullmatch(part.name or "")
        need(field and part.filename, f"multipart: unknown field {part.name!r}.")
        assert field is not None
        files[int(field[1])] = (str(part.filename), bytes(await part.read()))
    need(body is not None, "multipart: payload_json is missing.")
    return body, files


def write_message(posted: Posted, body: dict[str, Any], files: Files, *, largest: int) -> None:
    """Check, then change the message: fields that are absent stay, `attachments` lists what is kept and what is new."""
    check_message(_with_what_stays(posted, body), files, largest=largest)
    posted.content = body["content"] or "" if "content" in body else posted.content
    posted.components = body["components"] or [] if "components" in body else posted.components
    posted.flags = (posted.flags | body.get("flags", 0)) & ~LOADING
    if "attachments" not in body:
        return
    listed = {entry["id"]: entry for entry in body["attachments"] or []}
    kept = {str(posted.id + at + 1): name for at, name in enumerate(posted.files)}
    stays = {name: posted.files[name] for number, name in kept.items() if number in listed}
    posted.files = stays | dict(files.values())
    new_alts = {name: listed[at].get("description") or "" for at, (name, _) in files.items()}
    posted.alts = {name: posted.alts.get(name, "") for name in stays} | new_alts


def _with_what_stays(posted: Posted, body: dict[str, Any]) -> dict[str, Any]:
    stays = {"content": posted.content, "components": posted.components}
    return {**{key: value for key, value in stays.items() if value}, **body}
