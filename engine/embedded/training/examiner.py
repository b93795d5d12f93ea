"""The examiner: a small convolutional network that names what a picture shows, without being told what it should show.

It is the second judge: it measures what the embedded model paints, and nothing is trained with it. Other start, other
architecture, other drawings than the rest.
"""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.drawings import draw, facts, sample
from engine.embedded.drawings.facts import KINDS, PLACES, WAYS, WORN
from engine.embedded.training.average import Average
from engine.embedded.training.exam import Exam
from engine.embedded.training.gaps import naming_losses
from engine.embedded.training.judging import tensor
from engine.embedded.training.keeping import Keeper
from engine.embedded.training.lesson import Lesson, rated, set_rate
from engine.embedded.training.workshop import Workshop
from engine.embedded.vocabulary import COLOURS, SUBJECTS

NAMES = {"subject": len(SUBJECTS), "colour": len(COLOURS), "worn": len(WORN), "place": len(PLACES), "manner": len(WAYS)}
_COLUMNS = [KINDS.index(name) for name in NAMES]
_BATCH, _RATE = 64, 2e-3
_SEED = 9_000_000
"""Far from the seeds of all other drawings."""
_SHARES = (0.84, 0.04, 0.12)
"""Of the ways of drawing."""
_RECOLOURED = 0.4
_POOL = 60_000
"""Drawings made before the first step."""


class Examiner(nn.Module):
    """(n, 3, 64, 64) from -1 to 1, to logits for each of NAMES."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 48, 96, 128)
        self.blocks = nn.Sequential(*[_block(a, b) for a, b in pairwise(widths)])
        self.heads = nn.ModuleDict({name: nn.Linear(2 * widths[-1], size) for name, size in NAMES.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        features = self.blocks(pictures)
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)
        return {name: head(pooled) for name, head in self.heads.items()}


def _block(width_in: int, width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width_in, width, 3, stride=2, padding=1),
        nn.GroupNorm(8, width),
        nn.SiLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.GroupNorm(8, width),
        nn.SiLU(),
    )


def make(workshop: Workshop, steps: int) -> dict[str, Any]:
    from safetensors.torch import save_file

    torch.manual_seed(workshop.seed + 9)
    examiner = Examiner().to(workshop.device)
    pixels, labels = _drawings(workshop)
    rng = np.random.default_rng(workshop.seed + 9)
    optimizer = torch.optim.AdamW([rated(examiner.parameters(), _RATE)], weight_decay=0.01)
    average = Average(examiner)
    keeper = Keeper(workshop.checkpoint("examiner"), optimizer, examiner=examiner, average=average.model)
    exam = Exam(workshop.seed + 9, None)
    lesson = Lesson("examiner", steps, lambda: answers_right(average.model, exam.pixels, exam.facts), keeper)
    for share in lesson:
        set_rate(optimizer, share, lesson.steps, warm_up=50)
        rows = rng.integers(0, len(pixels), _BATCH)
        images, recoloured = _recoloured(tensor(pixels[rows], workshop.device), rng)
        loss: Any = _loss(examiner(_roughened(images, rng)), labels[rows].to(workshop.device), colours=not recoloured)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        average.follow(lesson.steps)
        lesson.learned(loss.item())
    workshop.examiner.mkdir(exist_ok=True)
    halves = {name: value.half().cpu().contiguous() for name, value in average.model.state_dict().items()}
    save_file(halves, workshop.examiner / "model.safetensors")
    (workshop.examiner / "config.json").write_text(json.dumps({"names": NAMES}, indent=2) + "\n")
    keeper.forget()
    return lesson.result()


def load(folder: Path, device: str = "cpu") -> Examiner:
    from safetensors.torch import load_file

    examiner = Examiner()
    examiner.load_state_dict({name: value.float() for name, value in load_file(folder / "model.safetensors").items()})
    return examiner.eval().to(device)


@torch.no_grad()
def names(examiner: Examiner, pixels: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[np.int64]]:
    """What it sees in each picture (n, 64, 64, 3), for each of NAMES."""
    device = str(next(examiner.parameters()).device)
    batches = [examiner(tensor(pixels[start : start + 128], device)) for start in range(0, len(pixels), 128)]
    return {name: torch.cat([batch[name] for batch in batches]).argmax(1).cpu().numpy() for name in NAMES}


def answers_right(examiner: Examiner, pixels: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> dict[str, float]:
    """The share of right names, for each kind of fact."""
    predicted = names(examiner, pixels)
    return {
        name: float((predicted[name] == labels[:, column]).mean()) for name, column in zip(NAMES, _COLUMNS, strict=True)
    }


def _drawings(workshop: Workshop) -> tuple[npt.NDArray[np.uint8], Tensor]:
    many = workshop.count(_POOL, 256)
    rng = random.Random(_SEED + workshop.seed)  # noqa: S311 - pictures, no secrets
    pixels, labels = np.empty((many, 64, 64, 3), np.uint8), []
    for row in range(many):
        scene, manner = sample(rng), rng.choices(WAYS, _SHARES)[0]
        pixels[row] = np.asarray(draw(scene, manner=manner))
        labels.append(facts(scene, manner))
    return pixels, torch.tensor(labels)


def _recoloured(pictures: Tensor, rng: np.random.Generator) -> tuple[Tensor, bool]:
    """Red, green and blue change places now and then, so that a subject is known in any colour; whether they did."""
    if rng.random() > _RECOLOURED:
        return pictures, False
    return pictures[:, torch.from_numpy(rng.permutation(3))], True


def _roughened(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Moved, softened, noisy, a little off in colour: a painted picture is never as clean as a drawing."""
    pictures = torch.roll(pictures, tuple(int(step) for step in rng.integers(-4, 5, 2)), (2, 3))
    if rng.random() < 0.4:
        pictures = functional.avg_pool2d(pictures, 3, stride=1, padding=1)
    noise = torch.from_numpy(rng.normal(0, 0.06, pictures.shape).astype(np.float32)).to(pictures.device)
    tint = torch.from_numpy(rng.normal(0, 0.03, (len(pictures), 3, 1, 1)).astype(np.float32)).to(pictures.device)
    return pictures + noise * float(rng.random()) + tint


def _loss(logits: dict[str, Tensor], labels: Tensor, *, colours: bool) -> Tensor:
    coloured = labels[:, KINDS.index("manner")] == WAYS.index("colour")
    total: Tensor = torch.zeros((), device=labels.device)
    for name in NAMES:
        losses = naming_losses(logits[name], labels, name)
        if name != "colour":
            total = total + losses.mean()
        elif colours and coloured.any():
            # A drawing in ink or pencil has no colour to be named.
            total = total + losses[coloured].mean()
    return total
