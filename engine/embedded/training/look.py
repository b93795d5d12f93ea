"""Stage 9: a look at what the model paints: 64 prompts beside real drawings of the same scenes, and a contact sheet."""

import random
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.embedded.drawings import Scene, caption, draw, sample
from engine.embedded.training import judging
from engine.embedded.training.latent_rgb import fit
from engine.embedded.training.tokenizer import token_ids
from engine.embedded.training.workshop import Workshop
from engine.embedded.vocabulary import SUBJECTS

_PROMPTS, _STEPS, _GUIDANCE = 64, 12, 3.0
_COLUMNS, _SIDE = 8, 128


def make(workshop: Workshop, _minutes: float) -> dict[str, Any]:
    """Measures the shipped folders. The judge's numbers on real drawings are its ceiling."""
    from diffusers import StableDiffusionPipeline
    from transformers import CLIPModel, CLIPTokenizer

    prompts = _prompts(workshop.seed + 77)
    pipeline = StableDiffusionPipeline.from_pretrained(workshop.weights / "pipeline").to(workshop.device)
    judge = CLIPModel.from_pretrained(workshop.weights / "judge").eval().to(workshop.device)
    tokenizer = CLIPTokenizer.from_pretrained(workshop.weights / "judge")
    painted = _paint(pipeline, list(prompts), workshop.seed)
    _contact_sheet(painted).save(workshop.out / "contact-sheet.png")
    real = [draw(scene) for scene in prompts.values()]
    return {
        "painted": _measure(judge, tokenizer, painted, prompts),
        "real_drawings": _measure(judge, tokenizer, real, prompts),
        "latent_rgb": fit(pipeline.vae, _latents(pipeline.vae, real)).rounded(),
    }


def _prompts(seed: int) -> dict[str, Scene]:
    """Different captions without openings; every subject comes three or four times."""
    rng = random.Random(seed)  # noqa: S311 - pictures, no secrets
    prompts: dict[str, Scene] = {}
    while len(prompts) < _PROMPTS:
        scene = sample(rng, SUBJECTS[len(prompts) % len(SUBJECTS)], worn_chance=0.6)
        prompts.setdefault(caption(scene, rng, opening=""), scene)
    return prompts


def _paint(pipeline: Any, prompts: list[str], seed: int) -> list[Image.Image]:
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(seed)
    painted = pipeline(prompts, num_inference_steps=_STEPS, guidance_scale=_GUIDANCE, generator=generator)
    images: list[Image.Image] = painted.images
    return images


@torch.no_grad()
def _measure(judge: Any, tokenizer: Any, pictures: list[Image.Image], prompts: dict[str, Scene]) -> dict[str, float]:
    device = str(judge.device)
    seen = judging.look_at(judge, np.stack([np.asarray(picture) for picture in pictures]), device)
    read = judging.text_vectors(judge, token_ids(tokenizer, list(prompts)).to(device))
    subjects = [scene.subject for scene in prompts.values()]
    accuracy = judging.subject_accuracy(judge, tokenizer, seen, map(SUBJECTS.index, subjects))
    swaps = [
        _swap(judge, tokenizer, one, text, subject) for one, text, subject in zip(seen, prompts, subjects, strict=True)
    ]
    measured = {**judging.agreement(seen, read), "subject": accuracy, "subject_swap": sum(swaps) / len(swaps)}
    return {name: round(value, 3) for name, value in measured.items()}


def _swap(judge: Any, tokenizer: Any, seen: torch.Tensor, prompt: str, subject: str) -> bool:
    """Whether the prompt itself is nearer than the same prompt with any other subject in its place."""
    swapped = [prompt.replace(subject, other) for other in SUBJECTS]
    read = judging.text_vectors(judge, token_ids(tokenizer, swapped).to(seen.device))
    return SUBJECTS[int((read @ seen).argmax())] == subject


@torch.no_grad()
def _latents(autoencoder: Any, pictures: list[Image.Image]) -> torch.Tensor:
    pixels = judging.tensor(np.stack([np.asarray(picture) for picture in pictures]), str(autoencoder.device))
    scaled: torch.Tensor = autoencoder.encode(pixels).latent_dist.mean * autoencoder.config.scaling_factor
    return scaled


def _contact_sheet(pictures: list[Image.Image]) -> Image.Image:
    rows = -(-len(pictures) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (_SIDE + 2), rows * (_SIDE + 2)), "white")
    for place, picture in enumerate(pictures):
        row, column = divmod(place, _COLUMNS)
        large = picture.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
        sheet.paste(large, (column * (_SIDE + 2), row * (_SIDE + 2)))
    return sheet
