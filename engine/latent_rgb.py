"""From latents to colours without the autoencoder, for previews."""

import torch
from torch import Tensor

from engine.contract.approaches import EMBEDDED
from engine.painter import Pixels

# Factors for the latent space of Stable Diffusion 1 and 2, which sd-turbo shares; a row is a latent channel. They are
# those that ComfyUI publishes (comfy/latent_formats.py, SD15), for latents scaled by 0.18215; colours are -1 … 1.
SD = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)


def to_pixels(latents: Tensor, model: str) -> list[Pixels]:
    """Small pictures, one a row, with the latents' height and width. `latents` are a predicted x0, scaled."""
    channels_last = latents.float().cpu().permute(0, 2, 3, 1)
    if model == EMBEDDED:
        from engine.embedded.latent_rgb import latent_rgb

        factors, bias = latent_rgb()
        colours = channels_last @ torch.tensor(factors) + torch.tensor(bias)
    else:
        colours = (channels_last @ torch.tensor(SD) + 1) / 2
    return list((colours.clamp(0, 1) * 255).round().to(torch.uint8).numpy())
