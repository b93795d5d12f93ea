"""What people build. The numbers are the drawing: places and sizes in the pen's coordinates."""

import math

from engine.embedded.drawings.animals import Subject
from engine.embedded.drawings.palette import INK, Colour, dark, light
from engine.embedded.drawings.pen import Pen
from engine.embedded.drawings.scene import Scene

_LIT: Colour = (255, 240, 150)
_DOOR: Colour = (110, 70, 44)
_CLOTH: Colour = (250, 246, 232)


def _house(pen: Pen, wall: Colour, scene: Scene) -> None:
    pen.rectangle((0.34, -0.82), (0.54, -0.3), (150, 86, 70))
    pen.rectangle((-0.68, -0.12), (0.68, 0.86), wall)
    roof = (150, 60, 50) if scene.colour not in {"red", "brown", "orange"} else (90, 84, 104)
    pen.polygon([(-0.88, -0.1), (0, -0.86), (0.88, -0.1)], roof)
    pen.rectangle((-0.16, 0.32), (0.16, 0.86), _DOOR)
    pen.ellipse((0.08, 0.6), (0.035, 0.035), (250, 220, 90), None)
    for x in (-0.42, 0.42):
        pen.rectangle((x - 0.17, 0.08), (x + 0.17, 0.4), _LIT)
        pen.line([(x, 0.08), (x, 0.4)], INK)
        pen.line([(x - 0.17, 0.24), (x + 0.17, 0.24)], INK)


def _tower(pen: Pen, stone: Colour, scene: Scene) -> None:
    pen.rectangle((-0.36, -0.5), (0.36, 0.94), stone)
    pen.rectangle((-0.48, -0.66), (0.48, -0.36), stone)
    for x in (-0.48, -0.12, 0.24):
        pen.rectangle((x, -0.86), (x + 0.24, -0.64), stone)
    for y in (-0.14, 0.24):
        pen.rectangle((-0.1, y), (0.1, y + 0.24), _LIT)
    pen.rectangle((-0.15, 0.64), (0.15, 0.94), _DOOR)
    if scene.variant % 2 == 0:
        pen.line([(0, -0.66), (0, -1.06)], INK, 5)
        pen.polygon([(0.02, -1.06), (0.34, -0.96), (0.02, -0.86)], (230, 60, 60))


def _bridge(pen: Pen, steel: Colour, _: Scene) -> None:
    for start, end in ((-1.3, -0.5), (-0.5, 0.5), (0.5, 1.3)):
        middle = (start + end) / 2
        half = (end - start) / 2
        sag = [(middle + half * math.cos(t), -0.62 + 0.72 * math.sin(t)) for t in _half_turn()]
        pen.line(sag, dark(steel), 9)
        pen.line(sag, steel, 5)
        for x, y in sag[3:-3:4]:
            pen.line([(x, y), (x, 0.3)], dark(steel), 4)
    for x in (-0.5, 0.5):
        pen.rectangle((x - 0.1, -0.74), (x + 0.1, 0.92), steel)
    pen.rectangle((-1.4, 0.26), (1.4, 0.46), steel)


def _half_turn() -> list[float]:
    return [math.pi * i / 16 for i in range(17)]


def _windmill(pen: Pen, wall: Colour, scene: Scene) -> None:
    pen.polygon([(-0.28, -0.3), (0.28, -0.3), (0.44, 0.94), (-0.44, 0.94)], wall)
    pen.polygon([(-0.36, -0.28), (0, -0.66), (0.36, -0.28)], dark(wall, 0.35))
    pen.rectangle((-0.14, 0.6), (0.14, 0.94), _DOOR)
    pen.rectangle((-0.1, 0.1), (0.1, 0.34), _LIT)
    turned = 45 if scene.variant % 2 == 0 else 20
    for quarter in range(4):
        turn = math.radians(turned + 90 * quarter)
        along, beside = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
        corners = [
            (along[0] * reach + beside[0] * off, -0.28 + along[1] * reach + beside[1] * off)
            for reach, off in ((0.14, 0.0), (0.84, 0.0), (0.84, 0.24), (0.2, 0.24))
        ]
        pen.polygon(corners, _CLOTH, INK)
    pen.ellipse((0, -0.28), (0.09, 0.09), light(wall, 0.2), INK)


BUILDINGS: dict[str, Subject] = {"house": _house, "tower": _tower, "bridge": _bridge, "windmill": _windmill}
