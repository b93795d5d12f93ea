"""The size ladder: the largest sheet that fits a destination, PNG first, then JPEG, chosen before it is uploaded."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from bot.chat import Limits
from bot.errors import TooLarge
from engine.contract import sheet
from engine.contract.grid import Plan

SIZES = (512, 384, 256, 192, 128, 96, 64, 48)
# Under this a PNG gives way to a JPEG with larger cells; smaller models still get cells that can be looked at.
LEAST_PNG_PX = 128
QUALITIES = {"JPEG": (92, 80), "WEBP": (92, 80)}
# So many pictures tell what all weigh, but for a fifth at most: a large sheet is not made only to find it too heavy.
WEIGHED, CERTAIN = 8, 0.8
# A decoder on the other side may refuse more; Pillow itself warns at 89 million.
MOST_PIXELS = 48_000_000


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
    boxes: dict[str, tuple[float, float, float, float]]


def rungs(plan: Plan, limits: Limits) -> list[Rung]:
    """From the best to the smallest. A PNG never has cells much larger than the pictures are."""
    blocks = max(cell.block[0] for cell in plan.cells) + 1
    largest = max(plan.recipe.size, LEAST_PNG_PX)
    sizes = [px for px in SIZES if px <= largest and (px * 2 * blocks) ** 2 * 1.3 <= MOST_PIXELS] or [SIZES[-1]]
    whole = [Rung("PNG", px) for px in sizes if px >= LEAST_PNG_PX] if "PNG" in limits.formats else []
    lossy = [form for form in limits.formats if form in QUALITIES]
    return whole + [Rung(form, px, q) for px in sizes for form in lossy for q in QUALITIES[form]]


async def fit(
    plan: Plan,
    pictures: Mapping[str, bytes],
    footer: sheet.Footer,
    recipe: Mapping[str, Any],
    limits: Limits,
    start: int,
) -> Sheet:
    """The first rung from `start` on that fits. Raises TooLarge where none does."""
    ladder = rungs(plan, limits)
    weight = sum(map(len, pictures.values()))
    for number in range(start, len(ladder)):
        if ladder[number].form == "PNG" and _hopeless(plan, ladder[number].cell_px, weight, limits.file_bytes):
            continue
        if await asyncio.to_thread(_weighed, pictures, ladder[number]) * CERTAIN > limits.file_bytes:
            continue
        made = await asyncio.to_thread(_make, plan, pictures, footer, recipe, ladder[number], number)
        if len(made.data) <= limits.file_bytes:
            return made
    raise TooLarge(f"No sheet is small enough for the {limits.file_bytes:,} bytes that are allowed here.")


def _hopeless(plan: Plan, cell_px: int, weight: int, most: int) -> bool:
    """Pictures made smaller weigh what their area says, or more."""
    share = cell_px / plan.recipe.size
    return share <= 1 and weight * share**2 * CERTAIN > most


def _weighed(pictures: Mapping[str, bytes], rung: Rung) -> float:
    """Bytes of a sheet, reckoned from some of its pictures; 0 where it has so few that making it is as quick."""
    if len(pictures) < 2 * WEIGHED:
        return 0.0
    some = {cell: pictures[cell] for cell in list(pictures)[:: len(pictures) // WEIGHED]}
    strip = Image.new("RGB", (rung.cell_px, rung.cell_px * len(some)))
    for index, picture in enumerate(sheet.all_fitted(some, rung.cell_px).values()):
        strip.paste(picture, (0, rung.cell_px * index))
    weighs = len(sheet.encode(strip, rung.form, {}, quality=rung.quality))
    return weighs / sum(map(len, some.values())) * sum(map(len, pictures.values()))


def _make(
    plan: Plan,
    pictures: Mapping[str, bytes],
    footer: sheet.Footer,
    recipe: Mapping[str, Any],
    rung: Rung,
    number: int,
) -> Sheet:
    image = sheet.lay_out(plan, pictures, cell_px=rung.cell_px, footer=footer)
    blocks = max(cell.block[0] for cell in plan.cells) + 1
    w, h = image.size
    boxes = {
        cell: (left / w, top / h, (right - left) / w, (bottom - top) / h)
        for cell, (left, top, right, bottom) in sheet.boxes(blocks, rung.cell_px).items()
    }
    return Sheet(sheet.encode(image, rung.form, recipe, quality=rung.quality), number, rung.form, boxes)
