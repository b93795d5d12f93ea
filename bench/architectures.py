"""The real shapes of v1-4 and sd-turbo with random weights: speed does not depend on what the weights are.

Shapes and scheduler settings are those of the checkpoints' own config files. Prompts become random embeddings.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from engine.device import calls

TOKENS = 77
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
LEVELS = 4
FACTOR = 0.18215

UNETS: dict[str, dict[str, Any]] = {
    "v1-4": {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8},
    "turbo": {
        "sample_size": 64,
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    },
}
STEPS, GUIDANCE = {"v1-4": 50, "turbo": 4}, {"v1-4": 7.5, "turbo": 0.0}
TINY = {"block_out_channels": (32, 64, 64, 64), "norm_num_groups": 8, "sample_size": 8, "layers_per_block": 1}


@dataclass
class Model:
    """As much of a pipeline as `engine.denoising` and a plain StableDiffusionPipeline with embeddings need."""

    name: str
    unet: Any
    vae: Any
    scheduler: Any
    device: torch.device
    steps: int
    tokenizer: Any = field(default_factory=lambda: SimpleNamespace(model_max_length=TOKENS))

    def encode_prompt(self, texts: list[str], *_: Any, **__: Any) -> tuple[Tensor, None]:
        return self.words(len(texts)), None

    def words(self, rows: int) -> Tensor:
        """Embeddings of the shape that the text encoder hands over."""
        width = self.unet.config.cross_attention_dim
        return torch.randn(rows, TOKENS, width, device=self.device, dtype=self.unet.dtype)

    @property
    def guided(self) -> bool:
        return GUIDANCE[self.name] > 1

    def inputs(self, rows: int) -> tuple[Tensor, ...]:
        """Latents, timesteps and words of a call of the denoising model, or of one that a wave makes."""
        side, channels = self.unet.config.sample_size, self.unet.config.in_channels
        pictures = rows // 2 if self.guided and rows > 1 else rows
        latents = torch.randn(pictures, channels, side, side, device=self.device, dtype=self.unet.dtype)
        latents = latents.repeat(rows // pictures, 1, 1, 1)
        return latents, torch.full((rows,), 500.0, device=self.device), self.words(rows)

    @property
    def denoise(self) -> Any:
        """One call of the denoising model as a function of tensors."""
        return calls.denoising(self.unet, guided=False)

    @property
    def in_wave(self) -> Any:
        """The same as a wave makes it: with guidance every picture is there twice."""
        return calls.denoising(self.unet, guided=self.guided)

    @property
    def decode(self) -> Any:
        """Latents become pictures."""
        return calls.decoding(self.vae)

    def plain(self) -> Any:
        """Diffusers' pipeline of the same parts."""
        from diffusers import StableDiffusionPipeline

        pipe = StableDiffusionPipeline(
            vae=self.vae,
            text_encoder=None,
            tokenizer=None,
            unet=self.unet,
            scheduler=type(self.scheduler).from_config(self.scheduler.config),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        pipe.set_progress_bar_config(disable=True)
        return pipe


def build(name: str, device: torch.device, *, tiny: bool) -> Model:
    """`name`: v1-4 or turbo; half precision on a card; `tiny`: the same classes, narrow."""
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, PNDMScheduler, UNet2DConditionModel

    dtype = torch.float16 if device.type == "cuda" else torch.float32
    widths = (
        {"block_out_channels": (16, 32, 32, 32), "norm_num_groups": 8}
        if tiny
        else {"block_out_channels": (128, 256, 512, 512)}
    )
    autoencoder = {
        "down_block_types": ("DownEncoderBlock2D",) * LEVELS,
        "up_block_types": ("UpDecoderBlock2D",) * LEVELS,
        "layers_per_block": 1 if tiny else 2,
        "scaling_factor": FACTOR,
    }
    if name == "turbo":
        scheduler = EulerDiscreteScheduler(**BETAS, timestep_spacing="trailing")
    else:
        scheduler = PNDMScheduler(**BETAS, skip_prk_steps=True, set_alpha_to_one=False)
    with torch.device(device):
        unet = UNet2DConditionModel(**UNETS[name] | (TINY if tiny else {})).to(dtype).eval()
        vae = AutoencoderKL(**autoencoder, **widths).to(dtype).eval()
    # What a random model predicts is no noise that is in the picture; were it as strong, fifty steps would overflow.
    torch.nn.init.normal_(unet.conv_out.weight, std=1e-3)
    return Model(name, unet, vae, scheduler, device, STEPS[name])
