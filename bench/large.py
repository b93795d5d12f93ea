"""What a grid of full-sized pictures takes beside and after its painting, up to the posted sheet; nothing is painted.

Core, engine process, socket and a judge are real; the painter waits like a card.
"""

import io
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from PIL import Image

from bench import chain, report, served
from bench.grids import settings_in
from bench.large_engine import STEP_SECONDS, STEPS, WAVE
from bench.rounds import alternate, spread
from bench.size import Size
from bench.waiting import SIDE

# A Discord server that nobody boosted.
FILE_BYTES = 10 * 2**20
# By v1-4 (GPU.md).
H200_PICTURES, H200_SECONDS = 64, 12.8


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Seconds from the command to each moment, without those that the painter waits."""
    pictures, watch = 4 * size.blocks**2, chain.Watch()
    waits = -(-pictures // WAVE) * STEPS * STEP_SECONDS
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(served.engine(settings_in(folder), module="bench.large_engine"))
        app, chat = await chain.bot(folder, watch, stack)
        chat.file_bytes = FILE_BYTES
        marks = (await alternate({"large": chain.ordering(app, chat, watch, size.blocks)}, size.rounds))["large"]
    sheet = chat.posts()[-1].message.pictures[0]
    with Image.open(io.BytesIO(sheet.data)) as image:
        description = f"{image.format}, {image.width} pixels wide, {len(sheet.data) / 2**20:.1f} MiB"
    return {
        "pictures": pictures,
        "waits_s": waits,
        "sheet": description,
        "besides": {
            key: spread([mark[key] - waits for mark in marks]) for key in ("painted", "kept", "sheet", "posted")
        },
    }


def table(results: dict[str, Any]) -> str:
    head = (
        f"{results['pictures']} pictures of {SIDE} pixels by a painter that waits {results['waits_s']:.1f} s for them, "
        f"with the small judge and no safety checker. The sheet: {results['sheet']}."
    )
    body = [(chain.MOMENTS[key], report.spread(value)) for key, value in results["besides"].items()]
    paragraphs = [head, report.rows(("seconds beside the painting, from the command to the", ""), body)]
    if results["pictures"] == H200_PICTURES:
        share = results["besides"]["posted"]["median"] / H200_SECONDS
        paragraphs.append(f"Of the {H200_SECONDS} s that an H200 paints them with v1-4, the last line is {share:.1%}.")
    return "\n\n".join(paragraphs)
