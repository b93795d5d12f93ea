"""A colour drawing turned into a pencil sketch: edges as lines, dark places hatched. About 20 ms a picture."""

import random

import numpy as np
from PIL import Image, ImageFilter

from engine.embedded.drawings.backgrounds import SIZE

_DOWN, _ACROSS = np.mgrid[0:SIZE, 0:SIZE]
# 36 of 256 pixels are 9 of 64: a finer hatch is lost in the autoencoder.
_PERIOD, _STROKE = 36, 11


def sketch(image: Image.Image, rng: random.Random) -> Image.Image:
    """`image`: 256 x 256, RGB; so is the sketch."""
    gray = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(1.2)), np.float32) / 255
    offset = rng.randrange(_PERIOD)
    wobble = 3 * np.sin(_DOWN / 23 + offset)
    shade = ((_ACROSS + _DOWN + wobble + offset) % _PERIOD < _STROKE) & (gray < 0.74)
    cross = ((_ACROSS - _DOWN + wobble + offset) % _PERIOD < _STROKE) & (gray < 0.34)
    paper = 0.97 - 0.22 * (1 - gray)
    hatched = paper - 0.36 * shade - 0.3 * cross
    lined = np.minimum(hatched, 1 - 0.86 * _edges(image))
    return Image.fromarray((np.clip(lined, 0.06, 1) * 255).astype(np.uint8)).convert("RGB")


def _edges(image: Image.Image) -> np.ndarray:
    """0 … 1 for every pixel, none at the rim, where the roll would see the other side."""
    colour = np.asarray(image.filter(ImageFilter.GaussianBlur(2)), np.float32) / 255
    across = np.abs(np.roll(colour, 2, 1) - np.roll(colour, -2, 1)).max(2)
    down = np.abs(np.roll(colour, 2, 0) - np.roll(colour, -2, 0)).max(2)
    edges: np.ndarray = np.clip((np.maximum(across, down) - 0.06) * 4.0, 0, 1)
    edges[:3] = edges[-3:] = 0
    edges[:, :3] = edges[:, -3:] = 0
    return edges
