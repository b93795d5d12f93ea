"""From pixels to the event that reports a picture: its PNG, hash and scores. The judge sees exactly what is saved."""

import asyncio
import hashlib
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from engine.contract.approaches import dress
from engine.contract.events import PicturePainted
from engine.contract.png import QUICK
from engine.painter import Painted, Painter, Pixels
from engine.pool import Pool
from engine.preview import small
from engine.running import Running


class Reporter:
    """Judges with the painters' judge, which is the same for all approaches."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def report(
        self, running: Running, cells: Sequence[str], painted: Sequence[Painted], painter: Painter | None = None
    ) -> None:
        """Judge and tell finished cells; withheld ones are told with their reason and neither kept nor scored."""
        pairs = [(cell, p.pixels) for cell, p in zip(cells, painted, strict=True) if p.pixels is not None]
        if pairs:
            await self._report_pictures(running, pairs, painter)
        for cell, picture in zip(cells, painted, strict=True):
            if picture.withheld:
                running.tell(PicturePainted(cell=cell, withheld=picture.withheld))

    async def _report_pictures(
        self, running: Running, pairs: Sequence[tuple[str, Pixels]], painter: Painter | None
    ) -> None:
        order = running.job.grid
        texts = [order.prompt] + ([dress(order.prompt, order.details, None)] if order.details else [])
        scores, files = await asyncio.gather(
            self._pool.judge([pixels for _, pixels in pairs], texts, painter),
            asyncio.gather(*(asyncio.to_thread(_file, pixels) for _, pixels in pairs)),
        )
        if not running.alive:
            return
        for (cell, pixels), row, (file, sha256) in zip(pairs, scores, files, strict=True):
            if cell in running.judged:
                continue
            running.pictures[cell], running.thumbs[cell] = file, small(pixels)
            running.tell(
                PicturePainted(
                    cell=cell,
                    score=float(row[0]),
                    with_details=float(row[1]) if len(row) > 1 else None,
                    sha256=sha256,
                    bytes=len(file),
                )
            )


def pixels(photo: Image.Image, side: int) -> Pixels:
    """A square photo in the size of the painted pictures."""
    return np.asarray(photo.resize((side, side), Image.Resampling.LANCZOS))


def png(pixels: Pixels) -> bytes:
    """The picture's file."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", **QUICK)
    return out.getvalue()


def _file(pixels: Pixels) -> tuple[bytes, str]:
    """The picture's file and its SHA-256."""
    file = png(pixels)
    return file, hashlib.sha256(file).hexdigest()
