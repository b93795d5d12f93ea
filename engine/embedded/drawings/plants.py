"""What grows. The numbers are the drawing: places and sizes in the pen's coordinates."""

import math

from engine.embedded.drawings.animals import Subject
from engine.embedded.drawings.faces import SIDES
from engine.embedded.drawings.palette import Colour, dark, light
from engine.embedded.drawings.pen import Pen, Point
from engine.embedded.drawings.scene import Scene

_LEAF: Colour = (80, 165, 70)
# The pen's scale at which a cactus arm is 22 pixels wide.
_ARM_SCALE, _ARM_WIDTH = 90, 22


def _tree(pen: Pen, leaves: Colour, scene: Scene) -> None:
    pen.polygon([(-0.13, 0.1), (0.13, 0.1), (0.2, 0.95), (-0.2, 0.95)], (128, 84, 50))
    if scene.variant % 2 == 0:
        for x, y, radius in ((-0.38, -0.08, 0.38), (0.38, -0.08, 0.38), (0, -0.48, 0.46)):
            pen.ellipse((x, y), (radius, radius), leaves)
        pen.ellipse((0, -0.14), (0.46, 0.36), leaves, None)
        pen.ellipse((-0.16, -0.58), (0.14, 0.1), light(leaves, 0.3), None)
    else:
        for y, half in ((0.3, 0.74), (-0.12, 0.58), (-0.5, 0.4)):
            pen.polygon([(-half, y), (half, y), (0, y - 0.56)], leaves)


def _flower(pen: Pen, petals: Colour, scene: Scene) -> None:
    pen.line([(0, 0.05), (0.04, 0.98)], (50, 120, 50), 16)
    pen.line([(0, 0.05), (0.04, 0.98)], _LEAF, 10)
    pen.ellipse((0.28, 0.62), (0.26, 0.11), _LEAF, turned=-28)
    pen.ellipse((-0.22, 0.76), (0.24, 0.1), _LEAF, turned=28)
    for i in range(6):
        turn = i * math.pi / 3 + 0.26
        centre = 0.4 * math.cos(turn), -0.34 + 0.4 * math.sin(turn)
        pen.ellipse(centre, (0.27, 0.2), petals, turned=math.degrees(turn))
    pen.ellipse((0, -0.34), (0.24, 0.24), (252, 200, 60) if scene.colour != "yellow" else (190, 110, 40))


def _mushroom(pen: Pen, cap: Colour, scene: Scene) -> None:
    pen.polygon([(-0.22, 0.0), (0.22, 0.0), (0.3, 0.84), (-0.3, 0.84)], (248, 236, 214))
    pen.ellipse((0, 0.12), (0.84, 0.86), cap, upper_half=True)
    spot = (255, 255, 250) if scene.colour != "white" else (240, 120, 120)
    for x, y, radius in ((-0.42, -0.2, 0.14), (0.08, -0.46, 0.15), (0.48, -0.12, 0.12), (0, -0.08, 0.11)):
        pen.ellipse((x, y), (radius, radius * 0.85), spot, None)


def _cactus(pen: Pen, skin: Colour, _: Scene) -> None:
    _arm(pen, [(-0.1, 0.3), (-0.52, 0.3), (-0.52, -0.16)], skin)
    _arm(pen, [(0.1, 0.06), (0.52, 0.06), (0.52, -0.4)], skin)
    for side, y in zip(SIDES, (-0.18, -0.42), strict=True):
        pen.ellipse((side * 0.52, y), (0.125, 0.12), skin, None)
    pen.ellipse((0, -0.6), (0.24, 0.28), skin)
    pen.rectangle((-0.24, -0.6), (0.24, 0.92), skin)
    pen.ellipse((0, -0.6), (0.22, 0.26), skin, None)
    for x in (-0.1, 0.1):
        pen.line([(x, -0.66), (x, 0.86)], dark(skin, 0.25))
    pen.ellipse((0, -0.88), (0.12, 0.09), (245, 120, 170))


def _arm(pen: Pen, bones: list[Point], skin: Colour) -> None:
    width = int(_ARM_WIDTH * (pen.scale / _ARM_SCALE))
    pen.line(bones, dark(skin), width + 8)
    pen.line(bones, skin, width)


PLANTS: dict[str, Subject] = {"tree": _tree, "flower": _flower, "mushroom": _mushroom, "cactus": _cactus}
