"""A loaded pipeline as a card runs it: calls of one shape, in the fastest form (recorded, compiled) that is ready."""

from typing import Any

import torch
from torch import Tensor

from engine.device import calls
from engine.device.buckets import Bucketed, filled
from engine.device.compiling import Backend, Compiling, Record
from engine.device.sizes import Sizes


class Forms:
    """Of one pipeline. Only the denoising model is recorded: the autoencoder's recording would keep its memory."""

    def __init__(
        self, pipe: Any, sizes: Sizes, backend: Backend | None = "inductor", record: Record | None = None
    ) -> None:
        self._pipe, self._sizes = pipe, sizes
        self._unets = {
            guided: Compiling(calls.denoising(pipe.unet, guided=guided), backend, record) for guided in (False, True)
        }
        self._vae = Compiling(calls.decoding(pipe.vae), backend)
        self._all = (*self._unets.values(), self._vae)

    def predict(self, *, guided: bool) -> Bucketed:
        """For one wave: all its calls are made in the form that is the best now."""
        size = self._sizes.pictures
        rows = 2 * size if guided else size
        words = (rows, self._pipe.tokenizer.model_max_length, self._pipe.unet.config.cross_attention_dim)
        latents, times = self._latents(rows, self._pipe.unet), torch.ones(rows, device=self._pipe.device)
        return Bucketed(self._unets[guided].form(latents, times, latents.new_zeros(words)), size)

    def decode(self, latents: Tensor) -> list[Tensor]:
        """Colours -1 … 1, shape (rows, 3, height, width), as many rows at a time as there is room for."""
        vae, size = self._pipe.vae, self._sizes.decoded
        run = self._vae.form(self._latents(size, vae))
        parts = filled(size, latents.to(vae.dtype) / vae.config.scaling_factor)
        remaining, colours = len(latents), []
        for (part,) in parts:
            colours.append(run(part)[:remaining])
            remaining -= size
        return colours

    def wait(self) -> None:
        """Until what was asked for is compiled; for tests and benchmarks."""
        for form in self._all:
            form.wait()

    def close(self) -> None:
        for form in self._all:
            form.close()

    def _latents(self, rows: int, model: Any) -> Tensor:
        config = self._pipe.unet.config
        shape = (rows, config.in_channels, config.sample_size, config.sample_size)
        return torch.zeros(shape, device=self._pipe.device, dtype=model.dtype)
