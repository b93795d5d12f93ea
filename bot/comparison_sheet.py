"""The sheet of a comparison as a file: the largest that a destination takes, and where its pictures lie on it."""

import asyncio
from dataclasses import dataclass

from bot.chat import Limits
from bot.compared import LETTERS, WHAT
from bot.comparison import Comparison
from bot.errors import TooLarge
from bot.ladder import LEAST_PNG_PX, MOST_PIXELS, QUALITIES, SIZES, Rung
from engine.contract.comparison_sheet import Spread, comparison
from engine.contract.sheet import Footer, encode


@dataclass(frozen=True)
class ComparisonSheet:
    """`boxes` are fractions of the picture: left, top, width, height; `rung` is where on the ladder it stands."""

    data: bytes
    form: str
    rung: int
    boxes: dict[str, tuple[float, float, float, float]]


async def fit(found: Comparison, limits: Limits, start: int) -> ComparisonSheet:
    """The first rung from `start` on that fits. Raises TooLarge where none does."""
    ladder = _rungs(found, limits)
    for number in range(start, len(ladder)):
        made = await asyncio.to_thread(_make, found, ladder[number], number)
        if len(made.data) <= limits.file_bytes:
            return made
    raise TooLarge(f"No sheet is small enough for the {limits.file_bytes:,} bytes that are allowed here.")


def _rungs(found: Comparison, limits: Limits) -> list[Rung]:
    """A picture is never shown much larger than it is."""
    largest = max(found.plan.columns[0].recipe.size, LEAST_PNG_PX)
    count = len(found.plan.cells)
    sizes = [px for px in SIZES if px <= largest and px * px * count * 1.5 <= MOST_PIXELS] or [SIZES[-1]]
    whole = [Rung("PNG", px) for px in sizes if px >= LEAST_PNG_PX] if "PNG" in limits.formats else []
    lossy = [form for form in limits.formats if form in QUALITIES]
    return whole + [Rung(form, px, quality) for px in sizes for form in lossy for quality in QUALITIES[form]]


def _make(found: Comparison, rung: Rung, number: int) -> ComparisonSheet:
    plan = found.plan
    columns = [f"{LETTERS[at]} · {column.label}" for at, column in enumerate(plan.columns)]
    rows = [f"{at} · {line[0].seed}" for at, line in enumerate(plan.rows, 1)]
    pictures = [[found.pictures.get(cell.cell) for cell in line] for line in plan.rows]
    image = comparison(columns, rows, pictures, rung.cell_px, _footer(found))
    spread, (w, h) = Spread(tuple(columns), tuple(rows), rung.cell_px), image.size
    boxes = {}
    for cell in plan.cells:
        left, top, right, bottom = spread.box(*cell.block)
        boxes[cell.cell] = (left / w, top / h, (right - left) / w, (bottom - top) / h)
    return ComparisonSheet(encode(image, rung.form, found.as_json(), quality=rung.quality), rung.form, number, boxes)


def _footer(found: Comparison) -> Footer:
    plan, job = found.plan, found.job
    about = f"{job.id} · {WHAT[plan.compares]} · seed {plan.seed} · judge {plan.judge}"
    return Footer(" / ".join(dict.fromkeys(column.prompt for column in plan.columns)), (about,))
