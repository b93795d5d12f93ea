"""The denoiser's batches: noised latents beside their captions, one caption in ten left out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.embedded.training.noising import STEPS, Noised, Noising, spread_timesteps
from engine.embedded.training.pictures import CAPTIONS, Pictures
from engine.embedded.training.tokenizer import LENGTH, token_ids

_WORDLESS = 0.1
"""Guidance compares with the answer to no words, so that has to be learned, too."""
_FIXED = 256


@dataclass(frozen=True)
class Lines:
    noised: Noised
    ids: Tensor
    """(n, 32) token ids."""


class Reading:
    def __init__(
        self,
        latents: Tensor,
        drawings: Pictures,
        tokenizer: Any,
        noising: Noising,
        rng: np.random.Generator,
        device: str,
    ) -> None:
        self._latents = latents
        self._drawings = drawings
        # Pencil sketches are left for /finetune.
        self._rows = drawings.training("colour", "ink")
        self._ids = token_ids(tokenizer, [text for captions in drawings.captions for text in captions]).view(
            -1, CAPTIONS, LENGTH
        )
        self._wordless = token_ids(tokenizer, [""])
        self._noising = noising
        self._rng = rng
        self._generator = torch.Generator().manual_seed(int(rng.integers(1 << 31)))
        self._device = device

    def lines(self, n: int) -> Lines:
        """By lot, from the drawings in colour and in ink that are not held out."""
        rows = self._rng.choice(self._rows, n)
        ids = self._ids[rows, self._rng.integers(0, CAPTIONS, n)]
        wordless = torch.rand(n, 1, generator=self._generator) < _WORDLESS
        noise = torch.randn(n, *self._latents.shape[1:], generator=self._generator)
        timesteps = spread_timesteps(n, self._generator)
        return self._noised(rows, torch.where(wordless, self._wordless, ids), noise, timesteps)

    def held_out(self, *, words: bool = True) -> Lines:
        """The same lines every time, so that two measurements differ by the model alone."""
        rows = self._drawings.held_out("colour")[:_FIXED]
        generator = torch.Generator().manual_seed(99)
        noise = torch.randn(len(rows), *self._latents.shape[1:], generator=generator)
        spread = ((torch.arange(len(rows)) + 0.5) / len(rows) * STEPS).long()
        timesteps = spread[torch.randperm(len(rows), generator=generator)]
        ids = self._ids[rows, 0] if words else self._wordless.expand(len(rows), -1)
        return self._noised(rows, ids, noise, timesteps)

    def _noised(self, rows: Any, ids: Tensor, noise: Tensor, timesteps: Tensor) -> Lines:
        latents = self._latents[rows].to(self._device).float()
        noised = self._noising(latents, noise.to(self._device), timesteps.to(self._device))
        return Lines(noised, ids.to(self._device))
