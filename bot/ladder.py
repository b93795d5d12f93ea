"""The size ladder: the largest sheet that fits a destination, PNG first, then JPEG, chosen before it is uploaded."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from bot.chat import Limits
from bot.errors import TooLarge
from bot.prints import TELLING, Prints
from engine.contract.sheet import all_fitted, encode

SIZES = (512, 384, 256, 192, 128, 96, 64, 48)
# Under this a PNG gives way to a JPEG with larger cells; smaller models still get cells that can be looked at.
LEAST_PNG_PX = 128
QUALITIES = {"JPEG": (92, 80), "WEBP": (92, 80)}
# Some pictures tell what all weigh, but for a fifth at most: a large sheet is not made only to find it too heavy.
CERTAIN = 0.8
# Bytes of a sheet for each pixel of a picture, three colours and the paper between them.
PLAIN = 4
# A decoder on the other side may refuse more; Pillow itself warns at 89 million.
MOST_PIXELS = 48_000_000

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Rung:
    form: str
    cell_px: int
    quality: int = 92


@dataclass(frozen=True)
class Sheet:
    """An encoded sheet, the rung it stands on, and where its cells lie as fractions: left, top, width, height."""

    data: bytes
    rung: int
    form: str
    boxes: dict[str, Box]


def rungs(side: int, pixels: Callable[[int], float], limits: Limits) -> list[Rung]:
    """From the best to the smallest, for pictures of `side` pixels; no PNG has cells much larger. `pixels`: how many
    a sheet has with cells of some size."""
    whole_px = max(side, LEAST_PNG_PX)
    sizes = [px for px in SIZES if px <= whole_px and pixels(px) <= MOST_PIXELS]
    whole = [Rung("PNG", px) for px in sizes if px >= LEAST_PNG_PX] if "PNG" in limits.formats else []
    lossy = [form for form in limits.formats if form in QUALITIES]
    return whole + [Rung(form, px, q) for px in sizes for form in lossy for q in QUALITIES[form]]


async def largest_that_fits(
    ladder: Sequence[Rung],
    prints: Prints,
    side: int,
    limits: Limits,
    start: int,
    make: Callable[[Rung, int], Sheet],
) -> Sheet:
    """What `make` makes on the first rung from `start` on that fits. Raises TooLarge where none does."""
    for number, rung in enumerate(ladder[start:], start):
        # Pictures lie ready in the size that was expected to fit.
        if not prints.ready(rung.cell_px):
            weight = await asyncio.to_thread(_expected_bytes, prints, len(prints), side, rung, limits.file_bytes)
            if weight * CERTAIN > limits.file_bytes:
                continue
        sheet = await asyncio.to_thread(make, rung, number)
        if len(sheet.data) <= limits.file_bytes:
            return sheet
    raise TooLarge(f"No sheet is small enough for the {limits.file_bytes:,} bytes allowed here.")


def expected_cell_px(ladder: Sequence[Rung], prints: Prints, count: int, side: int, limits: Limits) -> int:
    """How wide a cell will be on the sheet of `count` such pictures, as far as these tell."""
    most = limits.file_bytes
    fitting = (rung for rung in ladder if _expected_bytes(prints, count, side, rung, most) <= most)
    return next(fitting, ladder[-1]).cell_px


def fractions(box: tuple[int, int, int, int], image: Image.Image) -> Box:
    """Of left, top, right, bottom in pixels."""
    left, top, right, bottom = box
    return left / image.width, top / image.height, (right - left) / image.width, (bottom - top) / image.height


def _expected_bytes(prints: Prints, count: int, side: int, rung: Rung, most: int) -> float:
    """About how many bytes a sheet of `count` such pictures has; 0 where making it is as quick, or it would fit as
    plain pixels."""
    if count < 2 * TELLING or rung.cell_px**2 * count * PLAIN <= most:
        return 0.0
    weight, share = prints.weight / len(prints) * count, rung.cell_px / side
    # Pictures made smaller weigh in PNG what their area says, or more.
    if rung.form == "PNG" and share <= 1 and weight * share**2 * CERTAIN > most:
        return weight * share**2
    sample = prints.some(TELLING)
    strip = Image.new("RGB", (rung.cell_px, rung.cell_px * len(sample)))
    for index, picture in enumerate(all_fitted(sample.at(rung.cell_px), rung.cell_px).values()):
        strip.paste(picture, (0, rung.cell_px * index))
    return len(encode(strip, rung.form, {}, quality=rung.quality)) / sample.weight * weight
