"""The forward process: how latents are noised, and what the denoiser is asked for (v-prediction)."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

STEPS = 1000
SCHEDULE = {"num_train_timesteps": STEPS, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}
_GAMMA = 5


@dataclass(frozen=True)
class Noised:
    """`seen` (n, 8, 16, 16) at `timesteps` (n,) goes in; `wanted`, of the same shape, should come out."""

    seen: Tensor
    timesteps: Tensor
    wanted: Tensor
    weights: Tensor
    """min(SNR, 5) / (SNR + 1): Hang et al. 2023, "Efficient Diffusion Training via Min-SNR Weighting", for v."""

    def loss(self, answered: Tensor) -> Tensor:
        """(n,): the weighted square error of each row."""
        return self.weights * (answered.float() - self.wanted).square().mean((1, 2, 3))


class Noising:
    def __init__(self, device: str) -> None:
        from diffusers import DDIMScheduler

        kept: Any = DDIMScheduler(**SCHEDULE).alphas_cumprod
        self._kept: Tensor = kept.to(device)

    def __call__(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Noised:
        kept = self._kept[timesteps].view(-1, 1, 1, 1)
        signal, noisy = kept.sqrt(), (1 - kept).sqrt()
        ratio = (kept / (1 - kept)).flatten()
        return Noised(
            seen=signal * latents + noisy * noise,
            timesteps=timesteps,
            wanted=signal * noise - noisy * latents,
            weights=ratio.clamp(max=_GAMMA) / (ratio + 1),
        )


def spread_timesteps(n: int, generator: torch.Generator) -> Tensor:
    """One timestep from each n-th of the range: less noise in the loss than n independent draws."""
    return ((torch.arange(n) + torch.rand(n, generator=generator)) / n * STEPS).long()
