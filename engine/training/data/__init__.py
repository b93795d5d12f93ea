"""Where training pictures come from: a table of sources, each a module with `collect`. Knows no torch."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import cast

from PIL import Image

from engine.contract.errors import NoData
from engine.contract.training import TrainStyle
from engine.fetching import OnBytes
from engine.settings import Settings

SOURCES = {
    "wikiart": "engine.training.data.wikiart",
    "folder": "engine.training.data.folder",
    "embedded": "engine.training.data.drawings",
}
FEWEST = 8
"""With less, nothing can be held out that means anything."""


@dataclass(frozen=True)
class Example:
    """A picture, opened as a square when it is wanted, with the caption that it is trained with.

    `subject` is what it shows, without words for the style; None where nobody says.
    """

    name: str
    caption: str
    subject: str | None
    open: Callable[[], Image.Image]


@dataclass
class Pictures:
    """What a source has to offer; `licence` is a sentence for the card.

    `called` is what somebody would say in a prompt who wants such pictures without training.
    """

    examples: list[Example]
    origin: str
    licence: str
    warnings: list[str] = field(default_factory=list)
    called: str | None = None

    @property
    def digest(self) -> str:
        """Of all names and captions, in their order."""
        text = json.dumps([(example.name, example.caption) for example in self.examples])
        return hashlib.sha256(text.encode()).hexdigest()


def collect(order: TrainStyle, images: int, settings: Settings, progress: OnBytes) -> Pictures:
    """At most `images` pictures. Blocks. Raises NoData, BadRequest, DiskFull with a sentence."""
    source = import_module(SOURCES[order.source])
    pictures = cast("Pictures", source.collect(order, images, settings, progress))
    if len(pictures.examples) < FEWEST:
        message = (
            f"{len(pictures.examples)} usable pictures are too few to learn from: there must be at least {FEWEST}."
            + "".join(f" {warning}" for warning in pictures.warnings[:3])
        )
        raise NoData(message)
    return pictures


def most(order: TrainStyle, images: int) -> int:
    """How many pictures there can be, where the source knows it beforehand. Raises NoData where there are none."""
    source = import_module(SOURCES[order.source])
    return min(images, source.most(order)) if hasattr(source, "most") else images


def to_fetch(order: TrainStyle, images: int, settings: Settings) -> int:
    """How many bytes `collect` will bring over the network, estimated."""
    source = import_module(SOURCES[order.source])
    return int(source.to_fetch(order, images, settings))
