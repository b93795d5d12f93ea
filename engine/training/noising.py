"""Noised latents and the target that the model must predict, by the configuration of its own scheduler."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.contract.errors import TrainingFailed


@dataclass(frozen=True)
class NoisedLatents:
    """`inputs` (n, 4, h, w) at `timesteps` (n,) go in; `targets`, of the same shape, should come out."""

    inputs: Tensor
    timesteps: Tensor
    targets: Tensor


class Noising:
    """`steps`: a model distilled to so few steps is trained at just the timesteps that it paints at.

    sd-turbo is one (its model card: 1 to 4 steps, trailing: 999, 749, 499, 249); it has forgotten the others.
    """

    def __init__(self, scheduler: Any, steps: int | None, device: torch.device) -> None:
        self._kind = str(scheduler.config.prediction_type)
        if self._kind not in {"epsilon", "v_prediction", "sample"}:
            message = f"A base that predicts “{self._kind}” cannot be trained; epsilon, v_prediction and sample can."
            raise TrainingFailed(message)
        self._alphas_cumprod: Tensor = scheduler.alphas_cumprod.to(device)
        self._timesteps = _painted_at(scheduler, steps) if steps else torch.arange(len(self._alphas_cumprod))

    def spread(self, n: int, generator: torch.Generator) -> Tensor:
        """One timestep from each n-th of the range, in random order: less chance in a loss than n free draws."""
        most = len(self._timesteps)
        # The sum may be rounded up to n.
        places = ((torch.arange(n) + torch.rand(n, generator=generator)) / n * most).long().clamp(max=most - 1)
        return self._timesteps[places][torch.randperm(n, generator=generator)]

    def show(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> NoisedLatents:
        """The forward process (Ho et al. 2020, eq. 4) and the target: noise, v (Salimans & Ho 2022) or the picture."""
        alpha = self._alphas_cumprod[timesteps].view(-1, 1, 1, 1)
        signal, noisy = alpha.sqrt(), (1 - alpha).sqrt()
        targets = {
            "epsilon": noise,
            "v_prediction": signal * noise - noisy * latents,
            "sample": latents,
        }[self._kind]
        return NoisedLatents(signal * latents + noisy * noise, timesteps, targets)


def _painted_at(scheduler: Any, steps: int) -> Tensor:
    painting_scheduler = type(scheduler).from_config(scheduler.config)
    painting_scheduler.set_timesteps(steps)
    return torch.as_tensor(painting_scheduler.timesteps).round().long().cpu()
