"""The abstract subjects: one shape in one colour. The numbers are the drawing, in the pen's coordinates."""

import math

from engine.embedded.drawings.animals import Subject
from engine.embedded.drawings.palette import Colour, dark, light
from engine.embedded.drawings.pen import Pen, Point
from engine.embedded.drawings.scene import Scene

_RIM = 9
"""How much wider the dark line under a coloured one is, in pixels."""


def _spiral(pen: Pen, colour: Colour, _: Scene) -> None:
    turns = [i * math.pi / 14 for i in range(73)]
    curve = [((0.06 + 0.052 * t) * math.cos(t), (0.06 + 0.052 * t) * math.sin(t)) for t in turns]
    _band(pen, curve, colour, 0.17)


def _zigzag(pen: Pen, colour: Colour, scene: Scene) -> None:
    rows = (-0.44, 0.44) if scene.variant % 2 == 0 else (0.0,)
    for y in rows:
        corners = [(-0.92 + i * 0.46, y + (0.25 if i % 2 == 0 else -0.25)) for i in range(5)]
        _band(pen, corners, colour, 0.2)


def _triangle(pen: Pen, colour: Colour, scene: Scene) -> None:
    pen.polygon([(-0.9, 0.72), (0.9, 0.72), (0, -0.84)], colour, width=7)
    if scene.variant % 2 == 0:
        pen.polygon([(-0.36, 0.4), (0.36, 0.4), (0, -0.22)], light(colour, 0.6), width=5)


def _checkerboard(pen: Pen, colour: Colour, _: Scene) -> None:
    pen.rectangle((-0.84, -0.84), (0.84, 0.84), light(colour, 0.85))
    for row in range(4):
        for column in range(4):
            if (row + column) % 2 == 0:
                x, y = -0.84 + 0.42 * column, -0.84 + 0.42 * row
                pen.rectangle((x, y), (x + 0.42, y + 0.42), colour, None)
    pen.line([(-0.84, -0.84), (0.84, -0.84), (0.84, 0.84), (-0.84, 0.84), (-0.84, -0.84)], dark(colour), 6)


def _band(pen: Pen, points: list[Point], colour: Colour, width: float) -> None:
    """A line of `width` in the pen's coordinates, with a dark rim."""
    pixels = width * pen.scale
    pen.line(points, dark(colour), pixels + _RIM)
    pen.line(points, colour, pixels)


SHAPES: dict[str, Subject] = {
    "spiral": _spiral,
    "zigzag": _zigzag,
    "triangle": _triangle,
    "checkerboard": _checkerboard,
}
