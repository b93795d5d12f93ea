"""The project's own drawings as pencil sketches, a way of drawing that the embedded model has never been shown."""

import random

from PIL import Image

from engine.contract.training import TrainStyle
from engine.embedded.drawings import Scene, caption, draw, sample
from engine.embedded.vocabulary import SUBJECTS
from engine.fetching import OnBytes
from engine.settings import Settings
from engine.training.data import Example, Pictures
from engine.training.data.captions import captioned

SEED = 20_000_000
"""Far from the seeds of the drawings that the model was trained on."""


def collect(order: TrainStyle, images: int, _settings: Settings, _progress: OnBytes) -> Pictures:
    """Sketches of every subject in turn; the same for everybody, so that results can be compared."""
    examples = [_sketch(number, order.caption) for number in range(images)]
    origin, licence = "Tessera's own drawings, as pencil sketches", "They are part of Tessera (MIT)."
    return Pictures(examples, origin, licence, called="pencil sketch")


def to_fetch(_order: TrainStyle, _images: int, _settings: Settings) -> int:
    return 0


def _sketch(number: int, template: str | None) -> Example:
    rng = random.Random(SEED + number)  # noqa: S311 - pictures, no secrets
    scene = sample(rng, SUBJECTS[number % len(SUBJECTS)])
    words = caption(scene, rng, opening="")
    return Example(f"sketch {number}: {words}", captioned(template, caption=words), words, lambda: _drawn(scene))


def _drawn(scene: Scene) -> Image.Image:
    return draw(scene, manner="sketch")
