"""What animals and the robot wear."""

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from engine.embedded.drawings.palette import NEON, PAINTS, light
from engine.embedded.drawings.pen import Pen
from engine.embedded.drawings.scene import Scene


@dataclass(frozen=True)
class Face:
    """Where things sit, in the subject's coordinates."""

    eyes: float
    top: float
    neck: float
    eye_distance: float
    half_width: float


FACES = {
    "cat": Face(-0.16, -0.62, 0.42, 0.3, 0.5),
    "dog": Face(-0.2, -0.68, 0.52, 0.25, 0.46),
    "rabbit": Face(-0.02, -0.4, 0.58, 0.27, 0.42),
    "owl": Face(-0.2, -0.6, 0.36, 0.27, 0.44),
    "robot": Face(-0.36, -0.66, 0.24, 0.28, 0.5),
}
_LENS = 0.235


def dress(pen: Pen, scene: Scene, image: Image.Image) -> None:
    """Draws what the scene's subject wears onto `image`, which the pen draws on."""
    if scene.worn is None:
        return
    face = FACES[scene.subject]
    if scene.worn == "neon glasses":
        _glow(pen, scene, face, image)
    if scene.worn == "hat":
        _hat(pen, scene, face)
    elif scene.worn == "scarf":
        _scarf(pen, scene, face)
    else:
        _glasses(pen, scene, face)


def _glow(pen: Pen, scene: Scene, face: Face, image: Image.Image) -> None:
    mask = Image.new("L", image.size, 0)
    light_pen = Pen(ImageDraw.Draw(mask), pen.centre, pen.scale)
    for side in (-1, 1):
        centre = side * (face.eye_distance + 0.02), face.eyes
        light_pen.ring(centre, (_LENS, _LENS * 0.95), 150, int(0.105 * pen.scale) * 2)
    image.paste(Image.new("RGB", image.size, NEON[scene.neon]), (0, 0), mask.filter(ImageFilter.BoxBlur(6)))


def _glasses(pen: Pen, scene: Scene, face: Face) -> None:
    neon = scene.worn == "neon glasses"
    ink = NEON[scene.neon] if neon else (24, 22, 30)
    width = int((0.105 if neon else 0.07) * pen.scale)
    y, apart = face.eyes, face.eye_distance
    for side in (-1, 1):
        pen.ring((side * (apart + 0.02), y), (_LENS, _LENS * 0.95), ink, width)
        pen.line([(side * (apart + _LENS), y - 0.02), (side * (apart + _LENS + 0.22), y - 0.1)], ink, width * 0.8)
    pen.line([(-apart + _LENS - 0.04, y - 0.02), (apart - _LENS + 0.04, y - 0.02)], ink, width)


def _hat(pen: Pen, scene: Scene, face: Face) -> None:
    colour, top = PAINTS[scene.worn_colour], face.top
    pen.rectangle((-0.34, top - 0.5), (0.34, top + 0.02), colour)
    pen.rectangle((-0.34, top - 0.16), (0.34, top - 0.04), light(colour, 0.7), None)
    pen.rectangle((-0.6, top - 0.03), (0.6, top + 0.1), colour)


def _scarf(pen: Pen, scene: Scene, face: Face) -> None:
    colour, neck, half = PAINTS[scene.worn_colour], face.neck, face.half_width
    pen.rectangle((0.08, neck + 0.06), (0.34, neck + 0.6), colour)
    around = [(-half, neck - 0.06), (half, neck - 0.06), (half + 0.04, neck + 0.18), (-half - 0.04, neck + 0.18)]
    pen.polygon(around, colour)
    pen.line([(0.1, neck + 0.4), (0.32, neck + 0.4)], light(colour, 0.6), 7)
    pen.line([(0.1, neck + 0.26), (0.32, neck + 0.26)], light(colour, 0.6), 7)
