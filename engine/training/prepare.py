"""From an order to a training that can begin: everything that can be refused is refused before a picture is fetched."""

import shutil
from typing import Any

from engine import models, styles
from engine.contract.approaches import Profile
from engine.contract.errors import BadRequest, TrainingFailed
from engine.contract.sentence import shorten
from engine.contract.training import TrainStyle
from engine.fetching import OnBytes
from engine.settings import Settings
from engine.training import checkpoint, continued, data, saving
from engine.training.adapter import TARGETS
from engine.training.data import captions
from engine.training.recipe import styled
from engine.training.training import Training

LAYERS = tuple(f".{name}.weight" for name in TARGETS)
"""How the names of those weights end that an adapter is trained on."""


def refuse(order: TrainStyle, settings: Settings, profile: Profile) -> None:
    """Raises BadRequest with a sentence for an order that cannot be obeyed."""
    captions.check(order.caption)
    if order.source == "folder" and not order.data:
        raise BadRequest("data is missing: the source is folder, so say which one with --data FOLDER.")
    if order.source != "folder" and order.data:
        raise BadRequest(f"data names a folder, but the source is {order.source}; say --source folder to use it.")
    if order.source != "wikiart" and order.art_style != TrainStyle.model_fields["art_style"].default:
        style = shorten(order.art_style, 40)
        raise BadRequest(f"“{style}” was given as a WikiArt style, but the source is {order.source}, not wikiart.")
    styles.refuse_taken(order.name, settings, styled(profile).model)


def prepare(job: str, order: TrainStyle, settings: Settings, profile: Profile, progress: OnBytes) -> Training:
    """Blocks while pictures and base are fetched. Raises BadRequest, NoData, NoModel, DiskFull, TrainingFailed."""
    refuse(order, settings, profile)
    numbers, done = continued.numbers(order, settings, profile, job)
    if done is None:
        shutil.rmtree(settings.training_dir / order.name, ignore_errors=True)
    _check_fits(numbers.base, styled(profile).model)
    try:
        pictures = data.collect(order, numbers.images, settings, progress)
    except OSError as error:
        raise saving.disk(error, settings.data_dir) from error
    if order.resume and done is None:
        pictures.warnings.append(f"There was no checkpoint of “{order.name}” to continue from, so it started over.")
    facts = checkpoint.state(settings.training_dir / order.name)
    if facts:
        _check_same(facts, pictures, order.name)
    return Training(job, order, numbers, pictures, settings, profile)


def _check_fits(base: str, model: str) -> None:
    """Raises BadRequest where what is trained on `base` cannot be worn by `model`, NoModel."""
    base_shapes, model_shapes = (styles.base_shapes(models.folder(name) / "unet") for name in (base, model))
    if any(base_shapes.get(key) != shape for key, shape in model_shapes.items() if key.endswith(LAYERS)):
        raise BadRequest(f"A style of {base} does not fit {model}, which approach 2 paints with. Leave base out.")


def _check_same(facts: dict[str, Any], pictures: data.Pictures, name: str) -> None:
    """Others would mix what is learned from with what was held out. Raises TrainingFailed."""
    if facts["pictures"] != len(pictures.examples):
        raise TrainingFailed(
            f"The training “{name}” began with {facts['pictures']} pictures, now there are "
            f"{len(pictures.examples)}. Put them back, or train again without --resume."
        )
    if facts.get("digest") != pictures.digest:
        raise TrainingFailed(
            f"The training “{name}” began with other pictures or captions. Put them back, or train again without "
            "--resume."
        )
