"""The folder of one training run and what all its stages share; they know nothing else of each other."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Workshop:
    """`scale` multiplies the steps of every stage; 1 is the full training."""

    out: Path
    scale: float = 1.0
    seed: int = 0
    device: str = "cpu"
    processes: int = 2
    """Processes with a thread each: faster than one process with as many threads."""

    @property
    def pictures(self) -> Path:
        return self.out / "pictures"

    @property
    def tokenizer(self) -> Path:
        return self.out / "tokenizer"

    @property
    def judge(self) -> Path:
        return self.out / "judge"

    @property
    def autoencoder(self) -> Path:
        return self.out / "autoencoder"

    @property
    def sharpened(self) -> Path:
        """The autoencoder with its decoder trained on."""
        return self.out / "sharpened"

    @property
    def reader(self) -> Path:
        """The text encoder as it comes to the denoiser."""
        return self.out / "reader"

    @property
    def examiner(self) -> Path:
        """The second judge."""
        return self.out / "examiner"

    def checkpoint(self, stage: str) -> Path:
        """Where a stage that is cut off goes on."""
        return self.out / "kept" / stage

    @property
    def latents(self) -> Path:
        return self.out / "latents.safetensors"

    @property
    def denoiser(self) -> Path:
        """UNet and text encoder, as their moving averages."""
        return self.out / "denoiser"

    @property
    def weights(self) -> Path:
        """What is shipped: `pipeline`, `judge` and `examiner`."""
        return self.out / "weights"

    def count(self, full: int, least: int) -> int:
        """How many pictures a run of this scale draws."""
        return max(least, int(full * min(1.0, self.scale)))


def write_json(path: Path, content: Any) -> None:
    """At once or not at all, so that a file that is there is whole."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content, indent=2) + "\n")
    unfinished.replace(path)
