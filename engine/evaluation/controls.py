"""Real pictures as points of the trade-off: where the style itself lies, and where pictures of anything lie."""

from collections.abc import Sequence

import numpy as np

from engine.evaluation.measuring import Looks
from engine.evaluation.prompt_sets import Prompt
from engine.evaluation.results import Control
from engine.metrics.base import NotMeasured, Seen, Vectors
from engine.metrics.style_score import of_held_out, style_score

MOST = "The style's ceiling: real pictures of it; they show other things than the prompts"
LEAST = "Pictures of anything: what content and style score without being asked for"


def real_of_all(looks: Looks, prompts: Sequence[Prompt]) -> tuple[Control, ...]:
    """Those of every style; the fillers once, read by the first style, as all styles share them."""
    controls = [control for style in looks.styles for control in real(looks, prompts, style)]
    return tuple({control.label: control for control in reversed(controls)}.values())[::-1]


def real(looks: Looks, prompts: Sequence[Prompt], style: str) -> tuple[Control, ...]:
    """The style's held-out pictures and the fillers: mean cosine with all prompts, mean style score.

    A held-out picture's style score is against the others. A set that is empty is left out; a score that cannot be had
    is None.
    """
    held_out = looks.styles[style].held_out
    texts = np.stack([looks.texts[prompt.prompt] for prompt in prompts])
    controls = []
    if len(held_out):
        controls.append(_control(f"real {style}", MOST, held_out, texts, _ceiling(held_out, looks.fillers), style))
    if len(looks.fillers):
        controls.append(_control("fillers", LEAST, looks.fillers, texts, _floor(looks.fillers, held_out), style))
    return tuple(controls)


def _control(label: str, explained: str, pictures: Vectors, texts: Vectors, style: float | None, of: str) -> Control:
    content = float((pictures.astype(np.float64) @ texts.astype(np.float64).T).mean())
    return Control(label=label, explained=explained, content=content, style=style, n=len(pictures), of=of)


def _ceiling(held_out: Vectors, fillers: Vectors) -> float | None:
    try:
        return float(of_held_out(held_out, fillers).mean())
    except NotMeasured:
        return None


def _floor(fillers: Vectors, held_out: Vectors) -> float | None:
    """None for a single filler: it lies where the style is seen from."""
    numbers = np.arange(len(fillers))
    try:
        score = style_score(Seen(fillers, fillers, fillers, numbers, fillers=fillers, held_out=held_out)).mean()
    except NotMeasured:
        return None
    return float(score) if np.isfinite(score) else None
