"""The embedded model: a small Stable Diffusion and its judge, trained from scratch on drawings of this project."""

from pathlib import Path

_WEIGHTS = Path(__file__).parent / "weights"
PIPELINE = _WEIGHTS / "pipeline"
"""A folder for plain `StableDiffusionPipeline.from_pretrained`."""
JUDGE = _WEIGHTS / "judge"
"""A folder for plain `CLIPModel.from_pretrained` and `CLIPProcessor.from_pretrained`."""
