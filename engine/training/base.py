"""The model that a style is trained on: a copy of its own, so that nothing painted meanwhile can change.

It costs the memory of one more UNet (1.7 GB in half precision for sd-turbo, 22 MB for the embedded model); text encoder
and autoencoder are put aside while steps are taken.
"""

import gc
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import checkpoints
from engine.contract.errors import NoModel


class Base:
    """Loaded part by part, so that somebody's grid waits for one part at most."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.folder, self.device = folder, device
        self.dtype = torch.float16 if device.type == "cuda" else torch.float32
        self.unet: Any = None
        self.vae: Any = None
        self.text_encoder: Any = None
        self.tokenizer: Any = None
        self.scheduler: Any = None

    def load(self) -> Generator[None, None, None]:
        """Load everything, in parts between which it yields. Raises NoModel."""
        from diffusers import AutoencoderKL, DiffusionPipeline, UNet2DConditionModel
        from transformers import CLIPTextModel, CLIPTokenizer

        try:
            self.tokenizer = CLIPTokenizer.from_pretrained(self.folder / "tokenizer")
            self.scheduler = _scheduler(DiffusionPipeline, self.folder)
            self.text_encoder = self._part(CLIPTextModel, "text_encoder")
            yield
            self.vae = self._part(AutoencoderKL, "vae")
            yield
            self.unet = self._part(UNet2DConditionModel, "unet")
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"The base model in {self.folder} cannot be loaded: {error}"
            raise NoModel(message) from error
        if self.device.type == "cpu":
            from diffusers.models.attention_processor import AttnProcessor

            # On a CPU the backward pass of torch's fused attention takes a quarter of a step longer than the plain one.
            self.unet.set_attn_processor(AttnProcessor())
        yield

    def put_encoders(self, device: torch.device) -> None:
        """Text encoder and autoencoder to this device: the CPU while steps are taken."""
        self.text_encoder.to(device)
        self.vae.to(device)
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @torch.inference_mode()
    def latents(self, pixels: Tensor) -> Tensor:
        """Pictures (n, 3, side, side) of -1 … 1 as scaled latents (n, 4, h, w), fp32, on the CPU."""
        mode = self.vae.encode(pixels.to(self.device, self.dtype)).latent_dist.mode()
        scaled: Tensor = mode.float() * self.vae.config.scaling_factor
        return scaled.cpu()

    @torch.inference_mode()
    def words(self, texts: list[str]) -> Tensor:
        """Texts as the UNet reads them, (n, context, width), fp32, on the CPU; what is too long is cut."""
        most = self.tokenizer.model_max_length
        ids = self.tokenizer(texts, padding="max_length", max_length=most, truncation=True, return_tensors="pt")
        embeddings: Tensor = self.text_encoder(ids.input_ids.to(self.device))[0]
        return embeddings.float().cpu()

    def is_cut(self, text: str) -> bool:
        """Whether the text is longer than what the model reads."""
        tokens: list[int] = self.tokenizer(text, verbose=False).input_ids
        return len(tokens) > int(self.tokenizer.model_max_length)

    def pipeline(self) -> Any:
        """The parts as a StableDiffusionPipeline, to paint samples with."""
        from diffusers import StableDiffusionPipeline

        return StableDiffusionPipeline(
            vae=self.vae,
            text_encoder=self.text_encoder,
            tokenizer=self.tokenizer,
            unet=self.unet,
            scheduler=self.scheduler,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )

    def _part(self, kind: Any, name: str) -> Any:
        half = self.dtype == torch.float16
        part = kind.from_pretrained(
            self.folder / name,
            use_safetensors=True,
            local_files_only=True,
            variant=checkpoints.variant(self.folder, half=half),
            **({"torch_dtype": self.dtype} if name != "text_encoder" else {"dtype": self.dtype}),
        )
        return part.to(self.device).requires_grad_(requires_grad=False).eval()


def _scheduler(pipelines: Any, folder: Path) -> Any:
    """The scheduler that model_index.json names, from its own folder."""
    import diffusers

    name: str = pipelines.load_config(folder)["scheduler"][1]
    return getattr(diffusers, name).from_pretrained(folder / "scheduler")
