"""The seven kinds of filler prompts, in words that the embedded model has seen: what is painted, and where."""

from dataclasses import dataclass

from engine.embedded.vocabulary import BACKDROPS, SCENERY

PLAIN = tuple(f"on {'an' if colour == 'orange' else 'a'} {colour} background" for colour in BACKDROPS)
DARK = (*SCENERY["night"], *SCENERY["space"])


@dataclass(frozen=True)
class Theme:
    """One kind of filler prompt: any of its subjects, in any colour, in any of its places."""

    subjects: tuple[str, ...]
    places: tuple[str, ...]
    worn: tuple[str, ...] = ("",)
    """What the subject wears, as the end of "a cat…"; the empty string is nothing."""


THEMES = {
    "animal": Theme(
        subjects=("cat", "dog", "rabbit", "owl"),
        places=(*SCENERY["meadow"], *SCENERY["snow"], *SCENERY["desert"], *PLAIN),
        worn=("", " wearing glasses", " wearing a red hat", " wearing a blue scarf"),
    ),
    "landscape": Theme(
        subjects=("mountain", "tree", "boat", "windmill"),
        places=(*SCENERY["sea"], *SCENERY["desert"], *SCENERY["meadow"], *SCENERY["snow"]),
    ),
    "object": Theme(subjects=("mug", "balloon", "car", "umbrella"), places=PLAIN),
    "cityscape": Theme(subjects=("house", "tower", "bridge", "car"), places=SCENERY["city"]),
    "nature": Theme(
        subjects=("flower", "mushroom", "cactus", "bird", "fish"),
        places=(*SCENERY["meadow"], *SCENERY["desert"], *SCENERY["snow"], *PLAIN),
    ),
    "space": Theme(subjects=("rocket", "planet", "star", "moon"), places=DARK),
    "abstract": Theme(subjects=("spiral", "zigzag", "triangle", "checkerboard"), places=PLAIN),
}
