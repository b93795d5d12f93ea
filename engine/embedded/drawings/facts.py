"""What a drawing shows and what a text tells of it, as numbers: a text is right where all that it tells is so."""

import numpy as np
import numpy.typing as npt

from engine.embedded.drawings.manners import Manner
from engine.embedded.drawings.palette import NEON, PAINTS, PAPERS
from engine.embedded.drawings.scene import Scene
from engine.embedded.vocabulary import ACCESSORIES, COLOURS, SCENERY, SUBJECTS

KINDS = ("subject", "colour", "worn", "worn_colour", "place", "paper", "manner")
UNTOLD = -1
WORN = ("nothing", *ACCESSORIES)
PLACES = ("plain", *SCENERY)
WAYS: tuple[Manner, ...] = ("colour", "ink", "sketch")
_WORN_COLOURS = (*PAINTS, *NEON)
Facts = tuple[int, ...]
"""One number for each of KINDS; UNTOLD where a text leaves it open, or where there is nothing to tell."""


def facts(scene: Scene, manner: Manner) -> Facts:
    """All that can be told of a drawing."""
    return (
        SUBJECTS.index(scene.subject),
        COLOURS.index(scene.colour),
        WORN.index(scene.worn or "nothing"),
        _worn_colour(scene),
        PLACES.index(scene.place),
        list(PAPERS).index(scene.paper) if scene.place == "plain" else UNTOLD,
        WAYS.index(manner),
    )


def _worn_colour(scene: Scene) -> int:
    if scene.worn == "neon glasses":
        return _WORN_COLOURS.index(scene.neon)
    return _WORN_COLOURS.index(scene.worn_colour) if scene.worn in {"hat", "scarf"} else UNTOLD


def right(text_facts: npt.NDArray[np.int64], picture_facts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of the texts (t, 7) are right for which of the pictures (p, 7): shape (p, t)."""
    same = (text_facts[None] == picture_facts[:, None]) | (text_facts[None] == UNTOLD)
    all_same: npt.NDArray[np.bool_] = same.all(-1)
    return all_same
