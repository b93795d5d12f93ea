"""Latents and text embeddings of the training pictures, computed once: doing so in each step would be 40 % of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.painter import Pixels
from engine.training.base import Base
from engine.training.data import Example

AT_ONCE = 4
"""Pictures in one piece of work: a wave of somebody's grid waits for no more than these."""
SMALL = 224
"""The side that judges look at."""


@dataclass
class Encoded:
    """`latents` (n, 2, 4, h, w): each picture and its mirror image; `words` (n, context, width); `no_words` (1, …)."""

    latents: Tensor
    words: Tensor
    no_words: Tensor

    def __len__(self) -> int:
        return len(self.latents)

    def part(self, indices: list[int]) -> "Encoded":
        return Encoded(self.latents[indices], self.words[indices], self.no_words)

    @staticmethod
    def joined(parts: Sequence["Encoded"]) -> "Encoded":
        latents, words = torch.cat([part.latents for part in parts]), torch.cat([part.words for part in parts])
        return Encoded(latents, words, parts[0].no_words)


def encode(base: Base, examples: Sequence[Example], side: int) -> Iterator[tuple[Encoded, list[Pixels]]]:
    """A few pictures at a time, with small copies for a judge. `side` is the model's picture size in pixels."""
    no_words = base.words([""])
    for start in range(0, len(examples), AT_ONCE):
        batch = examples[start : start + AT_ONCE]
        squares = [example.open() for example in batch]
        pixels = torch.stack([_tensor(_sized(square, side)) for square in squares])
        latents = torch.stack([base.latents(pixels), base.latents(pixels.flip(-1))], 1)
        words = base.words([example.caption for example in batch])
        yield Encoded(latents, words, no_words), [_sized(square, min(side, SMALL)) for square in squares]


def _sized(square: Image.Image, side: int) -> Pixels:
    """(side, side, 3)."""
    sized = square if square.size == (side, side) else square.resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(sized.convert("RGB"))


def _tensor(pixels: Pixels) -> Tensor:
    """(3, side, side) from -1 to 1."""
    return torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)
