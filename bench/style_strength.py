"""What a style does to embedded pictures at several weights: how often it is seen, how often the subject is kept.

    python -m bench.style_strength STYLE [--out bench/results]

Forty scenes (each subject twice) and forty bare prompts ("a cat") are painted with the same seeds at every weight. The
judge of the embedded model says whether a picture is nearer to "a pencil sketch of …" than to "a picture of …" and its
like, and which of the twenty subjects it shows. The same is asked of real drawings and of real sketches: the judge
goes by colour, so what it says of real sketches is the most that can be asked for.
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

from engine import embedded, models
from engine.denoising import Denoising
from engine.embedded.drawings import caption, draw, sample
from engine.embedded.drawings.captions import article
from engine.embedded.vocabulary import SUBJECTS
from engine.metrics.clip import Judge
from engine.painter import Pixels
from engine.quiet import quiet
from engine.settings import Settings
from engine.training import adapter
from engine.training.base import Base
from engine.wave import Mix, Row, Wave

WEIGHTS = (0.0, 0.5, 1.0, 1.5)
EACH = 2
SKETCHED = ("a pencil sketch of ", "a pencil drawing of ")
PLAIN = ("a picture of ", "a drawing of ", "a photo of ", "an image of ", "a painting of ")
CPU = torch.device("cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("style")
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    given = parser.parse_args()
    quiet()
    judge, subjects = Judge(embedded.JUDGE, CPU), [SUBJECTS[n % len(SUBJECTS)] for n in range(EACH * len(SUBJECTS))]
    scenes = [sample(random.Random(f"strength/{n}"), subject) for n, subject in enumerate(subjects)]  # noqa: S311 - lots
    sets = {
        "scenes": [caption(scene, random.Random(n), opening="") for n, scene in enumerate(scenes)],  # noqa: S311 - lots
        "bare": [article(subject) for subject in subjects],
    }
    found: dict[str, Any] = {
        "drawings": measure(judge, [np.asarray(draw(scene)) for scene in scenes], sets["scenes"]),
        "sketches": measure(judge, [np.asarray(draw(scene, manner="sketch")) for scene in scenes], sets["scenes"]),
    }
    pipe = styled(Settings().styles_dir / given.style)
    rows: list[list[Pixels]] = []
    for weight in WEIGHTS:
        adapter.weigh(pipe.unet, weight)
        for name, prompts in sets.items():
            painted = paint(pipe, prompts)
            found[f"{name} x {weight:g}"] = measure(judge, painted, prompts)
            rows += [painted[: len(SUBJECTS)]] if name == "scenes" else []
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "style_strength.json").write_text(json.dumps(found, indent=1))
    sheet(rows).save(given.out / "style_strength.png")
    print("| pictures | sketch | subject |\n|---|---|---|")
    for name, scores in found.items():
        print(f"| {name} | {scores['sketch']:.2f} | {scores['subject']:.2f} |")


def styled(folder: Path) -> Any:
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
    found: list[Pixels] = []
    for start in range(0, len(rows), 20):
        wave = Denoising(pipe, Wave(0, Mix("embedded", None, 0.0, 12, 3.0), tuple(rows[start : start + 20])))
        for _ in range(wave.steps):
            wave.step(pipe.unet)
        found += wave.decode(pipe.vae)
    return found


def measure(judge: Judge, pictures: Sequence[Pixels], prompts: Sequence[str]) -> dict[str, float]:
    """Shares of pictures that are taken for a sketch, and whose subject is named right."""
    texts = [opening + prompt for prompt in prompts for opening in (*SKETCHED, *PLAIN)]
    own = judge.scores(pictures, texts).reshape(len(pictures), len(prompts), -1)
    sketch = [own[n, n].argmax() < len(SKETCHED) for n in range(len(pictures))]
    openings = ("", "a picture of ", "a pencil sketch of ")
    names = [opening + article(subject) for subject in SUBJECTS for opening in openings]
    nearest = judge.scores(pictures, names).reshape(len(pictures), len(SUBJECTS), -1).mean(2).argmax(1)
    right = nearest == np.arange(len(pictures)) % len(SUBJECTS)
    return {"sketch": float(np.mean(sketch)), "subject": float(right.mean())}


def sheet(rows: list[list[Pixels]]) -> Image.Image:
    """A row for each weight."""
    image = Image.new("RGB", (66 * len(rows[0]), 66 * len(rows)), "white")
    for y, row in enumerate(rows):
        for x, pixels in enumerate(row):
            image.paste(Image.fromarray(pixels), (66 * x, 66 * y))
    return image


if __name__ == "__main__":
    main()
