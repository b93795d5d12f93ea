"""A grid's facts as people read them: under a sheet, in a terminal, in a chat."""

from typing import Any

from engine.contract.approaches import TITLES
from engine.contract.sheet import Footer


def score_line(grid: dict[str, Any]) -> str:
    """The score of a grid as JSON (engine.contract.grid.as_json) in one line."""
    score = grid["score"]
    if score is None or score["mean"] is None:
        return "not scored"
    spread = f" ± {score['std']:.3f}" if score["std"] is not None else ""
    parts = [f"CLIP cosine {score['mean']:.3f}{spread} (n = {score['n']}, judge: {score['judge']})"]
    if score["with_details"] is not None:
        parts.append(f"with details {score['with_details']:.3f}")
    if score["fillers_mean"] is not None:
        parts.append(f"fillers {score['fillers_mean']:.3f}")
    if score["retrieval"]:
        parts.append(retrieval(score["retrieval"]))
    return " · ".join(parts)


def retrieval(found: dict[str, Any]) -> str:
    """How often the prompt's picture ranks first of its block, with its interval and what chance alone would give."""
    low, high, chance = (round(100 * found[key]) for key in ("low", "high", "chance"))
    return f"first of its block {found['hits']} of {found['of']} ({low} to {high} %, chance {chance} %)"


def recipe_line(grid: dict[str, Any]) -> str:
    """Approach, model, style, seed and steps in one line."""
    recipe = grid["recipe"]
    parts = [f"approach {grid['approach']}, {TITLES[grid['approach']]}", f"{recipe['model']} model"]
    if recipe["style"]:
        parts.append(f"style {recipe['style']} x {recipe['weight']:g}")
    parts += [f"seed {grid['seed']}", f"{recipe['steps']} steps", f"guidance {recipe['guidance']:g}"]
    return " · ".join(parts)


def footer(grid: dict[str, Any]) -> Footer:
    """What stands under the sheet of a grid as JSON."""
    own = " ".join(cell["cell"] for cell in grid["cells"] if cell["unique"])
    return Footer(grid["prompt"], (recipe_line(grid), score_line(grid), f"from the prompt: {own} · id {grid['id']}"))


def alt_text(grid: dict[str, Any], most: int = 1000) -> str:
    """What a screen reader reads for the sheet; at most `most` characters."""
    side = 2 * grid["blocks"]
    own = ", ".join(cell["cell"] for cell in grid["cells"] if cell["unique"])
    what = f"A grid of {side} by {side} pictures for “{grid['prompt']}”."
    words = f"{what} Pictures from the prompt: {own}. {score_line(grid)}."
    return words if len(words) <= most else words[: most - 1] + "…"
