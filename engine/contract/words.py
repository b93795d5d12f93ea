"""A grid's facts as people read them: under a sheet, in a terminal, in a chat. Numbers carry judge, n and interval."""

from typing import Any

from engine.contract.approaches import TITLES
from engine.contract.grid import GridScore
from engine.contract.sheet import Footer


def score(score: GridScore | None) -> str:
    """What the judge measured, in one or two sentences."""
    if score is None or score.mean is None:
        return "No score: there was no picture to judge."
    # Not as ±: in a comparison that is half an interval of the mean.
    spread = f", standard deviation {score.std:.3f}" if score.std is not None else ""
    pictures = "1 picture" if score.n == 1 else f"{score.n} pictures"
    words = f"Score {score.mean:.3f}{spread} ({pictures}; cosine, judge {score.judge})"
    if score.with_details is not None:
        words += f", {score.with_details:.3f} with the details"
    if score.margin is not None:
        words += f", {score.margin:+.3f} against the fillers"
    if score.retrieval:
        r = score.retrieval
        words += (
            f". The judge finds the prompt's picture in {r.hits} of {r.of} blocks"
            f" (chance {_percent(r.chance)}, 95 % interval {_percent(r.low)} to {_percent(r.high)})"
        )
    if score.tokens_not_scored:
        words += f". The judge could not read the last {score.tokens_not_scored} tokens of the prompt"
    return words + "."


def footer(grid: dict[str, Any]) -> Footer:
    """What stands under the sheet of a grid as JSON (engine.contract.grid.as_json)."""
    recipe = grid["recipe"]
    model = recipe["model"] + (f" with {recipe['style']} x {recipe['weight']:g}" if recipe["style"] else "")
    quality = "" if recipe.get("quality", "reference") == "reference" else f", quality {recipe['quality']}"
    lines = (
        f"{grid['id']} · approach {grid['approach']} ({TITLES[grid['approach']]}) · {model}",
        f"{recipe['steps']} steps, guidance {recipe['guidance']:g}{quality}, seed {grid['seed']}",
    )
    unique_cells = " ".join(cell["cell"] for cell in grid["cells"] if cell["unique"])
    return Footer(grid["prompt"], (" · ".join(lines), measured(grid), f"From the prompt: {unique_cells}."))


def measured(grid: dict[str, Any]) -> str:
    """The score of a grid as JSON."""
    return score(GridScore.model_validate(grid["score"]) if grid["score"] else None)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
