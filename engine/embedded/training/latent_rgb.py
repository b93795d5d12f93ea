"""Fits the cheap preview: the latent channels to red, green and blue by least squares, without the decoder."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Fit:
    factors: Tensor
    """(channels, 3), for scaled latents and colours from 0 to 1."""
    bias: Tensor
    """(3,)"""
    residual: float
    """The root mean square error of a colour from 0 to 1."""

    def rounded(self) -> dict[str, Any]:
        return {
            "factors": [[round(number, 4) for number in row] for row in self.factors.tolist()],
            "bias": [round(number, 4) for number in self.bias.tolist()],
            "residual": round(self.residual, 4),
        }


@torch.no_grad()
def fit(autoencoder: Any, latents: Tensor) -> Fit:
    """`latents`: (n, channels, 16, 16), scaled. Compared with the decoder's own pictures, reduced to 16 x 16."""
    unscaled: Any = latents.float() / autoencoder.config.scaling_factor
    painted = torch.cat([autoencoder.decode(batch).sample for batch in unscaled.split(64)])
    colours = functional.avg_pool2d((painted.clamp(-1, 1) + 1) / 2, painted.shape[-1] // latents.shape[-1])
    rows = latents.float().permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    targets = colours.permute(0, 2, 3, 1).reshape(-1, 3)
    inputs = torch.cat([rows, torch.ones(len(rows), 1, device=rows.device)], 1)
    # Doubles: with so many rows the solver takes the small directions of single precision for noise and drops them.
    solution = torch.linalg.lstsq(inputs.double(), targets.double()).solution.float()
    residual = ((inputs @ solution).clamp(0, 1) - targets).square().mean().sqrt()
    return Fit(solution[:-1], solution[-1], float(residual))
