"""The animals. The numbers are the drawing: places and sizes in the pen's coordinates."""

from collections.abc import Callable

from engine.embedded.drawings.faces import SIDES, draw_eyes
from engine.embedded.drawings.palette import INK, WHITE, Colour, dark, light
from engine.embedded.drawings.pen import Pen
from engine.embedded.drawings.scene import Scene

Subject = Callable[[Pen, Colour, Scene], None]


def _cat(pen: Pen, fur: Colour, scene: Scene) -> None:
    tail = [(0.5, 0.85), (0.82, 0.62), (0.78, 0.3)]
    pen.line(tail, dark(fur), 22)
    pen.line(tail, fur, 15)
    pen.ellipse((0, 0.82), (0.56, 0.5), fur)
    pen.ellipse((0, 0.9), (0.3, 0.36), light(fur, 0.45), None)
    for side in SIDES:
        pen.polygon([(side * 0.66, -0.3), (side * 0.62, -0.98), (side * 0.16, -0.58)], fur)
        pen.polygon([(side * 0.57, -0.42), (side * 0.55, -0.82), (side * 0.28, -0.56)], (245, 165, 175), None)
    pen.ellipse((0, -0.12), (0.7, 0.56), fur)
    if scene.variant % 2 == 0:
        for x, top, bottom in ((0, -0.66, -0.46), (-0.16, -0.63, -0.47), (0.16, -0.63, -0.47)):
            pen.line([(x, top), (x * 13 / 16, bottom)], dark(fur, 0.35), 9)
    for side in SIDES:
        pen.ellipse((side * 0.12, 0.14), (0.19, 0.14), light(fur, 0.6), None)
    draw_eyes(pen, scene)
    pen.polygon([(-0.08, 0.03), (0.08, 0.03), (0, 0.12)], (235, 110, 130))
    _mouth(pen, 0.08, 0.13, 0.08)
    whisker = INK if sum(fur) > 260 else (225, 225, 230)
    for side in SIDES:
        pen.line([(side * 0.32, 0.1), (side * 0.84, 0.02)], whisker, 3)
        pen.line([(side * 0.32, 0.17), (side * 0.84, 0.2)], whisker, 3)


def _dog(pen: Pen, fur: Colour, scene: Scene) -> None:
    pen.ellipse((0, 0.86), (0.54, 0.48), fur)
    pen.ellipse((0, -0.12), (0.6, 0.62), fur)
    for side in SIDES:
        pen.ellipse((side * 0.6, -0.12), (0.2, 0.5), dark(fur, 0.3), turned=-side * 14)
    if scene.variant % 2 == 0:
        pen.ellipse((0.27, -0.2), (0.23, 0.25), dark(fur, 0.3), None)
    pen.ellipse((0, 0.2), (0.36, 0.3), light(fur, 0.6))
    draw_eyes(pen, scene)
    pen.ellipse((0, 0.5), (0.12, 0.16), (235, 100, 120))
    pen.ellipse((0, 0.22), (0.3, 0.22), light(fur, 0.6), None)
    pen.ellipse((0, 0.08), (0.15, 0.11), (30, 26, 32))
    pen.line([(0, 0.18), (0, 0.32)], INK)
    _mouth(pen, 0.13, 0.3, 0.1)


def _rabbit(pen: Pen, fur: Colour, scene: Scene) -> None:
    for side in SIDES:
        pen.ellipse((side * 0.27, -0.78), (0.16, 0.5), fur, turned=side * 9)
        pen.ellipse((side * 0.27, -0.76), (0.08, 0.38), (248, 175, 190), None, turned=side * 9)
    pen.ellipse((0, 0.86), (0.5, 0.44), fur)
    pen.ellipse((0, 0.06), (0.58, 0.52), fur)
    for side in SIDES:
        pen.ellipse((side * 0.13, 0.28), (0.2, 0.15), light(fur, 0.7), None)
    draw_eyes(pen, scene)
    pen.ellipse((0, 0.18), (0.09, 0.06), (240, 120, 150))
    pen.rectangle((-0.09, 0.34), (0.0, 0.5), WHITE)
    pen.rectangle((0, 0.34), (0.09, 0.5), WHITE)


