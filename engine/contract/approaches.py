"""The three approaches as rows of a table, per profile: a model, how it paints, how the prompt is dressed, its fillers.

Discord's choices, the help, the web page and the engine all read these rows; a new approach is one more row.
"""

from dataclasses import dataclass
from typing import Literal

Profile = Literal["embedded", "full"]


@dataclass(frozen=True)
class Approach:
    """`steps_max` bounds what a person may ask; `guided` is False for a model distilled to paint without guidance."""

    number: int
    title: str
    summary: str
    model: str
    steps: int
    steps_max: int
    guidance: float
    guided: bool
    styled: bool
    words: str | None
    negative: str | None
    fillers: Literal["flickr8k", "album", "generated"]


EMBEDDED = "embedded"
V1_4 = "CompVis/stable-diffusion-v1-4"
TURBO = "stabilityai/sd-turbo"

# The original's words for a pencil-sketch style; the person's prompt comes before them.
PENCIL = "impressionist style converted to pencil drawing, detailed graphite art, intricate shading"

TITLES = {1: "pre-trained", 2: "fine-tuned", 3: "all generated"}


def _row(number: int, summary: str, model: str, fillers: Literal["flickr8k", "album", "generated"]) -> Approach:
    # v1-4 paints with guidance 7.5 and 50 steps, the defaults of its pipeline in diffusers.
    return Approach(number, TITLES[number], summary, model, 50, 150, 7.5, True, False, None, None, fillers)


FULL = {
    1: _row(1, "Stable Diffusion v1-4 as it is, among photos", V1_4, "flickr8k"),
    2: Approach(
        # sd-turbo is distilled to 1 to 4 steps without guidance (its model card); more steps only blur.
        2, TITLES[2], "sd-turbo with the adopted style, among photos", TURBO,
        4, 4, 0.0, False, True, PENCIL, None, "flickr8k",
    ),
    3: _row(3, "Stable Diffusion v1-4 for every picture", V1_4, "generated"),
}  # fmt: skip


def _embedded(
    number: int, summary: str, fillers: Literal["flickr8k", "album", "generated"], *, styled: bool = False
) -> Approach:
    # Measured best for the embedded checkpoint: 12 steps, guidance 2 to 3 (its model card).
    return Approach(number, TITLES[number], summary, EMBEDDED, 12, 150, 3.0, True, styled, None, None, fillers)


SMALL = {
    1: _embedded(1, "the embedded model as it is, among drawings", "album"),
    2: _embedded(2, "the embedded model with the adopted style, among drawings", "album", styled=True),
    3: _embedded(3, "the embedded model for every picture", "generated"),
}

PROFILES: dict[Profile, dict[int, Approach]] = {"full": FULL, "embedded": SMALL}

JUDGES: dict[Profile, str] = {"full": "openai/clip-vit-base-patch32", "embedded": "embedded"}


def dress(prompt: str, details: str | None, words: str | None) -> str:
    """The prompt as the model reads it: as typed, then its design elements, then the style's words."""
    return ", ".join(part for part in (prompt, details, words) if part)
