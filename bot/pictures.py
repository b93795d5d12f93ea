"""The pictures of grids: files under DATA_DIR/pictures/<job>/<cell>.png and a row for each, oldest pruned first."""

import asyncio
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.disk import seen_through
from bot.history import Database, Transaction
from bot.jobs import ALIVE, JobRow, job_row
from engine.contract.errors import BadRequest
from engine.contract.grid import Judged

log = logging.getLogger(__name__)

# A kill leaves the folder of what was being removed, or a few.
MOST_LEFT = 10
MANY_LEFT = (
    "%s has pictures of %d grids that history.sqlite does not know. They stay; where that history is the right one, "
    "delete their folders"
)
CELL = re.compile(r"^[A-P](1[0-6]|[1-9])$")


@dataclass(frozen=True)
class ArrivedPicture:
    """A picture to be kept; `data` is None for one that is withheld."""

    cell: str
    data: bytes | None
    sha256: str | None
    judged: Judged


def undamaged(data: bytes, sha256: str | None) -> bool:
    """Whether these are the bytes that were announced."""
    return sha256 is None or hashlib.sha256(data).hexdigest() == sha256


class Pictures:
    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder

    async def keep(self, job: JobRow, pictures: Sequence[ArrivedPicture]) -> None:
        """Write the files, all at once, then their rows: a row is the proof of its file. Of a grid that was deleted
        meanwhile nothing stays.

        Raises BadRequest for what is no cell, OSError where the disk is full.
        """
        files = [(self._path(job.id, picture.cell), picture.data) for picture in pictures]
        writes = [asyncio.to_thread(_write, path, data) for path, data in files if data is not None]
        for error in await seen_through(asyncio.gather(*writes, return_exceptions=True)):
            if error is not None:
                raise error
        async with self._database.transaction() as rows:
            wanted = await rows.write("SELECT 1 FROM jobs WHERE number = :job AND state <> 'deleted'", job=job.number)
            for picture in pictures if wanted else ():
                await _keep(rows, job, picture)
        if not wanted:
            await self.drop(job.id)

    async def have(self, job: JobRow) -> dict[str, Judged]:
        """What is known of the cells that are kept, address → judged."""
        rows = await self._database.read("SELECT * FROM pictures WHERE job = :job", job=job.number)
        sizes = await asyncio.to_thread(self._sizes, job.id)
        return {
            row["cell"]: Judged.model_validate_json(row["judged"])
            for row in rows
            if row["bytes"] == 0 or sizes.get(row["cell"]) == row["bytes"]
        }

    async def load(self, job: str, cells: Sequence[str] | None = None) -> dict[str, bytes]:
        """The files of a grid, address → PNG; all of them, or those of `cells` that are there."""
        return await asyncio.to_thread(self._load, job, cells)

    async def drop(self, job: str) -> None:
        """Remove a grid's files."""
        await asyncio.to_thread(shutil.rmtree, self._folder / job, ignore_errors=True)

    async def prune(self, job: JobRow) -> None:
        """Remove the files and keep the recipe: the row first, so that no row promises what is gone."""
        async with self._database.transaction() as rows:
            await rows.write("UPDATE jobs SET bytes = 0, pruned = 1 WHERE number = :job", job=job.number)
            await rows.write("DELETE FROM pictures WHERE job = :job", job=job.number)
        await self.drop(job.id)

    async def sweep(self) -> None:
        """Remove the files that no row counts: a kill came between the two. Where it is many, the database is another
        one, or an older copy; then all stay until somebody has looked."""
        folders = await asyncio.to_thread(self._folders)
        rows = await self._database.read(f"SELECT id FROM jobs WHERE bytes > 0 OR {ALIVE}")  # noqa: S608  # a constant
        unknown_jobs = folders - {row["id"] for row in rows}
        if len(unknown_jobs) > MOST_LEFT:
            log.warning(MANY_LEFT, self._folder, len(unknown_jobs))
            return
        for job in unknown_jobs:
            await self.drop(job)

    async def used(self) -> int:
        """Bytes of all kept pictures."""
        row = await self._database.one("SELECT COALESCE(SUM(bytes), 0) FROM jobs WHERE bytes > 0")
        return int(row[0]) if row else 0

    async def oldest(self, most: int) -> list[JobRow]:
        """Ended grids with pictures, oldest first."""
        sql = "SELECT * FROM jobs WHERE bytes > 0 AND ended_at IS NOT NULL ORDER BY number LIMIT :most"
        return [job_row(row) for row in await self._database.read(sql, most=most)]

    async def past_retention(self, now: float, days: int) -> list[JobRow]:
        """Ended grids whose pictures are older than their server's retention, or than `days` where it has none."""
        return [job_row(row) for row in await self._database.read(PAST_RETENTION, now=now, days=days)]

    def _path(self, job: str, cell: str) -> Path:
        if not CELL.match(cell):
            raise BadRequest(f"“{cell}” is not a cell.")
        return self._folder / job / f"{cell}.png"

    def _folders(self) -> set[str]:
        return {path.name for path in self._folder.iterdir()} if self._folder.is_dir() else set()

    def _sizes(self, job: str) -> dict[str, int]:
        sizes = {}
        for path in (self._folder / job).glob("*.png"):
            with suppress(FileNotFoundError):
                sizes[path.stem] = path.stat().st_size
        return sizes

    def _load(self, job: str, cells: Sequence[str] | None) -> dict[str, bytes]:
        paths = (self._folder / job).glob("*.png") if cells is None else [self._path(job, cell) for cell in cells]
        files = {}
        for path in paths:
            # It may be deleted, or pruned, while somebody looks at it.
            with suppress(FileNotFoundError):
                files[path.stem] = path.read_bytes()
        return files


PAST_RETENTION = """
WITH kept AS (
    SELECT jobs.*, COALESCE((
        SELECT CAST(value AS INTEGER) FROM preferences
        WHERE scope = 'server' AND owner = jobs.server AND name = 'retention_days'
    ), :days) AS days FROM jobs WHERE bytes > 0 AND ended_at IS NOT NULL
)
SELECT * FROM kept WHERE days > 0 AND ended_at < :now - 86400 * days ORDER BY number
"""
KEEP = """
INSERT INTO pictures (job, cell, sha256, bytes, judged) VALUES (:job, :cell, :sha, :bytes, :judged)
ON CONFLICT (job, cell) DO NOTHING RETURNING cell
"""
# A photo, or what was painted ahead, costs nobody a picture; so the refund of a cancelled grid is all that was left.
COUNT = """
UPDATE jobs SET bytes = bytes + :bytes, painted = painted + NOT EXISTS (
    SELECT 1 FROM plans, json_each(plans.plan, '$.cells') AS cell
    WHERE plans.job = :job AND json_extract(cell.value, '$.cell') = :cell
        AND COALESCE(json_extract(cell.value, '$.photo'), json_extract(cell.value, '$.stocked')) IS NOT NULL
) WHERE number = :job
"""


async def _keep(rows: Transaction, job: JobRow, picture: ArrivedPicture) -> None:
    size, judged = len(picture.data or b""), picture.judged.model_dump_json()
    values = {"job": job.number, "cell": picture.cell, "sha": picture.sha256, "bytes": size, "judged": judged}
    if await rows.write(KEEP, **values):
        await rows.write(COUNT, bytes=size, job=job.number, cell=picture.cell)


def _write(path: Path, data: bytes) -> None:
    """All of the file or nothing of it, also after a power cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
