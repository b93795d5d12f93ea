"""Draws a scene: the background, the subject, what it wears; about 1.4 ms a picture."""

import random

from PIL import Image, ImageDraw

from engine.embedded.drawings.accessories import dress
from engine.embedded.drawings.animals import ANIMALS
from engine.embedded.drawings.backgrounds import SIZE, background
from engine.embedded.drawings.buildings import BUILDINGS
from engine.embedded.drawings.faces import FACES
from engine.embedded.drawings.manners import Manner, ink, sketch
from engine.embedded.drawings.palette import PAINTS, Colour
from engine.embedded.drawings.pen import Pen
from engine.embedded.drawings.plants import PLANTS
from engine.embedded.drawings.scene import Scene
from engine.embedded.drawings.shapes import SHAPES
from engine.embedded.drawings.sights import SIGHTS
from engine.embedded.drawings.things import THINGS

DRAWN = {**ANIMALS, **PLANTS, **THINGS, **BUILDINGS, **SIGHTS, **SHAPES}
"""How each subject is drawn: a function of a pen, a colour and the scene."""
PICTURE = 64


def draw(scene: Scene, *, manner: Manner = "colour") -> Image.Image:
    """64 x 64 pixels, RGB. The scene's own seed decides what the scene leaves open."""
    rng = random.Random(scene.seed)  # noqa: S311 - pictures, no secrets
    behind = background(scene, rng)
    image = _subject(scene, behind.copy(), rng)
    if manner == "ink":
        image = ink(image)
    elif manner == "sketch":
        image = sketch(image, behind, random.Random(scene.seed))  # noqa: S311 - pictures, no secrets
    return image.resize((PICTURE, PICTURE), Image.Resampling.BOX)


def _subject(scene: Scene, image: Image.Image, rng: random.Random) -> Image.Image:
    middle, scale = _stand(scene)
    centre = SIZE * (0.5 + scene.dx), SIZE * (middle + scene.dy)
    pen = Pen(ImageDraw.Draw(image), centre, SIZE * scale, mirrored=scene.mirrored)
    DRAWN[scene.subject](pen, _varied(PAINTS[scene.colour], rng), scene)
    dress(pen, scene, image)
    return image


def _stand(scene: Scene) -> tuple[float, float]:
    """The height of the subject's middle and its scale, as shares of the canvas. Faces come close; ears and hats need
    room above."""
    if scene.subject not in FACES:
        return 0.53, scene.scale * 1.04
    hat = scene.worn == "hat"
    if scene.subject == "rabbit":
        return (0.64 if hat else 0.63), scene.scale * (0.98 if hat else 1.06)
    return (0.63 if hat else 0.57), scene.scale * (1.02 if hat else 1.14)


def _varied(colour: Colour, rng: random.Random) -> Colour:
    red, green, blue = (max(0, min(255, part + rng.randrange(-10, 11))) for part in colour)
    return red, green, blue
