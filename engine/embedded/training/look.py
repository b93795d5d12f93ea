"""Measures the finished model: 512 held-out combinations, named by the examiner; a contact sheet; the failures."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.embedded.drawings.facts import KINDS
from engine.embedded.training import examiner, judging, latent_rgb
from engine.embedded.training.exam import MANY, Exam
from engine.embedded.training.sheets import contact_sheet, labelled_sheet
from engine.embedded.training.tokenizer import token_ids
from engine.embedded.training.workshop import Workshop, write_json

STEPS, GUIDANCE = 12, 3.0
_AT_ONCE = 64
_SHOWN = 64
Pixels = npt.NDArray[np.uint8]


def make(workshop: Workshop, _steps: int) -> dict[str, Any]:
    """Measures the folders that are shipped. What the two judges say of real drawings is their ceiling."""
    from diffusers import StableDiffusionPipeline
    from transformers import CLIPModel, CLIPTokenizer

    pipeline = StableDiffusionPipeline.from_pretrained(workshop.weights / "pipeline").to(workshop.device)
    judge = CLIPModel.from_pretrained(workshop.weights / "judge").eval().to(workshop.device)
    tokenizer = CLIPTokenizer.from_pretrained(workshop.weights / "judge")
    second = examiner.load(workshop.weights / "examiner", workshop.device)
    exam = Exam(workshop.seed + 1, tokenizer, workshop.count(MANY, 64))
    prompts = exam.prompts()
    painted = paint(pipeline, prompts, workshop.seed)
    fit = latent_rgb.fit(pipeline.vae, _latents(pipeline.vae, exam.pixels[:256]))
    write_json(workshop.weights / "latent_rgb.json", fit.rounded())
    contact_sheet(painted[:_SHOWN]).save(workshop.out / "contact-sheet.jpg", quality=88)
    labelled_sheet(*_failures(second, exam, painted, prompts)).save(workshop.out / "failures.jpg", quality=88)
    return {
        "many": len(painted),
        "examiner": {
            "painted": _rounded(examiner.answers_right(second, painted, exam.facts)),
            "drawn": _rounded(examiner.answers_right(second, exam.pixels, exam.facts)),
        },
        "judge": {
            "painted": _rounded({**exam.of_judge(judge, painted), **_agreement(judge, tokenizer, painted, prompts)}),
            "drawn": _rounded({**exam.of_judge(judge), **_agreement(judge, tokenizer, exam.pixels, prompts)}),
        },
        "by_subject": _by_subject(second, exam, painted),
        "latent_rgb": fit.residual,
    }


def paint(pipeline: Any, prompts: list[str], seed: int) -> Pixels:
    """(n, 64, 64, 3), as anybody paints with the pipeline."""
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(seed)
    pictures: list[Any] = []
    for start in range(0, len(prompts), _AT_ONCE):
        batch = prompts[start : start + _AT_ONCE]
        answer = pipeline(batch, num_inference_steps=STEPS, guidance_scale=GUIDANCE, generator=generator)
        pictures += [np.asarray(picture) for picture in answer.images]
    return np.stack(pictures)


def _agreement(judge: Any, tokenizer: Any, pixels: Pixels, prompts: list[str]) -> dict[str, float]:
    """Over the first 64: pictures and texts of one sheet."""
    vectors = judging.look_at(judge, pixels[:_SHOWN], str(judge.device))
    return judging.agreement(
        vectors, judging.text_vectors(judge, token_ids(tokenizer, prompts[:_SHOWN]).to(vectors.device))
    )


def _failures(second: Any, exam: Exam, painted: Pixels, prompts: list[str]) -> tuple[Pixels, list[str]]:
    """The pictures whose subject or colour the examiner names otherwise, and what was asked."""
    names = examiner.names(second, painted)
    wrong = [
        number
        for number, facts in enumerate(exam.facts)
        if any(names[kind][number] != facts[KINDS.index(kind)] for kind in ("subject", "colour"))
    ]
    return painted[wrong[:40]], [prompts[number] for number in wrong[:40]]


def _by_subject(second: Any, exam: Exam, painted: Pixels) -> dict[str, float]:
    """The share of pictures that show the asked subject, for each subject."""
    right = examiner.names(second, painted)["subject"] == exam.facts[:, 0]
    subjects = [scene.subject for scene in exam.scenes]
    return {
        subject: round(float(np.mean([ok for ok, name in zip(right, subjects, strict=True) if name == subject])), 2)
        for subject in dict.fromkeys(subjects)
    }


def _rounded(measured: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in measured.items()}


@torch.no_grad()
def _latents(autoencoder: Any, pixels: Pixels) -> torch.Tensor:
    images = judging.tensor(pixels, str(autoencoder.device))
    scaled: torch.Tensor = autoencoder.encode(images).latent_dist.mean * autoencoder.config.scaling_factor
    return scaled
