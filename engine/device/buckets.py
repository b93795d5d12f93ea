"""Calls of one shape only: rows are filled up to a bucket, so that a row is computed the same way under any load.

At a fixed shape a row's result does not depend on what the other rows hold, and one compiled form serves every wave.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

Run = Callable[..., Tensor]
"""A model as a function of tensors: latents, timesteps of the rows and words, or latents alone."""


class Bucketed:
    """A predictor (engine.predicting.Predict) whose model sees `size` pictures at a time, always."""

    def __init__(self, run: Run, size: int) -> None:
        self._run, self._size = run, size

    def forget(self) -> None:
        """Nothing is remembered of the rows."""

    def __call__(self, unet: Any, latents: Tensor, t: Tensor, words: Tensor, negative: Tensor | None) -> list[Tensor]:
        tensors = (latents, words) if negative is None else (latents, words, negative)
        outputs = [self._bucket(unet, t, *part) for part in filled(self._size, *tensors)]
        return [torch.cat(rows)[: len(latents)].to(latents.dtype) for rows in zip(*outputs, strict=True)]

    def _bucket(
        self, unet: Any, t: Tensor, rows: Tensor, words: Tensor, negative: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        embeddings = words if negative is None else torch.cat([negative, words])
        inputs = rows if negative is None else torch.cat([rows, rows])
        # One kind of number for all schedulers; the model makes it float32 as its first thing.
        times = t.to(rows.device, torch.float32).expand(len(inputs)).contiguous()
        # A scheduler may hand over any memory layout, and a compiled form takes one.
        return self._run(inputs.to(unet.dtype).contiguous(), times, embeddings).chunk(1 if negative is None else 2)


def filled(size: int, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Parts of exactly `size` rows; the last one is filled up with copies of its first row."""
    for start in range(0, len(tensors[0]), size):
        yield tuple(_filled(tensor[start : start + size], size) for tensor in tensors)


def _filled(part: Tensor, size: int) -> Tensor:
    return torch.cat([part, part[:1].expand(size - len(part), *part.shape[1:])]).contiguous()
