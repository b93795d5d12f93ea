"""Encodes every picture once, so that the denoiser's training never waits for the autoencoder."""

from typing import Any

import torch

from engine.embedded.training import pictures
from engine.embedded.training.autoencoder import encode
from engine.embedded.training.workshop import Workshop


def make(workshop: Workshop, _steps: int) -> dict[str, Any]:
    """Encodes everything."""
    from diffusers import AutoencoderKL
    from safetensors.torch import save_file

    autoencoder = AutoencoderKL.from_pretrained(workshop.autoencoder).eval().to(workshop.device)
    scaled = encode(autoencoder, pictures.load(workshop).pixels, workshop.device) * autoencoder.config.scaling_factor
    save_file({"latents": scaled.half().cpu().contiguous()}, workshop.latents)
    return {
        "std": round(scaled.std().item(), 3),
        "channel_stds": [round(std, 3) for std in scaled.std((0, 2, 3)).tolist()],
    }


def load(workshop: Workshop) -> torch.Tensor:
    """(n, 8, 16, 16) half precision, scaled, in the order of the pictures."""
    from safetensors.torch import load_file

    latents: torch.Tensor = load_file(workshop.latents)["latents"]
    return latents