def _owl(pen: Pen, feathers: Colour, scene: Scene) -> None:
    pen.ellipse((0, 0.2), (0.66, 0.8), feathers)
    pen.ellipse((0, 0.45), (0.42, 0.5), light(feathers, 0.5), None)
    for side in SIDES:
        pen.polygon([(side * 0.56, -0.3), (side * 0.6, -0.86), (side * 0.12, -0.56)], feathers)
        pen.ellipse((side * 0.62, 0.35), (0.18, 0.46), dark(feathers, 0.3), turned=-side * 12)
    for side in SIDES:
        pen.ellipse((side * 0.3, -0.2), (0.3, 0.3), light(feathers, 0.65))
    draw_eyes(pen, scene)
    pen.polygon([(-0.1, -0.02), (0.1, -0.02), (0, 0.2)], (245, 150, 40))
    for y, across in ((0.36, (-0.2, 0, 0.2)), (0.54, (-0.1, 0.1))):
        for x in across:
            pen.arc((x, y), (0.09, 0.08), 0, 180, dark(feathers, 0.3), 5)


def _bird(pen: Pen, feathers: Colour, _: Scene) -> None:
    pen.polygon([(0.5, 0.1), (0.98, -0.12), (0.98, 0.22), (0.6, 0.36)], dark(feathers, 0.2))
    pen.line([(-0.05, 0.5), (-0.1, 0.86)], (220, 130, 40), 7)
    pen.line([(0.15, 0.5), (0.15, 0.86)], (220, 130, 40), 7)
    pen.ellipse((0.08, 0.18), (0.58, 0.42), feathers)
    pen.ellipse((-0.4, -0.3), (0.36, 0.34), feathers)
    pen.polygon([(-0.7, -0.38), (-1.02, -0.22), (-0.7, -0.14)], (250, 170, 50))
    pen.ellipse((-0.02, 0.36), (0.36, 0.2), light(feathers, 0.5), None)
    pen.ellipse((0.22, 0.12), (0.36, 0.22), dark(feathers, 0.25), turned=12)
    pen.ellipse((-0.48, -0.36), (0.1, 0.1), WHITE)
    pen.ellipse((-0.5, -0.36), (0.05, 0.05), (20, 20, 20), None)


def _fish(pen: Pen, scales: Colour, _: Scene) -> None:
    pen.polygon([(0.5, 0), (0.98, -0.42), (0.86, 0), (0.98, 0.42)], dark(scales, 0.15))
    pen.polygon([(-0.2, -0.36), (0.1, -0.72), (0.38, -0.3)], dark(scales, 0.2))
    pen.polygon([(-0.1, 0.38), (0.12, 0.66), (0.3, 0.32)], dark(scales, 0.2))
    pen.ellipse((-0.1, 0), (0.72, 0.44), scales)
    for x, half in ((0.02, 0.38), (0.3, 0.3)):
        stripe = [(x - 0.06, -half), (x + 0.06, -half), (x + 0.08, half), (x - 0.04, half)]
        pen.polygon(stripe, light(scales, 0.65), None)
    pen.ellipse((-0.5, -0.1), (0.14, 0.14), WHITE)
    pen.ellipse((-0.53, -0.1), (0.07, 0.07), (20, 20, 20), None)
    pen.arc((-0.74, 0.14), (0.14, 0.1), -20, 80, INK, 4)


def _mouth(pen: Pen, half: float, y: float, depth: float) -> None:
    pen.arc((-half, y), (half, depth), 0, 170, INK, 4)
    pen.arc((half, y), (half, depth), 10, 180, INK, 4)


ANIMALS: dict[str, Subject] = {
    "cat": _cat,
    "dog": _dog,
    "rabbit": _rabbit,
    "owl": _owl,
    "bird": _bird,
    "fish": _fish,
}
