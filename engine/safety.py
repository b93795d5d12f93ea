"""The safety checker that comes with Stable Diffusion v1-4; it checks sd-turbo's pictures too."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine import checkpoints, models
from engine.contract.approaches import V1_4
from engine.painter import Pixels

UNSAFE = "the safety checker found it unsafe"


class Safety:
    """In the number format that the pictures are painted in, as in diffusers' pipeline."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        self._checker: Any = None
        self._processor: Any = None

    def inputs(self, pictures: Sequence[Pixels]) -> Tensor:
        """What the checker looks at; made on the processor, in any thread."""
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

        if self._processor is None:
            self._processor = CLIPImageProcessorPil.from_pretrained(models.folder(V1_4) / "feature_extractor")
        pixels: Tensor = self._processor(list(pictures), return_tensors="pt").pixel_values
        return pixels

    def reasons(self, inputs: Tensor) -> list[str | None]:
        """For each picture why it is withheld, or None."""
        if self._checker is None:
            self._load()
        with torch.inference_mode():
            # The checker blackens what it finds in the array it is given; ours stay as they are.
            images = np.zeros((len(inputs), 1, 1, 3), np.float32)
            _, flags = self._checker(clip_input=inputs.to(self._device, self._dtype), images=images)
        return [UNSAFE if flag else None for flag in flags]

    def _load(self) -> None:
        from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

        folder = models.folder(V1_4)
        checker = StableDiffusionSafetyChecker.from_pretrained(
            folder / "safety_checker",
            dtype=self._dtype,
            use_safetensors=True,
            variant=checkpoints.variant(folder, half=self._dtype == torch.float16),
        )
        self._checker = checker.to(self._device).eval()
