"""Before and after: the same prompts and seeds at weights 0, 0.5 and 1, painted step by step, and what a judge says."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.contract.approaches import Approach, dress
from engine.denoising import Denoising
from engine.painter import Pixels
from engine.training import adapter
from engine.wave import Mix, Row, Wave

WEIGHTS = (0.0, 0.5, 1.0)
PROMPTS = (
    "a cat wearing neon glasses",
    "a red house in a meadow",
    "a boat on the sea",
    "a tree in the snow",
    "an owl at night",
    "a yellow flower",
)
"""What samples show where the pictures have no captions of their own; every profile's model knows these words."""
PAPER, INK = (247, 246, 242), (32, 36, 46)


@dataclass
class Samples:
    """`painted[weight]` has one picture for each prompt."""

    prompts: list[str]
    seeds: list[int]
    painted: dict[float, list[Pixels]] = field(default_factory=dict)

    def sheet(self) -> Image.Image:
        """A row for each weight, a column for each prompt, lettered."""
        side = max(128, self.painted[WEIGHTS[0]][0].shape[0] // 2)
        left, top, gap = 70, 48, 8
        width = left + len(self.prompts) * (side + gap)
        image = Image.new("RGB", (width + gap, top + len(self.painted) * (side + gap) + gap), PAPER)
        draw, font = ImageDraw.Draw(image), ImageFont.load_default(14)
        for column, prompt in enumerate(self.prompts):
            words, middle = _lines(prompt, font, side), (left + column * (side + gap) + side / 2, top / 2)
            draw.multiline_text(middle, words, fill=INK, font=font, anchor="mm", align="center")
        for row, (weight, pictures) in enumerate(self.painted.items()):
            y = top + row * (side + gap)
            draw.text((left / 2, y + side / 2), f"x {weight:g}", fill=INK, font=font, anchor="mm")
            for column, pixels in enumerate(pictures):
                small = Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)
                image.paste(small, (left + column * (side + gap), y))
        return image

    def jpeg(self) -> str:
        """The sheet for a chat, in base64."""
        out = io.BytesIO()
        self.sheet().save(out, "JPEG", quality=90)
        return base64.b64encode(out.getvalue()).decode()


def paint(pipe: Any, row: Approach, words: str | None, samples: Samples) -> Iterator[None]:
    """Fill `samples`; yields after every step of the denoising loop."""
    for weight in WEIGHTS:
        adapter.weigh(pipe.unet, weight)
        pipe.unet.eval()
        rows = tuple(
            Row("samples", str(number), dress(prompt, None, words), row.negative or "", seed)
            for number, (prompt, seed) in enumerate(zip(samples.prompts, samples.seeds, strict=True))
        )
        wave = Denoising(pipe, Wave(0, Mix(row.model, None, 0.0, row.steps, row.guidance), rows))
        for _ in range(wave.steps):
            wave.step(pipe.unet)
            yield
        samples.painted[weight] = wave.decode(pipe.vae)
        yield


@dataclass(frozen=True)
class Judged:
    """`match`: mean cosine of a sample with its prompt; `likeness`: with the mean of the training pictures."""

    weight: float
    match: float
    likeness: float


def judge(judge: Any, samples: Samples, learned_pictures: Sequence[Pixels]) -> list[Judged]:
    """How the samples answer their prompts and how close they come to the pictures that were learned from."""
    middle = judge.features(learned_pictures).mean(0)
    middle /= np.linalg.norm(middle)
    scores = []
    for weight, pictures in samples.painted.items():
        match = np.diag(judge.scores(pictures, samples.prompts)).mean()
        scores.append(Judged(weight, float(match), float((judge.features(pictures) @ middle).mean())))
    return scores


def nearest(judge: Any, samples: Samples, learned_pictures: Sequence[Pixels]) -> list[tuple[str, int, float]]:
    """For each sample at weight 1: its prompt, the nearest training picture's index and their cosine."""
    cosines = judge.features(samples.painted[WEIGHTS[-1]]) @ judge.features(learned_pictures).T
    return [(prompt, int(row.argmax()), float(row.max())) for prompt, row in zip(samples.prompts, cosines, strict=True)]


def _lines(text: str, font: Any, room: int) -> str:
    """The text in two lines at most; what does not fit then is cut."""
    words = text.split()
    n = next((n for n in range(len(words), 0, -1) if font.getlength(" ".join(words[:n])) <= room), 1)
    lines = (" ".join(words[:n]), " ".join(words[n:]))
    return "\n".join(_fitting(line, font, room) for line in lines if line)


def _fitting(text: str, font: Any, room: int) -> str:
    while len(text) > 1 and font.getlength(text) > room:
        text = text[:-2].rstrip() + "…"
    return text
