"""The numbers of a training run. What an order leaves out is the profile's own; the full models keep the original's."""

import re
import secrets
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from engine.contract.approaches import PENCIL, PROFILES, STYLED, Approach, Profile
from engine.contract.order import SEEDS
from engine.contract.training import TrainStyle


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The defaults are the original's (a notebook of 2025): one picture a step, AdamW at 1e-4, rank 8.

    `caption_dropout` is the share of steps without a caption, so that guidance knows the style's own mean. `last_lr` is
    the share of `lr` that the last epoch ends with, reached along half a cosine; 1 keeps it as it is.
    `words` dress a prompt so that the style answers.
    """

    images: int = 100
    epochs: int = 30
    patience: int = 2
    rank: int = 8
    alpha: float = 16.0
    lr: float = 1e-4
    batch: int = 1
    dropout: float = 0.1
    weight_decay: float = 0.01
    caption_dropout: float = 0.0
    last_lr: float = 1.0
    words: str | None = PENCIL
    base: str
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# The embedded model is a hundred times smaller: it wants larger steps over more pictures, and reads no long captions.
# Measured: bench/early_stopping.py and DECISIONS.md.
DEFAULTS: dict[Profile, dict[str, Any]] = {
    "full": {},
    "embedded": {
        "epochs": 15,
        "patience": 5,
        "batch": 4,
        "lr": 2e-3,
        "caption_dropout": 0.1,
        "last_lr": 0.05,
        "words": None,
    },
}


def styled(profile: Profile) -> Approach:
    """The approach that a style of this profile is used with."""
    return PROFILES[profile][STYLED]


def recipe(order: TrainStyle, profile: Profile) -> Recipe:
    """All numbers of the run; a seed that nobody gave is drawn here, once."""
    default = Recipe(base=styled(profile).model, seed=secrets.randbelow(SEEDS), **DEFAULTS[profile])
    default = replace(default, words=_words(order, default.words))
    names = {field.name for field in fields(Recipe)}
    order_fields = {name: value for name, value in order.model_dump().items() if name in names and value is not None}
    return replace(default, **order_fields)


def _words(order: TrainStyle, default: str | None) -> str | None:
    """The original's words are about WikiArt's paintings, in the style that was asked for; other pictures need none."""
    if default is None or order.source != "wikiart":
        return None
    return default.replace("impressionist", adjective(order.art_style))


def adjective(style: str) -> str:
    """Impressionism: impressionist; Baroque: baroque."""
    return re.sub("ism$", "ist", style.replace("_", " ").lower())


def distilled_steps(base: str) -> int | None:
    """How many steps a base was distilled to; None for one that paints from every timestep."""
    rows = [row for table in PROFILES.values() for row in table.values() if row.model == base and not row.guided]
    return rows[0].steps_max if rows else None
