"""A loaded pipeline as a card runs it: calls of one shape, in the fastest form that is ready."""

from types import FunctionType
from typing import Any, cast

import torch
from torch import Tensor

from engine.device.buckets import Bucketed, filled
from engine.device.compiling import Backend, Compiling, Record
from engine.device.sizes import Sizes


class Forms:
    """Of one pipeline. Only the denoising model is recorded: the autoencoder's recording would keep its memory."""

    def __init__(
        self, pipe: Any, sizes: Sizes, backend: Backend | None = "inductor", record: Record | None = None
    ) -> None:
        self._pipe, self._sizes = pipe, sizes
        unet, vae = pipe.unet, pipe.vae

        def denoised(latents: Tensor, times: Tensor, words: Tensor) -> Tensor:
            found: Tensor = unet(latents, times, encoder_hidden_states=words, return_dict=False)[0]
            return found

        def decoded(latents: Tensor) -> Tensor:
            found: Tensor = vae.decode(latents, return_dict=False)[0]
            return found

        self._unet = Compiling(cast("FunctionType", denoised), backend, record)
        self._vae = Compiling(cast("FunctionType", decoded), backend)

    def predict(self, *, guided: bool) -> Bucketed:
        """For one wave: all its calls are made in the form that is the best now."""
        size = self._sizes.pictures
        rows = 2 * size if guided else size
        words = (rows, self._pipe.tokenizer.model_max_length, self._pipe.unet.config.cross_attention_dim)
        latents, times = self._latents(rows, self._pipe.unet), torch.ones(rows, device=self._pipe.device)
        return Bucketed(self._unet.form(latents, times, latents.new_zeros(words)), size)

    def decode(self, latents: Tensor) -> list[Tensor]:
        """Colours -1 … 1, shape (rows, 3, height, width), as many rows at a time as there is room for."""
        vae, size = self._pipe.vae, self._sizes.decoded
        run = self._vae.form(self._latents(size, vae))
        parts = filled(size, latents.to(vae.dtype) / vae.config.scaling_factor)
        left, found = len(latents), []
        for (part,) in parts:
            found.append(run(part)[:left])
            left -= size
        return found

    def wait(self) -> None:
        """Until what was asked for is compiled; for tests and benchmarks."""
        self._unet.wait()
        self._vae.wait()

    def close(self) -> None:
        self._unet.close()
        self._vae.close()

    def _latents(self, rows: int, model: Any) -> Tensor:
        config = self._pipe.unet.config
        shape = (rows, config.in_channels, config.sample_size, config.sample_size)
        return torch.zeros(shape, device=self._pipe.device, dtype=model.dtype)
