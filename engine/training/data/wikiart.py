"""WikiArt by style: the first pictures of one style, without downloading the 32 GB of the whole set.

Three ways, the cheapest first: the dataset server's filter (one small file a picture), the parquet shards by range
reads (their style columns, then the row groups that cost least), whole shards one by one. What one way brought is
kept when the next one takes over or the next attempt begins.
"""

import threading
from functools import partial
from importlib import import_module

from engine.contract.errors import BadRequest, NoData
from engine.contract.sentence import unknown
from engine.contract.training import TrainStyle
from engine.fetching import OnBytes
from engine.fillers.pictures import PictureFolder
from engine.settings import Settings
from engine.training.data import Example, Pictures
from engine.training.data.captions import captioned
from engine.training.data.collection import Collection, Names
from engine.training.data.unavailable import Unavailable
from engine.training.recipe import adjective

CAPTION = (
    "pencil sketch of {style} painting '{title}' by {artist}, detailed pencil drawing, graphite art, intricate shading"
)
"""The original's caption; there the artist was a number, as the set's class names were not looked up."""
TITLE = "artwork"
"""The set has no titles."""
WAYS = (
    "engine.training.data.wikiart_filter",
    "engine.training.data.wikiart_groups",
    "engine.training.data.wikiart_shards",
)

# A picture as the dataset server sends it, in bytes: the set's mean.
PICTURE_BYTES = 400_000
FETCHING = threading.Lock()
"""Trainings fetch one after the other, as they write the same files."""
LICENCE = "WikiArt's pictures are for non-commercial research; see https://huggingface.co/datasets/huggan/wikiart."


def collect(order: TrainStyle, images: int, settings: Settings, progress: OnBytes) -> Pictures:
    """Raises BadRequest for a style that WikiArt does not have, NoData where no way leads to it, DiskFull."""
    place = settings.cache_dir / "wikiart", order.art_style
    if len(Collection(*place).usable(images)) < images:
        with FETCHING:
            _bring(Collection(*place), order.art_style, images, settings, progress)
    collection = Collection(*place)
    squares = PictureFolder(collection.folder, "the cache of WikiArt", "Train again to fetch it.")
    template = order.caption or CAPTION
    examples = [
        Example(
            f"{painting.row}: {painting.artist}",
            captioned(template, title=TITLE, artist=painting.artist, style=adjective(order.art_style), caption=""),
            None,
            partial(squares.open, painting.name),
        )
        for painting in collection.usable(images)
    ]
    called = f"{adjective(order.art_style)} painting"
    warnings = [*collection.notes, *_few(len(examples), images, order.art_style)]
    return Pictures(examples, f"WikiArt (huggan/wikiart), {order.art_style}", LICENCE, warnings, called)


def to_fetch(order: TrainStyle, images: int, settings: Settings) -> int:
    """By the cheapest way. Raises BadRequest for a style that WikiArt is known not to have."""
    collection = Collection(settings.cache_dir / "wikiart", order.art_style)
    if names := collection.names():
        style_number(names, order.art_style)
    return max(0, images - len(collection.usable(images))) * PICTURE_BYTES


def _bring(collection: Collection, style: str, images: int, settings: Settings, progress: OnBytes) -> None:
    """Way after way until there are enough."""
    if len(collection.usable(images)) >= images:
        # Another training has brought them meanwhile.
        return
    failures: list[str] = []
    for way in map(import_module, WAYS):
        try:
            names = collection.names() or way.names(settings)
            collection.keep_names(names)
            number = style_number(names, style)
            for painting in way.bring(collection, settings, names, number, images):
                collection.add(painting)
                done = len(collection.usable(images))
                progress(done * PICTURE_BYTES, images * PICTURE_BYTES)
                if done >= images:
                    return
            if way.WHOLE:
                return
        except Unavailable as error:
            failures.append(str(error))
    count = len(collection.usable(images))
    if failures and count < images:
        raise NoData(
            f"WikiArt cannot be fetched: {'; '.join(dict.fromkeys(failures))}. {count} of {images} pictures are here "
            "and kept. Check the network, HF_ENDPOINT and DATASETS_SERVER_URL, then try again."
        )


def style_number(names: Names, style: str) -> int:
    """The class of a style, in whatever case and with blanks or underscores. Raises BadRequest."""
    by_name = {name.replace("_", " ").lower(): number for number, name in enumerate(names.styles)}
    style_name = style.replace("_", " ").lower().strip()
    if style_name not in by_name:
        raise BadRequest(f"WikiArt's styles: {unknown(style_name, by_name)}")
    return by_name[style_name]


def _few(n: int, images: int, style: str) -> list[str]:
    return [f"WikiArt gave {n} pictures of {style} instead of {images}."] if n < images else []
