"""The style's card: as JSON for the programs, as README.md for people."""

from dataclasses import asdict, dataclass
from typing import Any

from engine.contract.training import Epoch, Stopped, TrainStyle
from engine.training.data import Pictures
from engine.training.recipe import Recipe
from engine.training.samples import Judged
from engine.versions import versions

COPIED = 0.95
"""A cosine above this between a sample and a training picture is worth a look: the style may be copying."""


@dataclass
class Result:
    """What came of a run, as the card tells it. `nearest`: a sample's prompt, a training picture, their cosine."""

    order: TrainStyle
    recipe: Recipe
    pictures: Pictures
    stopped: Stopped
    best: int
    epochs: list[Epoch]
    scores: list[Judged]
    judge: str
    nearest: list[tuple[str, str, float]]
    revision: str | None
    warnings: list[str]


def as_json(result: Result) -> dict[str, Any]:
    """What `/styles` shows. `words` dress a prompt."""
    recipe = result.recipe
    return {
        "name": result.order.name,
        "summary": f"{result.pictures.origin}, {len(result.pictures.examples)} pictures",
        "words": recipe.words,
        "base": recipe.base,
        "revision": result.revision,
        "data": {
            "source": result.order.source,
            "origin": result.pictures.origin,
            "licence": result.pictures.licence,
            "images": len(result.pictures.examples),
        },
        "recipe": recipe.as_json(),
        "stopped": result.stopped,
        "best_epoch": result.best,
        "epochs": [epoch.model_dump() for epoch in result.epochs],
        "scores": {"judge": result.judge, "by_weight": [asdict(score) for score in result.scores]},
        "nearest": [
            {"prompt": prompt, "picture": name, "cosine": round(cosine, 4)} for prompt, name, cosine in result.nearest
        ],
        "versions": versions(),
        "warnings": result.warnings,
    }


def readme(result: Result) -> str:
    """The model card."""
    recipe, best = result.recipe, result.epochs[result.best - 1]
    words = f"Add to a prompt: *{recipe.words}*." if recipe.words else "It needs no words in the prompt."
    scores = [f"| {score.weight:g} | {score.match:.3f} | {score.likeness:.3f} |" for score in result.scores]
    near = [f"| {prompt} | {name} | {cosine:.3f} |" for prompt, name, cosine in result.nearest]
    settings = [f"| {name} | {value} |" for name, value in recipe.as_json().items()]
    return "\n".join(
        [
            f"# {result.order.name}",
            "",
            f"A LoRA adapter for `{recipe.base}`, trained with Tessera. {words}",
            "",
            "![the same seeds at weights 0, 0.5 and 1](samples.png)",
            "",
            "## Data",
            "",
            f"{result.pictures.origin}, {len(result.pictures.examples)} pictures, one in ten held out.",
            result.pictures.licence,
            "",
            "## Training",
            "",
            f"{len(result.epochs)} epochs, ended by: {result.stopped}. Kept: epoch {result.best},",
            f"training loss {best.train_loss:.4f}, held-out loss {best.held_out_loss:.4f}. All losses: `losses.csv`.",
            "",
            "![losses](training_loss.png)",
            "",
            "| setting | value |",
            "|---|---|",
            *settings,
            "",
            "Versions: " + ", ".join(f"{name} {number}" for name, number in versions().items()) + ".",
            "",
            "## Scores",
            "",
            f"Judge: {result.judge}. *Match* is the mean cosine of a sample with its prompt,",
            "*likeness* with the mean of the training pictures.",
            "",
            "| weight | match | likeness |",
            "|---|---|---|",
            *scores,
            "",
            "## The nearest training picture to each sample",
            "",
            f"By the judge's cosine between pictures; above {COPIED:g} a sample may be a copy.",
            "",
            "| sample | training picture | cosine |",
            "|---|---|---|",
            *near,
            "",
            "## Files",
            "",
            "`adapter_model.safetensors` and `adapter_config.json` are in peft's layout,",
            "`pytorch_lora_weights.safetensors` is for `pipe.load_lora_weights` of diffusers,",
            "`kohya.safetensors` for A1111 and ComfyUI.",
            *(["", "## Notes", "", *(f"- {warning}" for warning in result.warnings)] if result.warnings else []),
            "",
        ]
    )


def csv(epochs: list[Epoch]) -> str:
    """The losses of every epoch."""
    lines = [f"{e.epoch},{e.train_loss!r},{e.held_out_loss!r},{e.seconds:.2f}" for e in epochs]
    return "\n".join(["epoch,train_loss,held_out_loss,seconds", *lines, ""])
