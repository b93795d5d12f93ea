"""What people make and use. The numbers are the drawing: places and sizes in the pen's coordinates."""

from engine.embedded.drawings.animals import Subject
from engine.embedded.drawings.faces import SIDES, draw_eyes
from engine.embedded.drawings.palette import INK, WHITE, Colour, dark, light
from engine.embedded.drawings.pen import Pen
from engine.embedded.drawings.scene import Scene

_GLASS: Colour = (190, 225, 245)
_DARK_PLACES = ("night", "space")


def _car(pen: Pen, paint: Colour, _: Scene) -> None:
    pen.polygon([(-0.55, 0.02), (-0.34, -0.44), (0.3, -0.44), (0.56, 0.02)], paint)
    pen.polygon([(-0.43, 0), (-0.28, -0.34), (-0.03, -0.34), (-0.03, 0)], _GLASS)
    pen.polygon([(0.04, 0), (0.04, -0.34), (0.25, -0.34), (0.44, 0)], _GLASS)
    body = [(-0.96, 0.1), (-0.86, 0), (0.86, 0), (0.96, 0.1), (0.96, 0.44), (-0.96, 0.44)]
    pen.polygon(body, paint)
    pen.rectangle((-0.98, 0.12), (-0.84, 0.26), (255, 240, 140))
    pen.rectangle((0.88, 0.12), (0.98, 0.26), (230, 60, 50))
    for x in (-0.54, 0.54):
        pen.ellipse((x, 0.46), (0.24, 0.24), (40, 40, 46))
        pen.ellipse((x, 0.46), (0.11, 0.11), (200, 200, 205), None)


def _boat(pen: Pen, hull: Colour, scene: Scene) -> None:
    pen.line([(0, -0.92), (0, 0.3)], (110, 76, 46), 10)
    pen.polygon([(0.06, -0.86), (0.74, 0.16), (0.06, 0.16)], (250, 248, 236))
    pen.polygon([(-0.08, -0.66), (-0.52, 0.16), (-0.08, 0.16)], light(hull, 0.6))
    pen.polygon([(-0.92, 0.28), (0.92, 0.28), (0.62, 0.76), (-0.62, 0.76)], hull)
    pen.line([(-0.8, 0.42), (0.82, 0.42)], WHITE, 7)
    if scene.place == "sea":
        for x in (-0.8, -0.27, 0.27, 0.8):
            pen.ellipse((x, 0.86), (0.33, 0.16), (40, 120, 185), _GLASS)


def _mug(pen: Pen, clay: Colour, scene: Scene) -> None:
    pen.ring((0.58, 0.12), (0.28, 0.32), dark(clay), 24)
    pen.ring((0.58, 0.12), (0.28, 0.32), clay, 15)
    pen.polygon([(-0.6, -0.4), (0.56, -0.4), (0.5, 0.78), (-0.54, 0.78)], clay)
    pen.ellipse((-0.02, -0.4), (0.58, 0.15), light(clay, 0.4))
    pen.ellipse((-0.02, -0.38), (0.47, 0.1), (92, 58, 38), None)
    steam = (235, 235, 240) if scene.place in _DARK_PLACES else (150, 150, 160)
    for x in (-0.24, 0.16):
        pen.line([(x, -0.58), (x + 0.09, -0.7), (x - 0.04, -0.82), (x + 0.05, -0.95)], steam, 7)


def _balloon(pen: Pen, skin: Colour, scene: Scene) -> None:
    string = (90, 90, 100) if scene.place not in _DARK_PLACES else (220, 220, 220)
    pen.line([(0, 0.44), (0.06, 0.66), (-0.05, 0.82), (0.02, 1.0)], string, 5)
    pen.polygon([(-0.08, 0.48), (0.08, 0.48), (0, 0.36)], skin)
    pen.ellipse((0, -0.26), (0.56, 0.68), skin)
    pen.ellipse((-0.2, -0.5), (0.12, 0.2), light(skin, 0.6), None, turned=20)


def _robot(pen: Pen, metal: Colour, scene: Scene) -> None:
    pen.line([(0, -0.7), (0, -0.96)], (90, 90, 100), 8)
    pen.ellipse((0, -0.96), (0.09, 0.09), (240, 80, 80))
    for side in SIDES:
        pen.rectangle((side * 0.72, 0.32), (side * 0.5, 0.84), dark(metal, 0.2))
        pen.rectangle((side * 0.74, -0.36), (side * 0.6, -0.04), dark(metal, 0.25))
    pen.rectangle((-0.46, 0.24), (0.46, 0.98), metal)
    pen.rectangle((-0.62, -0.7), (0.62, 0.2), metal)
    pen.rectangle((-0.26, 0.44), (0.26, 0.72), (60, 64, 80))
    pen.ellipse((-0.12, 0.58), (0.07, 0.07), (250, 90, 80), None)
    pen.ellipse((0.1, 0.58), (0.07, 0.07), (110, 230, 120), None)
    draw_eyes(pen, scene)
    pen.rectangle((-0.3, -0.04), (0.3, 0.08), (240, 240, 240))
    for x in (-0.15, 0, 0.15):
        pen.line([(x, -0.04), (x, 0.08)], INK)


def _rocket(pen: Pen, hull: Colour, scene: Scene) -> None:
    pen.polygon([(-0.2, 0.6), (0.2, 0.6), (0, 1.06)], (250, 170, 40))
    pen.polygon([(-0.1, 0.6), (0.1, 0.6), (0, 0.86)], (255, 240, 130), None)
    fins = (214, 48, 49) if scene.colour != "red" else (90, 96, 120)
    for side in SIDES:
        pen.polygon([(side * 0.28, 0.18), (side * 0.66, 0.7), (side * 0.22, 0.62)], fins)
    body = [(-0.3, 0.62), (-0.36, 0.1), (-0.3, -0.4), (0, -0.98), (0.3, -0.4), (0.36, 0.1), (0.3, 0.62)]
    pen.polygon(body, hull)
    pen.polygon([(-0.24, -0.52), (0, -0.98), (0.24, -0.52)], fins)
    pen.ellipse((0, -0.12), (0.17, 0.17), (150, 215, 245), (60, 70, 90), width=7)


def _umbrella(pen: Pen, cloth: Colour, _: Scene) -> None:
    pen.line([(0, -0.2), (0, 0.72)], (96, 66, 44), 10)
    pen.arc((0.15, 0.72), (0.15, 0.18), 0, 180, (96, 66, 44), 10)
    pen.line([(0, -0.74), (0, -0.94)], (96, 66, 44), 8)
    pen.ellipse((0, 0.04), (0.94, 0.8), cloth, upper_half=True)
    for left, right in ((-0.94, -0.32), (-0.32, 0.32), (0.32, 0.94)):
        pen.ellipse(((left + right) / 2, 0.05), ((right - left) / 2, 0.13), light(cloth, 0.5), upper_half=True)
    for x in (-0.32, 0.32):
        pen.line([(x, -0.08), (x * 0.5, -0.5), (0, -0.76)], dark(cloth), 4)


THINGS: dict[str, Subject] = {
    "car": _car,
    "boat": _boat,
    "mug": _mug,
    "balloon": _balloon,
    "robot": _robot,
    "rocket": _rocket,
    "umbrella": _umbrella,
}
