"""A made-up evaluation for the tests of the report: a known trade-off, and drawings for pictures."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.embedded.drawings.picture import draw
from engine.embedded.drawings.scene import sample
from engine.embedded.vocabulary import subjects_named
from engine.evaluation.encoders import sharing
from engine.evaluation.measuring import Looks, StylePictures, measure
from engine.evaluation.prompt_sets import Prompt, Variant, read
from engine.evaluation.results import Cell, Column, Control, Evaluation, Judge
from engine.evaluation.summary import summarized
from engine.metrics import METRICS
from engine.metrics.base import Seen, Vectors
from engine.metrics.style_score import of_held_out, style_score

WIDTH = 48
STYLE = "pencil"
PAINT: dict[str, Any] = {"model": "embedded", "recipe": {"steps": 12, "guidance": 3.0}}
COLUMNS = (
    Column(key="base", label="approach 1", role="baseline", approach=1, **PAINT),
    *(
        Column(key=f"w{weight}", label=f"approach 2, x {weight:g}", approach=2, style=STYLE, weight=weight, **PAINT)
        for weight in (0.25, 0.5, 1.0, 1.25)
    ),
    Column(key="words", label="base + words", role="control", approach=1, words="a pencil sketch of", **PAINT),
)
AMOUNT = {"base": 0.0, "w0.25": 0.12, "w0.5": 0.28, "w1.0": 0.5, "w1.25": 0.75, "words": 0.1}


def evaluation(
    folder: Path | None = None,
    *,
    prompts: Sequence[Prompt] | None = None,
    draws: int = 4,
    variants: tuple[Variant, ...] = ("plain", "details"),
    seed: int = 1,
    columns: Sequence[Column] = COLUMNS,
) -> Evaluation:
    """Scored and summarised; with a folder also its pictures."""
    prompts = read("embedded").prompts if prompts is None else prompts
    rng = np.random.default_rng(seed)
    cells = [
        Cell(
            column=column.key,
            variant=variant,
            item=item,
            draw=draw,
            prompt=prompt.prompt,
            asked=prompt.asked(variant),
            seed=1000 * item + draw,
            file=f"cells/{column.key}-{variant}-{item}-{draw}.png",
        )
        for column in columns
        for variant in variants
        for item, prompt in enumerate(prompts)
        for draw in range(draws)
    ]
    looks = _looks(cells, rng)
    scored, notes = measure(cells, columns, looks)
    if folder:
        _paint(scored, folder)
    return summarized(_evaluation(scored, prompts, draws, variants, columns, looks, notes))


def _evaluation(
    cells: list[Cell],
    prompts: Sequence[Prompt],
    draws: int,
    variants: tuple[Variant, ...],
    columns: Sequence[Column],
    looks: Looks,
    notes: list[str],
) -> Evaluation:
    real = looks.styles[STYLE]
    texts = np.stack([looks.texts[prompt.prompt] for prompt in prompts])
    fillers = np.arange(len(looks.fillers))
    ordinary = Seen(looks.fillers, looks.fillers, looks.fillers, fillers, None, looks.fillers, real.held_out)
    return Evaluation(
        title="Approach 1 against a pencil style, 28 prompts",
        made="2026-11-23 14:00 UTC",
        command="python -m engine evaluate --prompts embedded --approaches 1,2 --seeds 4 --out report",
        profile="embedded",
        judge=Judge(name="embedded", sharing=sharing("embedded", ["embedded"])),
        prompt_set="embedded",
        prompts=tuple(prompts),
        variants=variants,
        columns=tuple(columns),
        seed=7,
        draws=draws,
        metrics=tuple(METRICS),
        styles=(STYLE,),
        fillers=len(looks.fillers),
        filler_source="drawings of the album",
        held_out={STYLE: len(real.held_out)},
        trained={STYLE: len(real.trained)},
        seconds=412.0,
        versions={"tessera": "0.1.0", "torch": "2.13.0", "diffusers": "0.42.1"},
        cells=tuple(cells),
        controls=(
            Control(
                label="real sketches",
                explained="held out",
                content=float((real.held_out @ texts.T).mean()),
                style=float(of_held_out(real.held_out, looks.fillers).mean()),
                n=len(real.held_out),
            ),
            Control(
                label="real fillers",
                explained="drawings",
                content=float((looks.fillers @ texts.T).mean()),
                style=float(style_score(ordinary).mean()),
                n=len(looks.fillers),
            ),
        ),
        notes=tuple(notes),
    )


def _looks(cells: Sequence[Cell], rng: np.random.Generator) -> Looks:
    """A picture is its prompt's direction, noise that the seed decides, and some of the style's direction."""
    words = dict.fromkeys(text for cell in cells for text in (cell.prompt, cell.asked))
    texts = {text: _unit(rng.normal(size=WIDTH)) for text in words}
    style = _unit(rng.normal(size=WIDTH))
    noise = {(cell.item, cell.draw, cell.variant): 0.12 * rng.normal(size=WIDTH) for cell in cells}
    pictures = {}
    for cell in cells:
        amount = AMOUNT.get(cell.column, 0.0)
        drift = amount * rng.normal(size=WIDTH) * 0.1
        own = texts[cell.prompt] * (1 - 0.35 * amount**2) + 0.3 * texts[cell.asked]
        pictures[cell.key] = _unit(own + noise[cell.item, cell.draw, cell.variant] + amount * style + drift)
    real = [_unit(style + 0.08 * rng.normal(size=WIDTH)) for _ in range(40)]
    fillers = [_unit(rng.normal(size=WIDTH)) for _ in range(48)]
    names = tuple(f"sketch-{number:02d}.png" for number in range(30))
    pencil = StylePictures(np.stack(real[:10]), np.stack(real[10:]), names)
    return Looks(pictures, texts, np.stack(fillers), {STYLE: pencil})


def _unit(vector: np.ndarray) -> Vectors:
    found: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


def _paint(cells: Sequence[Cell], folder: Path) -> None:
    """Any drawing will do; a styled one fades to grey."""
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    for cell in cells:
        assert cell.file
        subject = next(iter(subjects_named(cell.prompt)), "cat")
        image = draw(sample(random.Random(cell.seed), subject))
        grey = image.convert("L").convert("RGB")
        amount = AMOUNT.get(cell.column, 0.0)
        mixed = np.asarray(image) * (1 - amount) + np.asarray(grey) * amount
        Image.fromarray(mixed.astype(np.uint8)).save(folder / cell.file)
