"""What animals and the robot wear."""

from PIL import Image, ImageDraw, ImageFilter

from engine.embedded.drawings.faces import FACES, SIDES, Face, draw_eyes
from engine.embedded.drawings.palette import NEON, PAINTS, Colour, light, mix
from engine.embedded.drawings.pen import Pen
from engine.embedded.drawings.scene import Scene

_LENS = 0.265
_BEHIND_GLASS = 0.78
"""Eyes are drawn smaller there, so that the lens is seen round them."""
_INK: Colour = (24, 22, 30)
_CLEAR: Colour = (236, 244, 250)


def dress(pen: Pen, scene: Scene, image: Image.Image) -> None:
    """Draws what the scene's subject wears onto `image`, which the pen draws on."""
    if scene.worn is None:
        return
    face = FACES[scene.subject]
    if scene.worn == "hat":
        _hat(pen, scene, face)
    elif scene.worn == "scarf":
        _scarf(pen, scene, face)
    else:
        _glasses(pen, scene, face, image)


def _glasses(pen: Pen, scene: Scene, face: Face, image: Image.Image) -> None:
    """Clear lenses in round frames, a gap between them with a bridge across. Neon frames are bright and glow."""
    neon = scene.worn == "neon glasses"
    ink = NEON[scene.neon] if neon else _INK
    if neon:
        _glow(pen, scene, face, image)
    width = int((0.1 if neon else 0.075) * pen.scale)
    y, apart = face.eyes, face.apart + 0.02
    for side in SIDES:
        pen.ellipse((side * apart, y), (_LENS, _LENS), mix(_CLEAR, ink, 0.12) if neon else _CLEAR, None)
        pen.line([(side * (apart + _LENS), y - 0.02), (side * (apart + _LENS + 0.2), y - 0.1)], ink, width)
    draw_eyes(pen, scene, _BEHIND_GLASS)
    for side in SIDES:
        pen.ring((side * apart, y), (_LENS, _LENS), ink, width)
    pen.line([(-apart + _LENS, y - 0.03), (apart - _LENS, y - 0.03)], ink, width)


def _glow(pen: Pen, scene: Scene, face: Face, image: Image.Image) -> None:
    """A halo round the frames, half as strong as they are."""
    mask = Image.new("L", image.size, 0)
    light_pen = Pen(ImageDraw.Draw(mask), pen.centre, pen.scale)
    for side in SIDES:
        light_pen.ring((side * (face.apart + 0.02), face.eyes), (_LENS, _LENS), 110, int(0.19 * pen.scale))
    image.paste(Image.new("RGB", image.size, NEON[scene.neon]), (0, 0), mask.filter(ImageFilter.BoxBlur(5)))


def _hat(pen: Pen, scene: Scene, face: Face) -> None:
    colour, top = PAINTS[scene.worn_colour], face.top
    pen.rectangle((-0.36, top - 0.46), (0.36, top + 0.06), colour)
    pen.rectangle((-0.36, top - 0.14), (0.36, top - 0.02), light(colour, 0.75), None)
    pen.rectangle((-0.64, top), (0.64, top + 0.13), colour)


def _scarf(pen: Pen, scene: Scene, face: Face) -> None:
    colour, neck, half = PAINTS[scene.worn_colour], face.neck, face.half_width
    pen.rectangle((0.08, neck + 0.06), (0.36, neck + 0.6), colour)
    around = [(-half, neck - 0.07), (half, neck - 0.07), (half + 0.05, neck + 0.2), (-half - 0.05, neck + 0.2)]
    pen.polygon(around, colour)
    for y in (0.27, 0.41):
        pen.line([(0.1, neck + y), (0.34, neck + y)], light(colour, 0.65), 7)
