"""The autoencoder, an AutoencoderKL of 0.65 million parameters: 64 x 64 pixels to 8 x 16 x 16 and back.

Its size was set by two cores: a wider one (32, 64, 96) reached 18 dB in the minutes in which this one reached 26 dB.
Eight channels instead of four cost next to nothing and keep the lines sharp.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.embedded.drawings import Manner
from engine.embedded.training import pictures
from engine.embedded.training.judging import tensor
from engine.embedded.training.keeping import Keeper
from engine.embedded.training.lesson import Lesson, rated, set_rate
from engine.embedded.training.workshop import Workshop

_BATCH, _RATE = 8, 2e-3
_EDGES, _KL = 0.5, 3e-4
CHANNELS = 8
MANNERS: tuple[Manner, ...] = ("colour", "sketch")
"""What is measured."""
_GLANCE = 128
"""So many pictures tell how far it is."""


def make(workshop: Workshop, steps: int) -> dict[str, Any]:
    torch.manual_seed(workshop.seed)
    drawings, rng = pictures.load(workshop), np.random.default_rng(workshop.seed)
    rows = drawings.training("colour", "ink", "sketch")
    autoencoder = _build().to(workshop.device)
    optimizer = torch.optim.AdamW([rated(autoencoder.parameters(), _RATE)], betas=(0.9, 0.98), weight_decay=1e-3)
    keeper = Keeper(workshop.checkpoint("autoencoder"), optimizer, autoencoder=autoencoder)
    lesson = Lesson("autoencoder", steps, lambda: _measure(workshop, autoencoder, drawings), keeper)
    for share in lesson:
        set_rate(optimizer, share, lesson.steps, warm_up=50)
        drawn = tensor(drawings.pixels[rng.choice(rows, _BATCH)], workshop.device)
        with torch.autocast(workshop.device, dtype=torch.bfloat16):
            posterior = autoencoder.encode(drawn).latent_dist
            painted = autoencoder.decode(posterior.sample()).sample.float()
        loss: Any = likeness(painted, drawn, _EDGES) + _KL * _divergence(posterior)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(autoencoder.parameters(), 1.0)
        optimizer.step()
        lesson.learned(loss.item())
    autoencoder.register_to_config(scaling_factor=_scaling(workshop, autoencoder, drawings))
    autoencoder.eval().save_pretrained(workshop.autoencoder)
    keeper.forget()
    return {**lesson.result(), "scaling_factor": autoencoder.config.scaling_factor}


def likeness(painted: Tensor, drawn: Tensor, edges: float) -> Tensor:
    """How far two batches of pictures (-1 … 1) are apart: in colour, and with weight `edges` in their steps."""
    across = functional.l1_loss(painted.diff(dim=-1), drawn.diff(dim=-1))
    down = functional.l1_loss(painted.diff(dim=-2), drawn.diff(dim=-2))
    return functional.l1_loss(painted, drawn) + functional.mse_loss(painted, drawn) + edges * (across + down)


@torch.no_grad()
def decibels(autoencoder: Any, latents: Any, drawn: Any) -> float:
    """Mean peak signal-to-noise ratio of the decoded latents (not scaled)."""
    errors = []
    for latent, picture in zip(latents.split(64), drawn.split(64), strict=True):
        with torch.autocast(picture.device.type, dtype=torch.bfloat16):
            painted = autoencoder.decode(latent).sample.float().clamp(-1, 1)
        errors.append(((painted - picture) / 2).square().mean((1, 2, 3)))
    return float(-10 * torch.cat(errors).log10().mean())


@torch.no_grad()
def encode(autoencoder: Any, pixels: Any, device: str) -> Tensor:
    """The means (n, 8, 16, 16), not scaled, of pictures (n, 64, 64, 3)."""
    means = []
    for start in range(0, len(pixels), 128):
        with torch.autocast(device, dtype=torch.bfloat16):
            means.append(autoencoder.encode(tensor(pixels[start : start + 128], device)).latent_dist.mean.float())
    return torch.cat(means)


def _build() -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(16, 32, 64),
        layers_per_block=1,
        latent_channels=CHANNELS,
        norm_num_groups=8,
        sample_size=64,
        mid_block_add_attention=False,
    )


def _divergence(posterior: Any) -> Tensor:
    """From the unit normal distribution, per number of the latent."""
    mean, variance = posterior.mean.float(), posterior.var.float()
    divergence: Tensor = 0.5 * (mean.square() + variance - 1 - posterior.logvar.float()).mean()
    return divergence


def _scaling(workshop: Workshop, autoencoder: Any, drawings: pictures.Pictures) -> float:
    """What brings the latents to a deviation of one, as the diffusion expects them."""
    return float(1 / encode(autoencoder, drawings.pixels[drawings.held_out("colour")], workshop.device).std())


def _measure(workshop: Workshop, autoencoder: Any, drawings: pictures.Pictures) -> dict[str, float]:
    autoencoder.eval()
    measures = {}
    for manner in MANNERS:
        drawn = drawings.pixels[drawings.held_out(manner)[:_GLANCE]]
        latents = encode(autoencoder, drawn, workshop.device)
        measures[f"{manner}_db"] = decibels(autoencoder, latents, tensor(drawn, workshop.device))
    autoencoder.train()
    return measures
