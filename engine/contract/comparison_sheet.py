"""The sheet of a comparison: a row for each seed, a column for each of what is compared, the baseline first."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from engine.contract.lettering import cut, font, wrapped
from engine.contract.sheet import CARD, EMPTY, FAINT, INK, PAPER, Footer, fitted, footer_lines

Picture = Image.Image | bytes | None
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Spread:
    """All distances in pixels, for pictures `side` pixels wide under these labels."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    side: int

    @property
    def gap(self) -> int:
        return max(4, self.side // 24)

    @property
    def letters(self) -> int:
        return max(11, self.side // 12)

    @property
    def left(self) -> int:
        wide = font(self.letters).getlength
        return min(self.side, max((round(wide(row)) for row in self.rows), default=0)) + 3 * self.gap

    @property
    def top(self) -> int:
        return max(map(len, self.heads), default=1) * round(self.letters * 1.3) + 2 * self.gap

    @property
    def heads(self) -> list[list[str]]:
        return [wrapped(column, font(self.letters), self.side, most=2) for column in self.columns]

    @property
    def size(self) -> tuple[int, int]:
        step = self.side + self.gap
        return self.left + len(self.columns) * step + self.gap, self.top + len(self.rows) * step + self.gap

    def box(self, across: int, down: int) -> Box:
        """Where the picture of this column and row lies: left, top, right, bottom."""
        step = self.side + self.gap
        x, y = self.left + across * step, self.top + down * step
        return x, y, x + self.side, y + self.side


def comparison(
    columns: Sequence[str],
    rows: Sequence[str],
    pictures: Sequence[Sequence[Picture]],
    side: int = 192,
    footer: Footer | None = None,
) -> Image.Image:
    """`pictures` row by row, as images or as bytes of an image file; None leaves an empty place. `side` is in pixels.

    Column labels stand above, row labels to the left; the baseline, the first column, is framed. Raises ValueError
    where the shape of `pictures` is not that of the labels.
    """
    if [len(row) for row in pictures] != [len(columns)] * len(rows):
        message = f"a comparison of {len(columns)} columns and {len(rows)} rows needs as many pictures"
        raise ValueError(message)
    spread = Spread(tuple(columns), tuple(rows), side)
    width, height = spread.size
    text = footer_lines(footer, width - 2 * spread.gap, spread.letters) if footer else []
    footer_height = sum(line[1] for line in text) + (2 * spread.gap if text else 0)
    image = Image.new("RGB", (width, height + footer_height), PAPER)
    draw = ImageDraw.Draw(image)
    _letter(draw, spread)
    for down, line in enumerate(pictures):
        for across, picture in enumerate(line):
            _place(image, draw, picture, spread.box(across, down))
    _frame(draw, spread)
    y = height
    for words, tall, letters, ink in text:
        draw.text((spread.gap, y), words, fill=ink, font=letters)
        y += tall
    return image


def _letter(draw: ImageDraw.ImageDraw, spread: Spread) -> None:
    letters, gap = font(spread.letters), spread.gap
    for number, lines in enumerate(spread.heads):
        middle = spread.box(number, 0)[0] + spread.side / 2
        colour = INK if number == 0 else FAINT
        place = (middle, spread.top - gap)
        draw.multiline_text(place, "\n".join(lines), fill=colour, font=letters, anchor="md", align="center")
    for down, label in enumerate(spread.rows):
        y = spread.box(0, down)[1] + spread.side / 2
        words = cut(label, letters, spread.left - 2 * gap)
        draw.text((spread.left - gap, y), words, fill=FAINT, font=letters, anchor="rm")


def _place(image: Image.Image, draw: ImageDraw.ImageDraw, picture: Picture, box: Box) -> None:
    if picture is None:
        draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=EMPTY)
        return
    image.paste(fitted(picture, box[2] - box[0]), box[:2])


def _frame(draw: ImageDraw.ImageDraw, spread: Spread) -> None:
    """Around the baseline's column: what everything else is compared with."""
    width, offset = max(2, spread.gap // 4), spread.gap // 2
    left, top, right, _ = spread.box(0, 0)
    bottom = spread.box(0, len(spread.rows) - 1)[3]
    draw.rectangle((left - offset, top - offset, right + offset - 1, bottom + offset - 1), outline=CARD, width=width)
