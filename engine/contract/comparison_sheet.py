"""The sheet of a comparison: a row for each seed, a column for each of what is compared, the baseline first."""

import io
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

PAPER, CARD, INK, FAINT, EMPTY = (247, 246, 242), (32, 36, 46), (32, 36, 46), (112, 116, 126), (214, 214, 210)
Picture = Image.Image | bytes | None


def comparison(
    columns: Sequence[str], rows: Sequence[str], pictures: Sequence[Sequence[Picture]], side: int = 192
) -> Image.Image:
    """`pictures` row by row, as images or as bytes of an image file; None leaves an empty place. `side` is in pixels.

    Column labels stand above, row labels to the left; the baseline, the first column, is framed. Raises ValueError
    where the shape of `pictures` is not that of the labels.
    """
    if [len(row) for row in pictures] != [len(columns)] * len(rows):
        message = f"a comparison of {len(columns)} columns and {len(rows)} rows needs as many pictures"
        raise ValueError(message)
    gap, letters = max(4, side // 24), max(11, side // 12)
    font = _font(letters)
    left = min(side, max((round(font.getlength(row)) for row in rows), default=0)) + 3 * gap
    heads = [_wrapped(column, font, side) for column in columns]
    top = max(map(len, heads), default=1) * round(letters * 1.3) + 2 * gap
    image = Image.new("RGB", (left + len(columns) * (side + gap) + gap, top + len(rows) * (side + gap) + gap), PAPER)
    draw = ImageDraw.Draw(image)
    for number, lines in enumerate(heads):
        middle = left + number * (side + gap) + side / 2
        colour = INK if number == 0 else FAINT
        draw.multiline_text((middle, top - gap), "\n".join(lines), fill=colour, font=font, anchor="md", align="center")
    for down, (label, line) in enumerate(zip(rows, pictures, strict=True)):
        y = top + down * (side + gap)
        draw.text((left - gap, y + side / 2), _cut(label, font, left - 2 * gap), fill=FAINT, font=font, anchor="rm")
        for across, picture in enumerate(line):
            _place(image, draw, picture, (left + across * (side + gap), y), side)
    _frame(draw, left, top, len(rows), side, gap)
    return image


def _place(image: Image.Image, draw: ImageDraw.ImageDraw, picture: Picture, corner: tuple[int, int], side: int) -> None:
    if picture is None:
        x, y = corner
        draw.rectangle((x, y, x + side - 1, y + side - 1), fill=EMPTY)
        return
    found = Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture
    image.paste(found.convert("RGB").resize((side, side), Image.Resampling.LANCZOS), corner)


def _frame(draw: ImageDraw.ImageDraw, left: int, top: int, rows: int, side: int, gap: int) -> None:
    """Around the baseline's column: what everything else is compared with."""
    width, out = max(2, gap // 4), gap // 2
    bottom = top + rows * (side + gap) - gap
    draw.rectangle((left - out, top - out, left + side + out - 1, bottom + out - 1), outline=CARD, width=width)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    """At most two lines no wider than `room` pixels."""
    words = text.split()
    first: list[str] = words[:1]
    while len(first) < len(words) and font.getlength(" ".join(words[: len(first) + 1])) <= room:
        first = words[: len(first) + 1]
    lines = [" ".join(first), " ".join(words[len(first) :])]
    return [_cut(line, font, room) for line in lines if line] or [""]


def _cut(text: str, font: ImageFont.FreeTypeFont, room: int) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "…") > room:
        text = text[:-1]
    return text + "…"


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        message = "Pillow was built without FreeType, so no sheet can be lettered; install Pillow's own wheel."
        raise TypeError(message)
    return font
