"""A style's training as data: the orders, and what is told while it runs. Losses are mean square errors of the noise.

A number that an order leaves out (None) is the profile's own; engine.training.recipe has the table.
"""

from typing import Annotated, Literal

from pydantic import Field

from engine.contract.grid import Data
from engine.contract.order import STYLE_NAME, Order, Seed, Text

TrainingSource = Literal["wikiart", "folder", "embedded"]
Stopped = Literal["patience", "epochs", "cancelled"]
ENDED: dict[Stopped, str] = {
    "patience": "the held-out loss stopped improving",
    "epochs": "it ran all its epochs",
    "cancelled": "it was cancelled",
}
"""Why a training ended, after a colon or a because."""


class TrainStyle(Order):
    """Train a LoRA adapter on pictures and save it as the style `name`. `resume` goes on from its last checkpoint."""

    kind: Literal["train_style"] = "train_style"
    name: Annotated[
        str, Field(pattern=STYLE_NAME, description="a style's name: up to 40 lower-case letters, digits and hyphens")
    ]
    source: Annotated[TrainingSource, Field(description="where the pictures come from")] = "wikiart"
    data: Annotated[
        str | None, Field(max_length=1000, description="the folder of pictures, if the source is folder")
    ] = None
    art_style: Annotated[str, Field(max_length=60, description="a WikiArt style")] = "Impressionism"
    images: Annotated[int | None, Field(ge=8, le=5000, description="how many pictures to learn from")] = None
    epochs: Annotated[
        int | None, Field(ge=1, le=1000, description="the most epochs to train; it stops early by itself")
    ] = None
    patience: Annotated[
        int | None, Field(ge=1, le=100, description="how many epochs without improvement end the training")
    ] = None
    rank: Annotated[int | None, Field(ge=1, le=128, description="rank of the adapter's matrices")] = None
    alpha: Annotated[
        float | None,
        Field(ge=0.1, le=256, description="the adapter's strength is alpha / rank; alpha is usually twice the rank"),
    ] = None
    lr: Annotated[float | None, Field(ge=1e-7, le=1, description="learning rate")] = None
    batch: Annotated[int | None, Field(ge=1, le=64, description="pictures in one training step")] = None
    dropout: Annotated[float | None, Field(ge=0, le=0.9, description="share of the adapter's inputs left out")] = None
    weight_decay: Annotated[float | None, Field(ge=0, le=1, description="AdamW's weight decay")] = None
    caption_dropout: Annotated[
        float | None, Field(ge=0, le=0.9, description="share of the steps without a caption, for guidance")
    ] = None
    last_lr: Annotated[
        float | None, Field(ge=0, le=1, description="share of the learning rate that the last epoch ends with")
    ] = None
    base: Annotated[str | None, Field(max_length=200, description="the model to train on, if not approach 2's own")] = (
        None
    )
    caption: Annotated[Text | None, Field(description="template of the captions, such as: {caption}, in ink")] = None
    words: Annotated[Text | None, Field(description="what is added to a prompt to bring out the style")] = None
    seed: Seed = None
    resume: Annotated[bool, Field(description="continue from the last checkpoint of this name")] = False


class EstimateTraining(Order):
    """Say what a training would cost, without beginning it."""

    kind: Literal["estimate_training"] = "estimate_training"
    training: TrainStyle


class Epoch(Data):
    """One round through the pictures. `train_loss` is over random timesteps, `held_out_loss` over fixed ones."""

    epoch: int
    train_loss: float
    held_out_loss: float
    seconds: float


class EpochEnded(Epoch):
    """`best` is the epoch with the lowest held-out loss so far; `plot` the curve as PNG in base64."""

    event: Literal["epoch_ended"] = "epoch_ended"
    best: int
    plot: str | None = None


class StyleTrained(Data):
    """The style is saved in `folder` on the engine's host. `plot` and `card` are files there; `sheet` is a JPEG in
    base64: the same seeds at weights 0, 0.5 and 1. A cancelled training keeps its best epoch."""

    event: Literal["style_trained"] = "style_trained"
    name: str
    folder: str
    base: str
    stopped: Stopped
    best_epoch: int
    epochs: tuple[Epoch, ...]
    plot: str
    card: str
    warnings: tuple[str, ...] = ()
    sheet: str | None = None


class Estimated(Data):
    """At most so many steps and seconds; early stopping mostly needs less. None where this machine cannot know yet.

    `memory_bytes` counts weights, adapter and optimizer; what a step holds meanwhile comes on top.
    `epochs_done` is told of a training that should go on: 0 where there is no checkpoint, so that it begins anew.
    """

    event: Literal["estimated"] = "estimated"
    images: int
    steps: int
    seconds: float | None
    bytes_to_fetch: int
    memory_bytes: int | None
    epochs_done: int | None = None
