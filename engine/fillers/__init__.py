"""Where photo fillers come from: a table of sources, imported on use. The engine paints `generated` fillers itself."""

import random
from importlib import import_module
from typing import Protocol

from PIL import Image

from engine.contract.approaches import Profile
from engine.contract.errors import BadRequest
from engine.contract.sentence import unknown
from engine.fetching import OnBytes
from engine.settings import Settings


class PhotoSource(Protocol):
    """Pictures by name. `licence` is one sentence for people. A source remembers its warnings for one grid."""

    name: str
    licence: str

    def fetch(self, progress: OnBytes) -> None:
        """Makes sure that pictures are here; blocks; `progress` is told bytes (done, total).

        Raises NoFillers or DiskFull. Nothing to do, and nobody asked, where they are here already."""

    def names(self) -> list[str]:
        """All pictures that are here, sorted. Raises NoFillers where there are none."""

    def pick(self, rng: random.Random, n: int) -> list[str]:
        """`n` usable pictures, all different unless there are fewer. Raises NoFillers where none is usable."""

    def open(self, name: str) -> Image.Image:
        """The centre square in RGB at its own size. Raises NoFillers for a picture that cannot be read."""

    def warnings(self) -> list[str]:
        """Sentences about pictures that were left out or are repeated."""


PHOTO_SOURCES: dict[str, str] = {
    "flickr8k": "engine.fillers.flickr8k:Flickr8k",
    "album": "engine.fillers.album:Album",
}


def photo_source(name: str, settings: Settings, profile: Profile) -> PhotoSource:
    """The source called `name`. Touches neither disk nor network. Raises BadRequest for an unknown name."""
    if name not in PHOTO_SOURCES:
        raise BadRequest(unknown(name, PHOTO_SOURCES))
    module, kind = PHOTO_SOURCES[name].split(":")
    source: PhotoSource = getattr(import_module(module), kind)(settings, profile)
    return source


def default_source(name: str, settings: Settings) -> str:
    """The source to use where nobody named one: an approach's photos give way to the folder that FILLERS names."""
    return "album" if settings.fillers and name in PHOTO_SOURCES else name
