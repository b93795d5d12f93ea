"""What stands still or far away: mountain, moon, star and planet. The numbers are the drawing."""

import math

from engine.embedded.drawings.animals import Subject
from engine.embedded.drawings.palette import INK, Colour, dark, light
from engine.embedded.drawings.pen import Pen
from engine.embedded.drawings.scene import Scene


def _mountain(pen: Pen, rock: Colour, _: Scene) -> None:
    for left, top, right in (
        ((0.02, 0.86), (0.56, -0.34), (1.08, 0.86)),
        ((-1.08, 0.86), (-0.26, -0.82), (0.62, 0.86)),
    ):
        pen.polygon([left, top, right], rock)
        x, y = top
        slopes = ((0, 0), (0.2, 0.4), (0.08, 0.32), (-0.02, 0.46), (-0.1, 0.32), (-0.2, 0.4))
        pen.polygon([(x + dx, y + dy) for dx, dy in slopes], (252, 252, 255))


def _moon(pen: Pen, colour: Colour, _: Scene) -> None:
    outside = [math.radians(degrees) for degrees in range(50, 311, 10)]
    inside = [math.radians(degrees) for degrees in range(285, 74, -10)]
    crescent = [(0.78 * math.cos(turn), 0.78 * math.sin(turn)) for turn in outside]
    crescent += [(0.34 + 0.62 * math.cos(turn), 0.62 * math.sin(turn)) for turn in inside]
    pen.polygon(crescent, colour)
    pen.ellipse((-0.55, -0.15), (0.09, 0.09), dark(colour, 0.15), None)
    pen.ellipse((-0.44, 0.3), (0.07, 0.07), dark(colour, 0.15), None)


def _star(pen: Pen, colour: Colour, scene: Scene) -> None:
    points = []
    for i in range(10):
        turn, reach = -math.pi / 2 + i * math.pi / 5, 0.94 if i % 2 == 0 else 0.44
        points.append((reach * math.cos(turn), reach * math.sin(turn)))
    pen.polygon(points, colour)
    if scene.variant % 2 == 0:
        pen.ellipse((-0.16, -0.08), (0.06, 0.09), INK, None)
        pen.ellipse((0.16, -0.08), (0.06, 0.09), INK, None)
        pen.arc((0, 0.08), (0.16, 0.14), 10, 170, INK, 6)


def _planet(pen: Pen, colour: Colour, scene: Scene) -> None:
    ring = light(colour, 0.55)
    pen.ellipse((0, 0.04), (0.62, 0.62), colour)
    for x, y, radius in ((-0.24, -0.2, 0.13), (0.2, 0.3, 0.1), (0.26, -0.26, 0.08)):
        pen.ellipse((x, y), (radius, radius), dark(colour, 0.22), None)
    tilt = -0.24 if scene.variant % 2 == 0 else 0.24
    for width, ink in ((17, dark(colour)), (10, ring)):
        turns = [math.pi * (i / 14 - 0.08) for i in range(17)]
        band = [(1.02 * math.cos(t), 0.06 + 0.26 * math.sin(t) + tilt * math.cos(t)) for t in turns]
        pen.line(band, ink, width)


SIGHTS: dict[str, Subject] = {"mountain": _mountain, "moon": _moon, "star": _star, "planet": _planet}
