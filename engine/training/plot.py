"""The losses of a training as a picture: the original's "Training Loss per Epoch", with the held-out loss beside it."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from engine.contract.training import Epoch

SIZE = (800, 480)
LEFT, TOP, RIGHT, BOTTOM = 78, 56, 776, 424
PAPER, INK, FAINT, GRID = (255, 255, 255), (32, 36, 46), (112, 116, 126), (228, 229, 233)
TRAINING, HELD_OUT = (36, 100, 190), (205, 92, 32)
Point = tuple[float, float]


def plot(epochs: Sequence[Epoch], best: int) -> Image.Image:
    """800 x 480 pixels. `best` is the epoch that is kept, 0 for none."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((SIZE[0] / 2, 26), "Training Loss per Epoch", fill=INK, font=_font(20), anchor="mm")
    lines = ([epoch.train_loss for epoch in epochs], [epoch.held_out_loss for epoch in epochs])
    low, high = _range([*lines[0], *lines[1]])
    places = [[_place(number, loss, len(epochs), low, high) for number, loss in enumerate(line, 1)] for line in lines]
    _axes(draw, len(epochs), low, high)
    for line, colour in zip(places, (TRAINING, HELD_OUT), strict=True):
        _line(draw, line, colour)
    if best:
        _mark(draw, places[1][best - 1], places[0][best - 1], best)
    _key(draw)
    return image


def png(epochs: Sequence[Epoch], best: int) -> bytes:
    out = io.BytesIO()
    plot(epochs, best).save(out, "PNG", optimize=True)
    return out.getvalue()


def _range(losses: list[float]) -> tuple[float, float]:
    low, high = min(losses, default=0.0), max(losses, default=1.0)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - 2 * room, high + room


def _place(number: int, loss: float, n: int, low: float, high: float) -> Point:
    across = (number - 1) / max(1, n - 1) if n > 1 else 0.5
    return LEFT + 18 + across * (RIGHT - LEFT - 36), BOTTOM - (loss - low) / (high - low) * (BOTTOM - TOP)


def _axes(draw: ImageDraw.ImageDraw, n: int, low: float, high: float) -> None:
    for step in range(6):
        loss = low + (high - low) * step / 5
        y = BOTTOM - step / 5 * (BOTTOM - TOP)
        draw.line((LEFT, y, RIGHT, y), fill=GRID)
        draw.text((LEFT - 10, y), f"{loss:.3f}", fill=FAINT, font=_font(13), anchor="rm")
    every = max(1, -(-n // 15))
    for number in range(1, n + 1, every):
        x, _ = _place(number, low, n, low, high)
        draw.text((x, BOTTOM + 16), str(number), fill=FAINT, font=_font(13), anchor="mm")
    draw.line((LEFT, TOP, LEFT, BOTTOM, RIGHT, BOTTOM), fill=INK)
    draw.text(((LEFT + RIGHT) / 2, BOTTOM + 38), "epoch", fill=INK, font=_font(14), anchor="mm")


def _line(draw: ImageDraw.ImageDraw, line: list[Point], colour: tuple[int, int, int]) -> None:
    if len(line) > 1:
        draw.line(line, fill=colour, width=3, joint="curve")
    for x, y in line:
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)


def _mark(draw: ImageDraw.ImageDraw, point: Point, other: Point, best: int) -> None:
    """Named on the side where the other line is not; there is room for it below the lowest loss."""
    x, y = point
    draw.ellipse((x - 9, y - 9, x + 9, y + 9), outline=HELD_OUT, width=3)
    words = f"best: epoch {best}"
    side = max(LEFT + 60, min(RIGHT - 60, x))
    label_y = y + 22 if other[1] <= y else y - 24
    draw.text((side, label_y), words, fill=HELD_OUT, font=_font(14), anchor="mm")


def _key(draw: ImageDraw.ImageDraw) -> None:
    for row, (words, colour) in enumerate((("training", TRAINING), ("held out", HELD_OUT))):
        y = TOP + 14 + 22 * row
        draw.line((RIGHT - 130, y, RIGHT - 100, y), fill=colour, width=3)
        draw.text((RIGHT - 90, y), words, fill=INK, font=_font(14), anchor="lm")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
