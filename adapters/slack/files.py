"""Uploading pictures without a channel, so that they can then be shown in a message of our own with buttons."""

import asyncio
import time
from typing import Any

from adapters.slack.timing import Timing
from adapters.slack.web import Web
from bot.chat import Attempt, Picture
from bot.errors import Gone, NoRights, PlatformAway

_NOTE = "file:"


async def upload_all(web: Web, timing: Timing, pictures: tuple[Picture, ...], attempt: Attempt | None) -> list[str]:
    """The ids of the pictures' files, processed and ready to be shown.

    What an earlier attempt has uploaded is used again; each id is noted as soon as Slack holds the file.
    """
    for picture in pictures:
        _check(picture)
    noted = (attempt.noted or "") if attempt else ""
    ids = noted.removeprefix(_NOTE).split(",") if noted.startswith(_NOTE) else []
    ids = await _still_there(web, ids[: len(pictures)])
    for picture in pictures[len(ids) :]:
        ids.append(await _upload(web, picture))
        if attempt is not None:
            attempt.noted = _NOTE + ",".join(ids)
            await attempt.note(attempt.noted)
    for file in ids:
        await _wait_until_processed(web, timing, file)
    return ids


async def permalink(web: Web, file: str) -> str:
    """The link to a file; a message that holds it shares the file with its readers."""
    return str((await web.call("files_info", file=file))["file"]["permalink"])


def _check(picture: Picture) -> None:
    if not picture.data:
        raise ValueError(f"The file {picture.name} is empty, and Slack does not accept empty files.")
    if picture.name.lower().endswith(".webp"):
        raise ValueError(f"Slack shows PNG and JPEG, not WebP: {picture.name}.")
    if picture.spoiler:
        raise NoRights("Slack cannot hide a picture until it is clicked, so this one is not posted.")


async def _upload(web: Web, picture: Picture) -> str:
    place = await web.call(
        "files_getUploadURLExternal",
        filename=picture.name,
        length=len(picture.data),
        alt_txt=picture.alt[:1000] or None,
    )
    await web.upload(place["upload_url"], picture.data)
    # completing twice is refused, not doubled, and an upload that is lost here is made again
    await web.call_once("files_completeUploadExternal", files=[{"id": place["file_id"], "title": picture.name}])
    return str(place["file_id"])


async def _still_there(web: Web, ids: list[str]) -> list[str]:
    present = []
    for file in ids:
        if await _look(web, file) is None:
            break
        present.append(file)
    return present


async def _wait_until_processed(web: Web, timing: Timing, file: str) -> None:
    """Slack works on an upload for a while; until it has found out the type, no message can show it."""
    deadline = time.monotonic() + timing.processing
    while time.monotonic() < deadline:
        file_object = await _look(web, file)
        if file_object is None or file_object.get("mimetype"):
            return
        await asyncio.sleep(timing.poll)
    raise PlatformAway("Slack is still working on the uploaded file.")


async def _look(web: Web, file: str) -> dict[str, Any] | None:
    try:
        file_object: dict[str, Any] = (await web.call("files_info", file=file))["file"]
    except Gone:
        return None
    return None if file_object.get("mode") == "tombstone" else file_object
