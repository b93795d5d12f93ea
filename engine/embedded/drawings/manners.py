"""The two other ways of drawing: in ink (lines alone), and as a pencil sketch (gray lines, the subject hatched).

The sketch is made for `/finetune`: the embedded model has never seen one. Each takes a colour drawing of 256 pixels.
"""

import random
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from engine.embedded.drawings.backgrounds import SIZE

Manner = Literal["colour", "ink", "sketch"]
_Values = npt.NDArray[Any]

_DOWN, _ACROSS = np.mgrid[0:SIZE, 0:SIZE]
# 28 of 256 pixels are 7 of 64: a finer hatch is lost in the autoencoder.
_PERIOD, _STROKE = 28, 10
_PAPER = 0.96
_GLANCE, _DARK = 0.8, 0.42
"""Lighter than the one is left white, darker than the other is hatched twice."""


def ink(image: Image.Image) -> Image.Image:
    """Black lines on white paper, nothing else."""
    return _gray(1 - 0.95 * _edges(image))


def sketch(image: Image.Image, behind: Image.Image, rng: random.Random) -> Image.Image:
    """`behind` is the background alone: where `image` differs there is the subject, which is drawn with more care."""
    subject = _where_different(image, behind)
    gray = _brightness(image.filter(ImageFilter.GaussianBlur(1.2)))
    falling, rising = _hatches(rng.randrange(_PERIOD))
    shade, cross = falling & (gray < _GLANCE), rising & (gray < _DARK)
    hatched = _PAPER - (0.34 * shade + 0.2 * cross) * subject - 0.05 * shade * (1 - subject)
    lines = _edges(image) * (0.42 + 0.36 * subject)
    return _gray(np.minimum(hatched, 1 - lines))


@cache
def _hatches(offset: int) -> tuple[_Values, _Values]:
    """Where the strokes of both directions are."""
    wobble = 3 * np.sin(_DOWN / 23 + offset)
    both = (_ACROSS + _DOWN + wobble + offset, _ACROSS - _DOWN + wobble + offset)
    falling, rising = (places % _PERIOD < _STROKE for places in both)
    return falling, rising


def _gray(values: _Values) -> Image.Image:
    return Image.fromarray((np.clip(values, 0.04, 1) * 255).astype(np.uint8)).convert("RGB")


def _brightness(image: Image.Image) -> _Values:
    gray: _Values = np.asarray(image.convert("L"), np.float32) / 255
    return gray


def _where_different(image: Image.Image, behind: Image.Image) -> _Values:
    """1 on the subject and what it wears, 0 behind it."""
    different: _Values = (np.asarray(image) != np.asarray(behind)).any(2)
    return different


def _edges(image: Image.Image) -> _Values:
    """0 … 1 for every pixel: how much the colours two pixels before and after it differ; none at the rim."""
    # Colour by colour: numpy's maximum over the last axis takes ten times as long.
    colours = np.stack([np.asarray(part, np.float32) for part in image.filter(ImageFilter.GaussianBlur(1.6)).split()])
    colours /= 255
    across = np.abs(colours[:, 3:-3, 1:-5] - colours[:, 3:-3, 5:-1]).max(0)
    down = np.abs(colours[:, 1:-5, 3:-3] - colours[:, 5:-1, 3:-3]).max(0)
    edges: _Values = np.zeros((SIZE, SIZE), np.float32)
    edges[3:-3, 3:-3] = np.clip((np.maximum(across, down) - 0.08) * 4.0, 0, 1)
    return edges
