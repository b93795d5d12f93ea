"""A grid as a small picture, for the history."""

import asyncio
import io

from PIL import Image

from bot.jobs import JobRow
from bot.parts import Parts

SIDE = 192
# So many pictures share the square.
SHARED = 4


async def thumbnail(parts: Parts, job: JobRow) -> bytes | None:
    """The prompt's first four pictures as a JPEG; None where none is kept."""
    plan = await (parts.jobs.comparison_plan(job) if job.comparison else parts.jobs.plan(job))
    if plan is None:
        return None
    cells = [cell.cell for cell in plan.cells if cell.unique][:SHARED]
    files = await parts.pictures.load(job.id, cells)
    pictures = [files[cell] for cell in cells if cell in files]
    return await asyncio.to_thread(_make, pictures) if pictures else None


def _make(pictures: list[bytes]) -> bytes:
    side = SIDE if len(pictures) < SHARED else SIDE // 2
    small = Image.new("RGB", (SIDE, SIDE), "white")
    for index, data in enumerate(pictures if side < SIDE else pictures[:1]):
        with Image.open(io.BytesIO(data)) as picture:
            small.paste(picture.convert("RGB").resize((side, side)), (index % 2 * side, index // 2 * side))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()
