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
    """`inputs` (n, 8, 16, 16) at `timesteps` (n,) go in; `targets`, of the same shape, should come out."""

    inputs: Tensor
    timesteps: Tensor
    targets: Tensor
    weights: Tensor
    """min(SNR, 5) / (SNR + 1): Hang et al. 2023, "Efficient Diffusion Training via Min-SNR Weighting", for v."""

    def loss(self, outputs: Tensor) -> Tensor:
        """(n,): the weighted square error of each row."""
        return self.weights * (outputs.float() - self.targets).square().mean((1, 2, 3))


class Noising:
    def __init__(self, device: str) -> None:
        from diffusers import DDIMScheduler

        alphas_cumprod: Any = DDIMScheduler(**SCHEDULE).alphas_cumprod
        self._alphas_cumprod: Tensor = alphas_cumprod.to(device)

    def __call__(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Noised:
        alpha = self._alphas_cumprod[timesteps].view(-1, 1, 1, 1)
        signal, noisy = alpha.sqrt(), (1 - alpha).sqrt()
        ratio = (alpha / (1 - alpha)).flatten()
        return Noised(
            inputs=signal * latents + noisy * noise,
            timesteps=timesteps,
            targets=signal * noise - noisy * latents,
            weights=ratio.clamp(max=_GAMMA) / (ratio + 1),
        )


def spread_timesteps(n: int, generator: torch.Generator) -> Tensor:
    """One timestep from each n-th of the range: less noise in the loss than n independent draws."""
    # The sum may be rounded up to n.
    return ((torch.arange(n) + torch.rand(n, generator=generator)) / n * STEPS).long().clamp(max=STEPS - 1)
