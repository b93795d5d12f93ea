"""What a training will cost, told before it begins: steps, time, bytes to fetch, memory."""

from pathlib import Path

from engine import models
from engine.contract.approaches import Profile
from engine.contract.training import Estimated, TrainStyle
from engine.settings import Settings
from engine.training import continued, data
from engine.training.pace import Pace
from engine.training.prepare import refuse
from engine.training.split import counts

OPTIMIZER_BYTES = 16
"""Of every trained number: itself, its gradient and AdamW's two means, four bytes each."""


def estimate(order: TrainStyle, settings: Settings, profile: Profile) -> Estimated:
    """Asks no network. Raises BadRequest for an order that would be refused, NoData for a folder without pictures.

    Raises TrainingFailed where the training should go on from a checkpoint that cannot be read.
    """
    refuse(order, settings, profile)
    numbers, done = continued.numbers(order, settings, profile)
    images = data.most(order, numbers.images)
    learned, _ = counts(images)
    steps = -(-learned // numbers.batch) * max(0, numbers.epochs - (done or 0))
    place = models.folder(numbers.base) if models.here(numbers.base) else None
    return Estimated(
        images=images,
        steps=steps,
        seconds=Pace(settings, numbers, _device()).left(steps),
        bytes_to_fetch=data.to_fetch(order, images, settings) + (0 if place else BASE_BYTES),
        memory_bytes=_memory(place, numbers.rank) if place else None,
        epochs_done=(done or 0) if order.resume else None,
    )


BASE_BYTES = 2_600_000_000
"""A Stable Diffusion in half precision, as v1-4 and sd-turbo are."""


def _memory(place: Path, rank: int) -> int:
    """Bytes of the base in the form in which it is trained, of the adapter and of its optimizer."""
    from safetensors import safe_open

    file: Path = next(iter(sorted((place / "unet").glob("*.safetensors"))))
    with safe_open(file, framework="pt") as opened:
        shapes: dict[str, list[int]] = {key: opened.get_slice(key).get_shape() for key in opened.keys()}  # noqa: SIM118 - not a dict
    numbers = sum(_product(shape) for shape in shapes.values())
    layers = (
        shape
        for key, shape in shapes.items()
        if key.endswith((".to_q.weight", ".to_k.weight", ".to_v.weight", ".to_out.0.weight"))
    )
    trained = sum(rank * (shape[0] + shape[1]) for shape in layers)
    return numbers * (2 if _device() == "cuda" else 4) + trained * OPTIMIZER_BYTES


def _product(shape: list[int]) -> int:
    found = 1
    for side in shape:
        found *= side
    return found


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
