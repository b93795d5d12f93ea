"""Puts the parts into the folders that are shipped: half precision on disk, single precision when loaded."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from engine.embedded.training.noising import SCHEDULE
from engine.embedded.training.workshop import Workshop, write_json


def make(workshop: Workshop, _steps: int) -> dict[str, Any]:
    """Writes `weights/pipeline`, `weights/judge` and `weights/examiner`."""
    pipeline, judge = workshop.weights / "pipeline", workshop.weights / "judge"
    _pipeline(workshop).save_pretrained(pipeline)
    _save_judge(workshop, judge)
    shutil.copytree(workshop.examiner, workshop.weights / "examiner", dirs_exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(workshop.tokenizer / name, pipeline / "tokenizer")
    for path in workshop.weights.rglob("*.json"):
        _clean(path)
    size = sum(path.stat().st_size for path in workshop.weights.rglob("*.safetensors"))
    return {"megabytes": round(size / 1e6, 1)}


def _pipeline(workshop: Workshop) -> Any:
    from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer

    half = torch.float16
    return StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(workshop.sharpened, torch_dtype=half),
        text_encoder=CLIPTextModel.from_pretrained(workshop.denoiser / "text_encoder", dtype=half),
        tokenizer=CLIPTokenizer.from_pretrained(workshop.tokenizer),
        unet=UNet2DConditionModel.from_pretrained(workshop.denoiser / "unet", torch_dtype=half),
        scheduler=DPMSolverMultistepScheduler(**SCHEDULE, timestep_spacing="trailing", steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _save_judge(workshop: Workshop, folder: Path) -> None:
    from transformers import CLIPModel

    shutil.copytree(workshop.judge, folder, dirs_exist_ok=True)
    CLIPModel.from_pretrained(workshop.judge, dtype=torch.float16).save_pretrained(folder)


def _clean(path: Path) -> None:
    """Leaves out where a file was made, and asks for single precision.

    transformers loads in the precision that a configuration names, diffusers in single: a text encoder in half
    precision beside a UNet in single would fail at the first step.
    """
    content = json.loads(path.read_text())
    if path.name in {"vocab.json", "tokenizer.json"}:
        return
    for name in ("_name_or_path", "is_local", "local_files_only"):
        content.pop(name, None)
    if content.get("dtype") == "float16":
        content["dtype"] = "float32"
    write_json(path, content)
