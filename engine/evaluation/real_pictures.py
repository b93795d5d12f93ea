"""Real pictures to measure against: fillers that all columns share, and a style's own, seen by its training or not."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PIL import Image

from engine import fillers, styles
from engine.contract.approaches import PROFILES, Profile
from engine.contract.errors import NoFillers
from engine.contract.training import TrainStyle
from engine.fetching import OnBytes, unwatched
from engine.metrics.base import NotMeasured
from engine.settings import Settings

FILLERS = 64
FRESH = 40
FRESH_SEED = 40_000_000
"""Far from the seeds of the drawings that the model and the styles learn from."""

Opens = Callable[[], Image.Image]


@dataclass(frozen=True)
class Fillers:
    """`source` says in words where they are from; None with a note where there are none."""

    pictures: Sequence[Opens] = ()
    source: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Real:
    """A style's real pictures; `names` are those of the ones it learned from."""

    held_out: Sequence[Opens] = ()
    trained: Sequence[Opens] = ()
    names: Sequence[str] = field(default_factory=tuple)


def common_fillers(settings: Settings, profile: Profile, seed: int, fetching: OnBytes) -> Fillers:
    """Up to 64 different photos or drawings, chosen by the seed. Blocks while they are fetched."""
    name = fillers.default_source(PROFILES[profile][1].fillers, settings)
    source = fillers.photo_source(name, settings, profile)
    try:
        source.fetch(fetching)
        photos = dict.fromkeys(source.pick(random.Random(f"{seed}:fillers"), FILLERS))  # noqa: S311 - repeatable
    except NoFillers as error:
        return Fillers(notes=(f"There are no fillers to compare a picture or a style with. {error}",))
    licence = source.licence.rstrip(".")
    return Fillers([partial(source.open, photo) for photo in photos], f"{name}; {licence[:1].lower()}{licence[1:]}")


def of_styles(names: Sequence[str], settings: Settings) -> tuple[dict[str, Real], list[str]]:
    """The real pictures of every style that has some, and sentences on those that have none."""
    by_style, notes = {}, []
    for name in names:
        try:
            by_style[name] = of_style(name, settings)
        except NotMeasured as problem:
            notes.append(str(problem))
    return by_style, notes


def of_style(name: str, settings: Settings) -> Real:
    """The pictures of a trained style. Raises NotMeasured with a sentence where its card does not lead to them."""
    card = styles.card(name, settings)
    data, recipe = card.get("data") or {}, card.get("recipe") or {}
    if data.get("source") == "embedded":
        return _drawings(int(data["images"]), int(recipe["seed"]), settings)
    if data.get("source") == "wikiart":
        return _paintings(name, card, settings)
    raise NotMeasured(
        f"There is no style score for “{name}”: its card does not lead to pictures of the style that its training "
        "never saw."
    )


def _drawings(images: int, seed: int, settings: Settings) -> Real:
    from engine.training.data import drawings
    from engine.training.split import split

    order = TrainStyle(name="sketch", source="embedded")
    examples = drawings.collect(order, images, settings, unwatched).examples
    learned_examples = [examples[index] for index in split(images, seed)[0]]
    sketches = [partial(_sketch, number) for number in range(FRESH)]
    return Real(
        sketches, [example.open for example in learned_examples], [example.name for example in learned_examples]
    )


def _sketch(number: int) -> Image.Image:
    from engine.embedded.drawings import draw, sample
    from engine.embedded.vocabulary import SUBJECTS

    rng = random.Random(FRESH_SEED + number)  # noqa: S311 - pictures, no secrets
    return draw(sample(rng, SUBJECTS[number % len(SUBJECTS)]), manner="sketch")


def _paintings(name: str, card: dict[str, Any], settings: Settings) -> Real:
    """From the cache, split as the training split them."""
    from engine.fillers.pictures import PictureFolder
    from engine.training.data.collection import Collection
    from engine.training.split import split

    images, seed = int(card["data"]["images"]), int(card["recipe"]["seed"])
    collection = Collection(settings.cache_dir / "wikiart", str(card["data"]["origin"]).rpartition(", ")[2])
    paintings = collection.usable(images)
    training, held_out = split(images, seed)
    names = [f"{painting.row}: {painting.artist}" for painting in paintings]
    nearest_names = {entry["picture"] for entry in card.get("nearest", ())}
    if len(paintings) != images or not nearest_names <= {names[index] for index in training}:
        raise NotMeasured(
            f"There is no style score for “{name}”: the pictures of its training are no longer in the cache of "
            f"WikiArt ({settings.cache_dir / 'wikiart'})."
        )
    squares = PictureFolder(collection.folder, "the cache of WikiArt", "Train again to fetch it.")
    opens = [partial(squares.open, painting.name) for painting in paintings]
    return Real([opens[i] for i in held_out], [opens[i] for i in training], [names[i] for i in training])
