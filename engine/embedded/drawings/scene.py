"""What one drawing shows, as plain data, and how that is chosen at random. Nothing is painted here."""

import random
import zlib
from dataclasses import dataclass
from functools import cache

from engine.embedded.drawings.palette import PAINTS, PAPERS
from engine.embedded.vocabulary import SCENERY, SUBJECTS

WEARERS = ("cat", "dog", "rabbit", "owl", "robot")
"""Who has a face for glasses and a neck for a scarf."""
_USUAL = {
    "cat": ("orange", "gray", "black", "white", "brown"),
    "dog": ("brown", "white", "black", "orange"),
    "rabbit": ("white", "gray", "brown"),
    "owl": ("brown", "gray"),
    "bird": ("blue", "red", "yellow"),
    "fish": ("orange", "blue"),
    "tree": ("green",),
    "flower": ("red", "pink", "yellow", "purple"),
    "house": ("red", "white", "yellow"),
    "car": ("red", "blue", "yellow"),
    "boat": ("red", "white", "brown"),
    "mountain": ("gray", "brown", "blue"),
    "moon": ("yellow",),
    "star": ("yellow",),
    "mug": ("white", "red", "blue"),
    "mushroom": ("red", "brown"),
    "robot": ("gray", "blue"),
    "rocket": ("white", "red"),
    "balloon": ("red", "blue", "yellow"),
    "cactus": ("green",),
    "umbrella": ("red", "blue", "purple"),
    "tower": ("gray", "brown"),
    "bridge": ("red", "gray"),
    "windmill": ("white", "red", "brown"),
    "planet": ("orange", "blue", "purple"),
    "spiral": ("red", "blue", "purple"),
    "zigzag": ("orange", "green", "blue"),
    "triangle": ("yellow", "red", "green"),
    "checkerboard": ("black", "red"),
}
"""The colours of a subject whose caption names none."""
DARK = ("night", "space")
SHAPES = ("spiral", "zigzag", "triangle", "checkerboard")
"""Shapes mostly stand on plain paper."""
_WEIGHTS = [2.4 if name == "cat" else 1.6 if name in WEARERS[:4] else 1 for name in SUBJECTS]


@dataclass(frozen=True)
class Scene:
    """Everything about one drawing. `…_named` says whether the caption may tell it."""

    subject: str
    colour_named: bool
    colour: str
    worn: str | None
    worn_colour: str
    neon: str
    worn_colour_named: bool
    place: str
    """"plain", or a key of SCENERY."""
    paper_named: bool
    paper: str
    variant: int
    mirrored: bool
    dx: float
    dy: float
    """Off the middle, as a share of the canvas."""
    scale: float
    seed: int
    """Of the details that no caption tells: where the stars stand, how the paint differs."""

    @property
    def held_out(self) -> bool:
        """Whether this combination of subject, colour and accessory is kept from every training."""
        if self.worn is None:
            return self.colour in held_out_colours(self.subject)
        return _lot(self.subject, self.colour, self.worn) % 8 == 0


def _lot(*words: str) -> int:
    return zlib.crc32("|".join(words).encode())


@cache
def held_out_colours(subject: str) -> list[str]:
    """The two of its eleven colours that no training shows it in where it wears nothing.

    Never a usual one, of which captions without a colour must find examples.
    """
    unusual = [colour for colour in PAINTS if colour not in _USUAL[subject]]
    return sorted(unusual, key=lambda colour: _lot(subject, colour))[:2]


def sample(
    rng: random.Random, subject: str | None = None, worn_chance: float = 0.55, *, held_out: bool = False
) -> Scene:
    """A scene by lot; of `subject` where one is given. Cats and other animals come more often than the rest.

    With `held_out` it is one of the combinations that no training sees, with a colour that its caption tells;
    without, never one of these.
    """
    while True:
        scene = _draw_lots(rng, subject or rng.choices(SUBJECTS, _WEIGHTS)[0], worn_chance)
        if scene and scene.held_out == held_out and (scene.colour_named or not held_out):
            return scene


def _draw_lots(rng: random.Random, subject: str, worn_chance: float) -> Scene | None:
    """None where the subject could not be told from its background. The order of the draws is part of the data set."""
    colour_named = rng.random() < 0.6
    colour = rng.choice(list(PAINTS)) if colour_named else rng.choice(_USUAL[subject])
    worn = None
    worn_colour = rng.choice(["red", "blue", "green", "yellow", "purple"])
    neon = rng.choice(["lime", "pink"])
    worn_colour_named = rng.random() < 0.5
    if subject in WEARERS and rng.random() < (worn_chance if subject != "robot" else 0.25):
        worn = rng.choice(["neon glasses", "neon glasses", "neon glasses", "glasses", "glasses", "hat", "scarf"])
    place = "plain" if rng.random() < (0.8 if subject in SHAPES else 0.45) else rng.choice(list(SCENERY))
    paper_named = rng.random() < 0.5
    paper = rng.choice(list(PAPERS))
    if (place == "plain" and paper == colour) or (place in DARK and colour == "black"):
        return None
    return Scene(
        subject=subject,
        colour_named=colour_named,
        colour=colour,
        worn=worn,
        worn_colour=worn_colour,
        neon=neon,
        worn_colour_named=worn_colour_named,
        place=place,
        paper_named=paper_named,
        paper=paper,
        variant=rng.randrange(6),
        mirrored=rng.random() < 0.5,
        dx=rng.uniform(-0.07, 0.07),
        dy=rng.uniform(-0.05, 0.05),
        scale=rng.uniform(0.36, 0.44),
        seed=rng.randrange(1 << 30),
    )
