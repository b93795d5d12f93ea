"""The safety checker that Stable Diffusion v1-4 ships; it looks at sd-turbo's pictures too."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from engine import models
from engine.contract.approaches import V1_4
from engine.painter import Pixels

UNSAFE = "the safety checker found it unsafe"


class Safety:
    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._checker: Any = None
        self._processor: Any = None

    def reasons(self, pictures: Sequence[Pixels]) -> list[str | None]:
        """For each picture why it is withheld, or None."""
        if self._checker is None:
            self._load()
        inputs = self._processor(list(pictures), return_tensors="pt").pixel_values.to(self._device)
        with torch.inference_mode():
            # The checker blackens what it finds in the array it is given; ours stay as they are.
            _, unsafe = self._checker(clip_input=inputs, images=np.zeros((len(pictures), 1, 1, 3), np.float32))
        return [UNSAFE if found else None for found in unsafe]

    def _load(self) -> None:
        from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

        folder = models.folder(V1_4)
        checker = StableDiffusionSafetyChecker.from_pretrained(folder / "safety_checker", use_safetensors=True)
        self._checker = checker.to(self._device).eval()
        self._processor = CLIPImageProcessorPil.from_pretrained(folder / "feature_extractor")
