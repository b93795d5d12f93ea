"""The trade-off as a PNG for chats: the same plot as on the page, on white paper."""

import io
from itertools import pairwise

from PIL import Image, ImageDraw

from engine.contract.estimate import signed
from engine.contract.lettering import font
from engine.evaluation.layout import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Layout, Mark, layout
from engine.evaluation.svg import X_TITLE, Y_TITLE
from engine.evaluation.tradeoff import Kind, Tradeoff
from engine.evaluation.verdict import MARGIN

TIMES = 4
"""Drawn so many times larger and then reduced by half of it: smooth edges at twice the page's size."""
LETTERS = 12 * TIMES
Colour = tuple[int, int, int]
PAPER, INK, FAINT, TICK, ZERO, BAND = (
    (255, 255, 255),
    (32, 36, 46),
    (104, 108, 118),
    (232, 232, 230),
    (150, 153, 160),
    (238, 243, 236),
)
COLOURS: dict[Kind, Colour] = {"baseline": INK, "compared": (31, 95, 175), "control": (176, 84, 28), "real": FAINT}


def png(tradeoff: Tradeoff) -> bytes:
    """1520 x 960 pixels."""
    out = io.BytesIO()
    image(tradeoff).save(out, "PNG", optimize=True)
    return out.getvalue()


def image(tradeoff: Tradeoff) -> Image.Image:
    plot_layout = layout(tradeoff)
    canvas = Image.new("RGB", (WIDTH * TIMES, HEIGHT * TIMES), PAPER)
    pen = _Pen(canvas)
    _ground(pen, plot_layout)
    for path in plot_layout.paths:
        spots = [(plot_layout.marks[index].x, plot_layout.marks[index].y) for index in path]
        for start, end in pairwise(spots):
            pen.line(*start, *end, (160, 186, 220), 1.5)
    for mark in plot_layout.marks:
        _mark(pen, mark)
    # After all lines, and on paper of its own: where everything is full a label may have to cross one.
    for mark in plot_layout.marks:
        pen.text(*mark.text, mark.label, COLOURS[mark.point.kind], "lm", halo=2)
    pen.text((LEFT + RIGHT) / 2, BOTTOM + 46, X_TITLE, INK, "mm")
    _upright(canvas, Y_TITLE)
    return canvas.resize((WIDTH * TIMES // 2, HEIGHT * TIMES // 2), Image.Resampling.LANCZOS)


class _Pen:
    """Draws in the layout's pixels."""

    def __init__(self, canvas: Image.Image) -> None:
        self._draw = ImageDraw.Draw(canvas)

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: Colour, width: float = 1) -> None:
        self._draw.line([v * TIMES for v in (x1, y1, x2, y2)], fill=colour, width=round(width * TIMES))

    def box(self, x1: float, y1: float, x2: float, y2: float, colour: Colour) -> None:
        self._draw.rectangle([v * TIMES for v in (x1, y1, x2, y2)], fill=colour)

    def dot(self, x: float, y: float, r: float, colour: Colour, *, hollow: bool = False) -> None:
        ends = [v * TIMES for v in (x - r, y - r, x + r, y + r)]
        self._draw.ellipse(ends, fill=PAPER if hollow else colour, outline=colour, width=2 * TIMES)

    def shape(self, spots: list[tuple[float, float]], colour: Colour) -> None:
        self._draw.polygon([(x * TIMES, y * TIMES) for x, y in spots], fill=PAPER, outline=colour, width=2 * TIMES)

    def text(self, x: float, y: float, words: str, colour: Colour, anchor: str, *, halo: int = 0) -> None:
        place, letters = (x * TIMES, y * TIMES), font(LETTERS)
        self._draw.text(place, _lettered(words), colour, letters, anchor, stroke_width=halo * TIMES, stroke_fill=PAPER)


def _ground(pen: _Pen, layout: Layout) -> None:
    left, right = layout.x.at(-MARGIN), layout.x.at(MARGIN)
    pen.box(left, TOP, right, BOTTOM, BAND)
    pen.text((left + right) / 2, TOP - 13, f"content kept within {MARGIN:g}", FAINT, "mm")
    for value in layout.x.ticks():
        x = layout.x.at(value)
        pen.line(x, TOP, x, BOTTOM, TICK if value else ZERO)
        pen.text(x, BOTTOM + 15, signed(value, 2), FAINT, "mm")
    for value in layout.y.ticks():
        y = layout.y.at(value)
        pen.line(LEFT, y, RIGHT, y, TICK if value else ZERO)
        pen.text(LEFT - 9, y, signed(value, 2), FAINT, "rm")


def _mark(pen: _Pen, mark: Mark) -> None:
    kind, x, y = mark.point.kind, mark.x, mark.y
    colour = COLOURS[kind]
    if mark.wide:
        pen.line(mark.wide[0], y, mark.wide[1], y, colour, 1.5)
    if mark.high:
        pen.line(x, mark.high[0], x, mark.high[1], colour, 1.5)
    if kind == "control":
        pen.shape([(x, y - 8), (x + 8, y), (x, y + 8), (x - 8, y)], colour)
    elif kind == "real":
        pen.shape([(x - 5, y - 5), (x + 5, y - 5), (x + 5, y + 5), (x - 5, y + 5)], colour)
    else:
        pen.dot(x, y, 7 if kind == "baseline" else 5.5, colour, hollow=kind == "baseline")


def _upright(canvas: Image.Image, words: str) -> None:
    letters = font(LETTERS)
    words = _lettered(words)
    strip = Image.new("RGB", (round(letters.getlength(words)) + 2, 20 * TIMES), PAPER)
    ImageDraw.Draw(strip).text((strip.width / 2, strip.height / 2), words, fill=INK, font=letters, anchor="mm")
    turned = strip.rotate(90, expand=True)
    canvas.paste(turned, (6 * TIMES, round((TOP + BOTTOM) / 2 * TIMES - turned.height / 2)))


def _lettered(words: str) -> str:
    """Pillow's own font has neither a true minus nor arrows."""
    return words.replace("\N{MINUS SIGN}", "-").replace(" \N{RIGHTWARDS ARROW}", "")
