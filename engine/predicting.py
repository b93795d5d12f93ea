"""One call of the denoising model for all rows of a wave; on a processor nothing in it is computed twice.

All of it is lossless: the same sums in the same order, up to the rounding of batches of another size.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol
from weakref import WeakSet

import torch
from torch import Tensor

from engine import cores
from engine.attention import Memory, WordsOnce
from engine.feed_forward import few_at_a_time
from engine.shared_layers import shared_layers

_prepared: WeakSet[Any] = WeakSet()


def prepare(unet: Any) -> None:
    """Make a model faster on a processor. One that is not prepared paints the same pictures."""
    from diffusers.models.attention_processor import AttnProcessor2_0

    unet.set_attn_processor(
        {
            name: WordsOnce() if type(processor) is AttnProcessor2_0 else processor
            for name, processor in unet.attn_processors.items()
        }
    )
    few_at_a_time(unet)
    # Here, where no second thread does it as well.
    shared_layers(unet)
    _prepared.add(unet)


class Predict(Protocol):
    """One call of the denoising model for all rows of a wave; belongs to that wave."""

    def forget(self) -> None:
        """Call when the wave's rows have changed."""

    def __call__(self, unet: Any, latents: Tensor, t: Tensor, words: Tensor, negative: Tensor | None) -> list[Tensor]:
        """The model's output with the words, preceded by the one without them where `negative` is given.

        `latents` are scaled for the model already; the result has their number format.
        """


class Predictor:
    """Implements Predict for a processor. Remembers what its wave's words become in every layer; they stay the same."""

    def __init__(self) -> None:
        self._memories: dict[int, Memory] = {}

    def forget(self) -> None:
        self._memories.clear()

    def __call__(self, unet: Any, latents: Tensor, t: Tensor, words: Tensor, negative: Tensor | None) -> list[Tensor]:
        def part(index: int, rows: Tensor, words: Tensor, negative: Tensor | None = None) -> tuple[Tensor, ...]:
            embeddings = words if negative is None else torch.cat([negative, words])
            inputs = rows if negative is None else torch.cat([rows, rows])
            with _sharing(unet, guided=negative is not None):
                noise = unet(
                    inputs.to(unet.dtype),
                    t,
                    embeddings,
                    cross_attention_kwargs=self._memory(unet, index),
                    return_dict=False,
                )[0]
            halves: tuple[Tensor, ...] = noise.to(rows.dtype).chunk(1 if negative is None else 2)
            return halves

        tensors = (latents, words) if negative is None else (latents, words, negative)
        return [torch.cat(rows) for rows in zip(*cores.spread(part, *tensors, device=latents.device), strict=True)]

    def _memory(self, unet: Any, part: int) -> dict[str, Memory] | None:
        return {"memory": self._memories.setdefault(part, {})} if unet in _prepared else None


def _sharing(unet: Any, *, guided: bool) -> AbstractContextManager[None]:
    return shared_layers(unet).sharing() if guided and unet in _prepared else nullcontext()
