"""Where everything of a trade-off plot stands, in pixels, for the page's SVG and for the chat's PNG alike."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.contract.estimate import signed
from engine.contract.sentence import shorten
from engine.evaluation.tradeoff import Point, Tradeoff

WIDTH, HEIGHT = 760, 480
LEFT, TOP, RIGHT, BOTTOM = 84, 26, 736, 408
LETTER, LINE = 6.6, 15.0
"""About the width of a letter and the height of a line at 12 pixels; labels are kept apart by them."""
LEAST = 0.025
"""Half the least range of an axis, so that noise does not look like a landslide."""
TICKS = 7
LONGEST = 36

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Axis:
    """From values to pixels. A value beyond the range is pinned to its edge."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        clamped = min(self.high, max(self.low, value))
        return self.start + (clamped - self.low) / (self.high - self.low) * (self.end - self.start)

    def beyond(self, value: float) -> bool:
        return not self.low <= value <= self.high

    def ticks(self) -> list[float]:
        """Round numbers: 1, 2 or 5 times a power of ten apart."""
        rough = (self.high - self.low) / TICKS
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [round(number * step, 10) for number in range(first, last + 1)]


@dataclass(frozen=True)
class Mark:
    """A point in pixels, its interval's ends, and its label with the place where the text begins (left, middle)."""

    point: Point
    x: float
    y: float
    wide: tuple[float, float] | None
    high: tuple[float, float] | None
    pinned: bool
    label: str
    text: tuple[float, float]


@dataclass(frozen=True)
class Layout:
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    paths: tuple[tuple[int, ...], ...]


def layout(tradeoff: Tradeoff) -> Layout:
    x = Axis(*_range([(p.x, p.wide, p.kind == "real") for p in tradeoff.points]), LEFT, RIGHT)
    y = Axis(*_range([(p.y, p.high, p.kind == "real") for p in tradeoff.points]), BOTTOM, TOP)
    spots = [(x.at(p.x), y.at(p.y)) for p in tradeoff.points]
    occupied: list[Box] = [(a - 8, b - 8, a + 8, b + 8) for a, b in spots]
    occupied += [box for point, spot in zip(tradeoff.points, spots, strict=True) for box in _bars(point, spot, x, y)]
    marks = []
    for point, spot in zip(tradeoff.points, spots, strict=True):
        pinned = x.beyond(point.x) or y.beyond(point.y)
        label = _label(point, pinned=pinned)
        box = _free(spot, label, occupied)
        occupied.append(box)
        wide, high = ((axis.at(i[0]), axis.at(i[1])) if i else None for axis, i in ((x, point.wide), (y, point.high)))
        marks.append(Mark(point, *spot, wide, high, pinned, label, (box[0], (box[1] + box[3]) / 2)))
    return Layout(x, y, tuple(marks), tradeoff.paths)


def _range(values: Sequence[tuple[float, tuple[float, float] | None, bool]]) -> tuple[float, float]:
    """Holds every painted point with its interval. Real pictures widen it only while that leaves the rest legible."""
    inner = [end for value, interval, real in values if not real for end in (value, *(interval or ()))]
    low, high = min(*inner, -LEAST), max(*inner, LEAST)
    span = high - low
    outer = [value for value, _, real in values if real and low - span / 2 <= value <= high + span / 2]
    low, high = min(low, *outer, low), max(high, *outer, high)
    room = (high - low) * 0.08
    return low - room, high + room


def _label(point: Point, *, pinned: bool) -> str:
    text = shorten(point.label, LONGEST)
    return f"{text} ({signed(point.x, 2)}, {signed(point.y, 2)})" if pinned else text


def _bars(point: Point, spot: tuple[float, float], x: Axis, y: Axis) -> Iterator[Box]:
    """The lines of a point's intervals, so that no label is written across them."""
    if point.wide:
        yield x.at(point.wide[0]), spot[1] - 2, x.at(point.wide[1]), spot[1] + 2
    if point.high:
        yield spot[0] - 2, y.at(point.high[1]), spot[0] + 2, y.at(point.high[0])


def _free(spot: tuple[float, float], label: str, occupied: Sequence[Box]) -> Box:
    """The first place around a point whose box covers nothing else; the one that covers least where there is none."""
    return min(_places(spot, label), key=lambda box: sum(_overlap(box, other) for other in occupied))


def _places(spot: tuple[float, float], label: str) -> Iterator[Box]:
    x, y = spot
    width = len(label) * LETTER
    for away in (0.0, LINE, 2 * LINE, 3 * LINE):
        for left, middle in (
            (x + 11, y - 10 - away),
            (x + 11, y + 12 + away),
            (x - 11 - width, y - 10 - away),
            (x - 11 - width, y + 12 + away),
            (x - width / 2, y - 18 - away),
            (x - width / 2, y + 20 + away),
        ):
            box = (left, middle - LINE / 2, left + width, middle + LINE / 2)
            if box[0] > LEFT + 2 and box[2] < WIDTH - 4 and box[1] > TOP - 10 and box[3] < BOTTOM - 2:
                yield box
    # Near a corner a long label may fit nowhere: then it is moved inwards.
    left = min(max(x - width / 2, LEFT + 4), WIDTH - 4 - width)
    yield (left, y + 10, left + width, y + 10 + LINE)


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)
