"""A person's data as zip files, each small enough for the destination: what is known as JSON, and the pictures."""

import io
import json
import zipfile
from collections.abc import AsyncIterator

from bot.chat import Person, Picture
from bot.jobs import JobRow, job_row
from bot.parts import Parts

PAGE = 50
LAST = 2**62
# Room for a zip's own directory.
SPARE = 4096


async def volumes(parts: Parts, who: int, person: Person, limit: int) -> AsyncIterator[Picture]:
    """One zip after the other, none over `limit` bytes unless a single file is."""
    files: dict[str, bytes] = {"me.json": _json(await _about(parts, who, person))}
    size, number = len(files["me.json"]), 1
    async for name, data in _files(parts, who):
        if files and size + len(data) + 200 * (len(files) + 1) + SPARE > limit:
            yield _volume(files, number)
            files, size, number = {}, 0, number + 1
        files[name] = data
        size += len(data)
    yield _volume(files, number)


async def _files(parts: Parts, who: int) -> AsyncIterator[tuple[str, bytes]]:
    below = LAST
    while jobs := [job_row(row) for row in await parts.database.read(GRIDS, who=who, below=below, most=PAGE)]:
        # Not counted from the newest: grids may come and go while the parts are sent.
        below = jobs[-1].number
        for job in jobs:
            name = "comparison" if job.comparison else "grid"
            yield f"{job.id}/{name}.json", _json(await _job_json(parts, job))
            for cell, data in sorted((await parts.pictures.load(job.id)).items()):
                yield f"{job.id}/{cell}.png", data


async def _about(parts: Parts, who: int, person: Person) -> dict[str, object]:
    preferences = await parts.preferences.of_person(who)
    return {
        "platform": person.platform,
        "id": person.id,
        "name": person.name,
        "settings": preferences.model_dump(exclude_none=True),
        "styles": [row["value"] for row in await parts.database.read(STYLES, who=str(who))],
        "trainings": [dict(row) for row in await parts.database.read(TRAININGS, who=who)],
    }


async def _job_json(parts: Parts, job: JobRow) -> dict[str, object]:
    times = {"queued_at": job.queued_at, "lent_at": job.lent_at, "ended_at": job.ended_at}
    about = {"state": job.state, "channel": job.channel, "server": job.server, "parent": job.parent, **times}
    grid = await (parts.comparison if job.comparison else parts.grid)(job, pictures=False)
    order = job.comparison_order if job.comparison else job.order
    body = grid.as_json() if grid else {"id": job.id, "prompt": job.prompt, "order": order.model_dump(mode="json")}
    return {**body, "about": about}


GRIDS = """
SELECT * FROM jobs WHERE person = :who AND number < :below AND state <> 'deleted' AND NOT training
ORDER BY number DESC LIMIT :most
"""
STYLES = """
SELECT json_each.value FROM preferences, json_each(preferences.value)
WHERE scope = 'person' AND owner = :who AND name = 'styles'
"""
TRAININGS = "SELECT id, prompt AS style, work, state, queued_at, ended_at FROM jobs WHERE person = :who AND training"


def _volume(files: dict[str, bytes], number: int) -> Picture:
    out = io.BytesIO()
    # Pictures are compressed already; storing them makes the size known before.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return Picture(f"tessera-mydata-{number}.zip", out.getvalue(), "Everything this bot keeps about you.")


def _json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1).encode()
