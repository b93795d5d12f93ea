"""What a style does to embedded pictures at several weights: how often it is seen, how often the subject is kept.

    python -m bench.style_strength STYLE [--out bench/results]

Scenes and bare prompts ("a cat"), every subject four times in each, are painted with the same seeds at every weight.
The examiner, which nothing was trained with, names the way of drawing (in colour, in ink, as a pencil sketch) and the
subject. The same is asked of real drawings and of real sketches, the most that can be asked for.
"""

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine import embedded, models, styles
from engine.denoising import Denoising
from engine.embedded.drawings import caption, draw, sample
from engine.embedded.drawings.captions import article
from engine.embedded.drawings.facts import WAYS
from engine.embedded.training import examiner
from engine.embedded.vocabulary import SUBJECTS
from engine.painter import Pixels
from engine.quiet import quiet
from engine.settings import Settings
from engine.training import adapter
from engine.training.base import Base
from engine.wave import Mix, Row, Wave

WEIGHTS = (0.0, 0.5, 1.0, 1.5)
EACH = 4
CPU = torch.device("cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("style")
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    options = parser.parse_args()
    quiet()
    second, subjects = (
        examiner.load(embedded.EXAMINER),
        [SUBJECTS[n % len(SUBJECTS)] for n in range(EACH * len(SUBJECTS))],
    )
    scenes = [sample(random.Random(f"strength/{n}"), subject) for n, subject in enumerate(subjects)]  # noqa: S311 - lots
    sets = {
        "scenes": [caption(scene, random.Random(n), opening="") for n, scene in enumerate(scenes)],  # noqa: S311 - lots
        "bare": [article(subject) for subject in subjects],
    }
    results: dict[str, Any] = {
        "drawings": measure(second, [np.asarray(draw(scene)) for scene in scenes]),
        "sketches": measure(second, [np.asarray(draw(scene, manner="sketch")) for scene in scenes]),
    }
    place = styles.folder(options.style, Settings())
    if place is None:
        parser.error(f"there is no style {options.style}")
    pipe = load(place)
    rows: list[list[Pixels]] = []
    for weight in WEIGHTS:
        adapter.weigh(pipe.unet, weight)
        for name, prompts in sets.items():
            pictures = paint(pipe, prompts)
            results[f"{name} x {weight:g}"] = measure(second, pictures)
            rows += [pictures[: len(SUBJECTS)]] if name == "scenes" else []
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "style_strength.json").write_text(json.dumps(results, indent=1))
    sheet(rows).save(options.out / "style_strength.png")
    print("| pictures | sketch | subject |\n|---|---|---|")
    for name, scores in results.items():
        print(f"| {name} | {scores['sketch']:.2f} | {scores['subject']:.2f} |")


def load(folder: Path) -> Any:
    """The embedded pipeline with the style loaded."""
    base = Base(models.folder("embedded"), CPU)
    for _ in base.load():
        pass
    adapter.load(base.unet, folder, adapter.NAME)
    base.unet.eval()
    return base.pipeline()


def paint(pipe: Any, prompts: Sequence[str]) -> list[Pixels]:
    """12 steps, guidance 3, as approach 2 paints."""
    rows = [Row("bench", str(n), prompt, "", 1000 + n) for n, prompt in enumerate(prompts)]
    pictures: list[Pixels] = []
    for start in range(0, len(rows), 20):
        wave = Denoising(pipe, Wave(0, Mix("embedded", None, 0.0, 12, 3.0), tuple(rows[start : start + 20])))
        for _ in range(wave.steps):
            wave.step(pipe.unet)
        pictures += wave.decode(pipe.vae)
    return pictures


def measure(second: examiner.Examiner, pictures: Sequence[Pixels]) -> dict[str, float]:
    """Shares of pictures that are taken for a sketch, and whose subject is named right."""
    names = examiner.names(second, np.stack(pictures))
    is_right = names["subject"] == np.arange(len(pictures)) % len(SUBJECTS)
    return {"sketch": float((names["manner"] == WAYS.index("sketch")).mean()), "subject": float(is_right.mean())}


def sheet(rows: list[list[Pixels]]) -> Image.Image:
    """A row for each weight."""
    image = Image.new("RGB", (66 * len(rows[0]), 66 * len(rows)), "white")
    for y, row in enumerate(rows):
        for x, pixels in enumerate(row):
            image.paste(Image.fromarray(pixels), (66 * x, 66 * y))
    return image


if __name__ == "__main__":
    main()
