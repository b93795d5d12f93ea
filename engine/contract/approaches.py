"""The three approaches as rows of a table, per profile: a model, how it paints, how the prompt is dressed, its fillers.

Discord's choices, the help, the web page and the engine all read these rows; a new approach is one more row in each
profile, and its number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, get_args

Profile = Literal["embedded", "full"]
Number = Literal[1, 2, 3]
NUMBERS: tuple[Number, ...] = get_args(Number)
"""Of all approaches, as an order may name them."""
FillerSource = Literal["flickr8k", "album", "generated"]
"""What an order may name as fillers: engine.fillers.PHOTO_SOURCES, and those that are painted."""

EMBEDDED = "embedded"
V1_4 = "CompVis/stable-diffusion-v1-4"
TURBO = "stabilityai/sd-turbo"

# The original's words for a pencil-sketch style; the person's prompt comes before them.
PENCIL = "impressionist style converted to pencil drawing, detailed graphite art, intricate shading"


@dataclass(frozen=True, kw_only=True)
class Approach:
    """`steps_max` bounds what a person may ask; `guided` is False for a model distilled to paint without guidance.

    `style` comes with the model and is worn where none is adopted or named.
    """

    number: int
    title: str
    summary: str
    model: str
    fillers: FillerSource
    steps: int
    guidance: float
    steps_max: int = 150
    guided: bool = True
    styled: bool = False
    style: str | None = None
    words: str | None = None
    negative: str | None = None


# v1-4 paints 50 steps with guidance 7.5, as its pipeline in diffusers does when nothing is said.
_PRE_TRAINED = Approach(
    number=1,
    title="pre-trained",
    summary="Stable Diffusion v1-4 as it is, among photos",
    model=V1_4,
    fillers="flickr8k",
    steps=50,
    guidance=7.5,
)
# sd-turbo is distilled to 1 to 4 steps without guidance (its model card); more steps only blur.
_FINE_TUNED = Approach(
    number=2,
    title="fine-tuned",
    summary="sd-turbo with the adopted style, among photos",
    model=TURBO,
    fillers="flickr8k",
    steps=4,
    steps_max=4,
    guidance=0.0,
    guided=False,
    styled=True,
    words=PENCIL,
)
_ALL_GENERATED = replace(
    _PRE_TRAINED,
    number=3,
    title="all generated",
    summary="Stable Diffusion v1-4 for every picture",
    fillers="generated",
)
FULL = {row.number: row for row in (_PRE_TRAINED, _FINE_TUNED, _ALL_GENERATED)}

# Measured best for the embedded checkpoint: 12 steps, guidance 2 to 3 (its model card).
_small = partial(replace, model=EMBEDDED, steps=12, guidance=3.0)
SMALL = {
    1: _small(_PRE_TRAINED, summary="the embedded model as it is, among drawings", fillers="album"),
    2: _small(
        _FINE_TUNED,
        summary="the embedded model with the adopted style, or else in pencil, among drawings",
        fillers="album",
        steps_max=150,
        guided=True,
        style="pencil",
        words=None,
    ),
    3: _small(_ALL_GENERATED, summary="the embedded model for every picture"),
}


@dataclass(frozen=True)
class Fast:
    """What `quality: fast` changes besides the number format. `options` change fields of the model's own scheduler's
    configuration; None leaves its scheduler or its number of steps as it is. `remark` says it to people."""

    remark: str
    steps: int | None = None
    scheduler: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


# 15 to 20 guided steps of DPM-Solver++ are enough (Lu et al. 2022, arXiv 2211.01095); sigmas as in Karras et al. 2022.
FAST = {
    V1_4: Fast(
        "DPM-Solver++, by default in 20 steps, paints a different picture from the reference with the same seed",
        20,
        "DPMSolverMultistepScheduler",
        {"use_karras_sigmas": True},
    ),
    TURBO: Fast("one step, the default, paints a different and plainer picture than four with the same seed", 1),
    EMBEDDED: Fast("the model works in bf16 where the processor supports it, so colours differ a little"),
}

STYLED = 2
"""The approach that paints with styles."""

TITLES = {number: row.title for number, row in FULL.items()}
CHOICES = ", ".join(f"{number} {title}" for number, title in TITLES.items())
"""All approaches in a line of help."""

PROFILES: dict[Profile, dict[int, Approach]] = {"full": FULL, "embedded": SMALL}

JUDGES: dict[Profile, str] = {"full": "openai/clip-vit-base-patch32", "embedded": "embedded"}


def dress(prompt: str, details: str | None, words: str | None) -> str:
    """The prompt as the model reads it: as typed, then its design elements, then the style's words."""
    return ", ".join(part for part in (prompt, details, words) if part)
