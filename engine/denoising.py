"""One wave on its way from noise to pictures, one call of the denoising model at a time, on diffusers' own schedulers.

Rows are pictures. Latents have the shape (rows, 4, height / scale, width / scale). The arithmetic is
that of diffusers' StableDiffusionPipeline, in the same order, so that both paint the same pictures.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from engine import cores
from engine.embeddings import embeddings
from engine.host_copy import HostCopy
from engine.painter import Pixels
from engine.predicting import Predict, Predictor
from engine.schedules import schedule
from engine.wave import Wave

# Rows decoded at once: the autoencoder gains nothing from more, and its memory grows with them.
DECODED = 8

Decode = Callable[[Tensor], list[Tensor]]


class Denoising:
    """A wave has a scheduler object of its own, as schedulers remember earlier steps: it may pause and be thinned."""

    @torch.inference_mode()
    def __init__(self, pipe: Any, wave: Wave, predict: Predict | None = None) -> None:
        from diffusers.utils.torch_utils import randn_tensor

        self.wave = wave
        self._guided = wave.mix.guidance > 1
        self._scheduler = schedule(pipe, wave.mix)
        self._generators = [torch.Generator().manual_seed(row.seed) for row in wave.rows]
        self._words, self._negative_words = _encoded(pipe, wave, guided=self._guided)
        shape = (1, pipe.unet.config.in_channels, pipe.unet.config.sample_size, pipe.unet.config.sample_size)
        # The scheduler's sums want more digits than bf16 has; the model alone works in it.
        dtype = torch.float32 if pipe.unet.dtype == torch.bfloat16 else pipe.unet.dtype
        noise = [randn_tensor(shape, generator=g, device=pipe.device, dtype=dtype) for g in self._generators]
        self._latents = torch.cat(noise) * self._scheduler.init_noise_sigma
        self._predict = predict or Predictor()
        self._extra = "generator" in inspect.signature(self._scheduler.step).parameters
        self._step_index = 0
        self.prediction: Tensor | None = None
        """What the rows promised to become at an earlier step, on its way to the processor."""

    @property
    def steps(self) -> int:
        """Calls of the model in all; PNDM makes one more than it was asked for."""
        return len(self._scheduler.timesteps)

    @torch.inference_mode()
    def step(self, unet: Any) -> Tensor:
        """One step; returns the predicted x0 in scaled latent space, same shape as the latents."""
        t = self._scheduler.timesteps[self._step_index]
        latents = self._scheduler.scale_model_input(self._latents, t)
        *unguided, noise = self._predict(unet, latents, t, self._words, self._negative_words if self._guided else None)
        for plain in unguided:
            noise = plain + self.wave.mix.guidance * (noise - plain)
        sample = self._latents
        extra = {"generator": self._generators} if self._extra else {}
        result = self._scheduler.step(noise, t, sample, **extra)
        self._latents = result.prev_sample
        self._step_index += 1
        return _predicted(self._scheduler, result, noise, sample, t)

    def thin(self, keep: Sequence[int]) -> None:
        """Go on with these rows only; what the scheduler remembers is thinned as well."""
        index = torch.tensor(list(keep), device=self._latents.device)
        shape = self._latents.shape
        for name, value in vars(self._scheduler).items():
            if isinstance(value, Tensor) and value.shape == shape:
                setattr(self._scheduler, name, value[index])
            elif isinstance(value, list):
                setattr(self._scheduler, name, [_thinned(item, shape, index) for item in value])
        self._predict.forget()
        self.prediction = None
        self._latents, self._words = self._latents[index], self._words[index]
        if self._guided:
            self._negative_words = self._negative_words[index]
        self._generators = [self._generators[i] for i in keep]

    def decode(self, vae: Any) -> list[Pixels]:
        """The finished rows as 8-bit pictures. Raises PaintingFailed where the model produced no numbers."""
        return self.decoded(partial(decode, vae)).pictures()

    @torch.inference_mode()
    def decoded(self, decode: Decode) -> HostCopy:
        """The finished rows decoded and on their way to the processor; on a card this waits for neither."""
        parts = cores.spread(lambda _, rows: decode(rows), self._latents, device=self._latents.device)
        decoded = [part for parts_of_core in parts for part in parts_of_core]
        return cores.alone(lambda: HostCopy(decoded), self._latents.device)


def decode(vae: Any, latents: Tensor) -> list[Tensor]:
    """Colours -1 … 1, shape (rows, 3, height, width), some rows at a time."""
    return [
        vae.decode(part.to(vae.dtype) / vae.config.scaling_factor, return_dict=False)[0]
        for part in torch.split(latents, DECODED)
    ]


def _encoded(pipe: Any, wave: Wave, *, guided: bool) -> tuple[Tensor, Tensor]:
    """Text embeddings with the prompts and without them (the negative prompts)."""
    prompts, negatives = [row.prompt for row in wave.rows], [row.negative for row in wave.rows]
    texts = list(dict.fromkeys([*prompts, *(negatives if guided else [])]))
    rows = embeddings(pipe, texts)
    words = rows[[texts.index(text) for text in prompts]]
    return words, rows[[texts.index(text) for text in negatives]] if guided else words


def _thinned(item: Any, shape: torch.Size, index: Tensor) -> Any:
    return item[index] if isinstance(item, Tensor) and item.shape == shape else item


def _predicted(scheduler: Any, result: Any, output: Tensor, sample: Tensor, t: Tensor) -> Tensor:
    """x0 as the scheduler tells it, or by the formulas of DDIM (Song et al. 2020, eq. 12; v: Salimans & Ho 2022)."""
    original: Tensor | None = getattr(result, "pred_original_sample", None)
    if original is not None:
        return original
    alpha: Tensor = scheduler.alphas_cumprod[t.long()]
    signal, noise = alpha.sqrt().to(sample.dtype), (1 - alpha).sqrt().to(sample.dtype)
    kind = scheduler.config.prediction_type
    if kind == "sample":
        return output
    return signal * sample - noise * output if kind == "v_prediction" else (sample - noise * output) / signal
