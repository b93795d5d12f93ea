"""The style's card: as JSON for the programs, as README.md for people."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any

from engine.contract.training import ENDED, Epoch, Stopped, TrainStyle
from engine.training.data import Pictures
from engine.training.recipe import Recipe
from engine.training.samples import Judged
from engine.versions import versions

COPIED = 0.95
"""A cosine above this between a sample and a training picture is worth a look: the style may be copying."""


@dataclass
class Result:
    """What came of a run, as the card tells it. `loss_without`: held out, of the model without the style. `nearest`:
    a sample's prompt, a training picture, their cosine."""

    order: TrainStyle
    recipe: Recipe
    pictures: Pictures
    stopped: Stopped
    best: int
    epochs: list[Epoch]
    loss_without: float
    scores: list[Judged]
    judge: str
    nearest: list[tuple[str, str, float]]
    revision: str | None
    warnings: list[str]


def as_json(result: Result) -> dict[str, Any]:
    """What `/styles` shows. `words` dress a prompt; `called` is said instead of the style where that has no words."""
    recipe = result.recipe
    return {
        "name": result.order.name,
        "summary": f"{result.pictures.origin}, {len(result.pictures.examples)} pictures",
        "words": recipe.words,
        "called": result.pictures.called,
        "base": recipe.base,
        "revision": result.revision,
        "data": {
            "source": result.order.source,
            "origin": result.pictures.origin,
            "licence": result.pictures.licence,
            "images": len(result.pictures.examples),
            "caption": result.pictures.examples[0].caption,
        },
        "recipe": recipe.as_json(),
        "stopped": result.stopped,
        "best_epoch": result.best,
        "held_out_loss_without": result.loss_without,
        "epochs": [epoch.model_dump() for epoch in result.epochs],
        "scores": {"judge": result.judge, "by_weight": [asdict(score) for score in result.scores]},
        "nearest": [
            {"prompt": prompt, "picture": name, "cosine": round(cosine, 4)} for prompt, name, cosine in result.nearest
        ],
        "versions": versions(),
        "warnings": result.warnings,
    }


def readme(result: Result) -> str:
    """The model card: the page of `card.md` with what the run found."""
    recipe, best = result.recipe, result.epochs[result.best - 1]
    notes = ["", "", "## Notes", "", *(f"- {warning}" for warning in result.warnings)] if result.warnings else []
    return Template((Path(__file__).parent / "card.md").read_text()).substitute(
        name=result.order.name,
        base=recipe.base,
        words=f"Add to a prompt: *{recipe.words}*." if recipe.words else "It needs no words in the prompt.",
        origin=result.pictures.origin,
        pictures=len(result.pictures.examples),
        licence=result.pictures.licence,
        caption=result.pictures.examples[0].caption,
        epochs="1 epoch" if len(result.epochs) == 1 else f"{len(result.epochs)} epochs",
        stopped=ENDED[result.stopped],
        best=result.best,
        train_loss=f"{best.train_loss:.4f}",
        held_out_loss=f"{best.held_out_loss:.4f}",
        without=f"{result.loss_without:.4f}",
        settings=_lines(f"| {name} | {_value(value)} |" for name, value in recipe.as_json().items()),
        versions=", ".join(f"{name} {number}" for name, number in versions().items()),
        judge=result.judge,
        scores=_lines(f"| {score.weight:g} | {score.match:.3f} | {score.likeness:.3f} |" for score in result.scores),
        copied=f"{COPIED:g}",
        nearest=_lines(f"| {prompt} | {name} | {cosine:.3f} |" for prompt, name, cosine in result.nearest),
        notes=_lines(notes),
    )


def _value(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _lines(rows: Iterable[str]) -> str:
    return "\n".join(rows)


def csv(epochs: list[Epoch]) -> str:
    """The losses of every epoch."""
    lines = [f"{e.epoch},{e.train_loss!r},{e.held_out_loss!r},{e.seconds:.2f}" for e in epochs]
    return "\n".join(["epoch,train_loss,held_out_loss,seconds", *lines, ""])
