"""/finetune: train a style; first its cost, then Start."""

from typing import Annotated, Literal

from pydantic import Field

from bot.asked import Asked
from bot.chat import Message
from bot.training_order import propose
from engine.contract.order import STYLE_NAME
from engine.contract.training import TrainStyle

# A chat names no folders: what lies on the host's disk is its owner's business.
Source = Literal["wikiart", "embedded"]


async def finetune(
    asked: Asked,
    name: Annotated[
        str,
        Field(pattern=STYLE_NAME, description="the new style's name: up to 40 lower-case letters, digits and hyphens"),
    ],
    style: Annotated[str, Field(max_length=60, description="a WikiArt style, such as Impressionism")] = "Impressionism",
    source: Annotated[Source, Field(description="WikiArt's paintings, or the built-in drawings")] = "wikiart",
    images: Annotated[int | None, Field(ge=8, le=5000, description="how many pictures to learn from")] = None,
    epochs: Annotated[
        int | None, Field(ge=1, le=1000, description="the most epochs to train; it stops early by itself")
    ] = None,
    rank: Annotated[int | None, Field(ge=1, le=128, description="rank of the adapter's matrices, usually 8")] = None,
    lr: Annotated[float | None, Field(ge=1e-7, le=1, description="learning rate")] = None,
    *,
    resume: Annotated[bool, Field(description="continue from the last checkpoint of this name")] = False,
) -> Message:
    """Train a style of your own from pictures (moderators only). You see the cost before it starts."""
    order = TrainStyle(
        name=name, source=source, art_style=style, images=images, epochs=epochs, rank=rank, lr=lr, resume=resume
    )
    return await propose(asked, order)
