"""What the engine does besides painting, each part timed by itself on one finished grid."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import count
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from bench.contenders import WAVE
from bench.work import Work
from engine.contract.sheet import Footer, encode, lay_out
from engine.diffusion import DiffusionPainter
from engine.painter import Pixels
from engine.preview import preview, small
from engine.report import png
from engine.wave import Row, Wave


async def measure(painter: DiffusionPainter, work: Work, times: int) -> dict[str, float]:
    """Seconds for all pictures of the grid: scores, PNGs, one preview, the sheet as PNG."""
    images = await paint(painter, work, work.rows)
    cells = [row.cell for row in work.rows]
    thumbs = dict(zip(cells, map(small, images), strict=True))
    pictures = dict(zip(cells, map(Image.fromarray, images), strict=True))

    shades = count(1)

    async def score() -> Any:
        # Other colours each time: what the judge has seen before it does not look at again.
        shade = np.uint8(next(shades))
        return await painter.judge([pixels + shade for pixels in images], [work.order.prompt])

    async def pngs() -> Any:
        return [png(pixels) for pixels in images]

    async def one_preview() -> Any:
        return preview(work.plan, thumbs)

    async def sheet() -> Any:
        return encode(lay_out(work.plan, pictures, cell_px=128, footer=Footer("", ())), "PNG", {})

    parts = {"scores": score, "PNGs": pngs, "one preview": one_preview, "sheet as PNG": sheet}
    return {name: await _seconds(part, times) for name, part in parts.items()}


async def paint(painter: DiffusionPainter, work: Work, rows: Sequence[Row], **mix: Any) -> list[Pixels]:
    """These rows in waves; `mix` changes fields of the mix."""
    images = []
    for start in range(0, len(rows), WAVE):
        wave = Wave(start, replace(work.mix, **mix), tuple(rows[start : start + WAVE]))
        for _ in range(await painter.begin(wave)):
            await painter.step(wave.id)
        images += [picture.pixels for picture in await painter.finish(wave.id) if picture.pixels is not None]
    return images


async def _seconds(part: Callable[[], Awaitable[Any]], times: int) -> float:
    seconds = []
    for _ in range(times + 1):
        start = time.perf_counter()
        await part()
        seconds.append(time.perf_counter() - start)
    return median(seconds[1:])
