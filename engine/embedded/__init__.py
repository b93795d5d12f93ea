"""The embedded model: a small Stable Diffusion and its judges, trained from scratch on drawings of this project."""

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
PIPELINE = WEIGHTS / "pipeline"
"""A folder for plain `StableDiffusionPipeline.from_pretrained`."""
JUDGE = WEIGHTS / "judge"
"""A folder for plain `CLIPModel.from_pretrained` and `CLIPProcessor.from_pretrained`."""
EXAMINER = WEIGHTS / "examiner"
"""The second judge, which measures the other two (`engine.embedded.training.examiner`)."""
STYLES = WEIGHTS / "styles"
"""The styles that come with the model, each as `finetune` leaves it."""
