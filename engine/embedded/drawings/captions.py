"""A scene in words. Not every caption tells everything: the model has to fill in what a person leaves out."""

import random

from engine.embedded.drawings.scene import Scene
from engine.embedded.vocabulary import OPENINGS, SCENERY

_USUAL_OPENINGS = ("", "", "", *OPENINGS)
"""Four captions in nine begin with the subject."""
_SKETCH_OPENINGS = ("a pencil sketch of ", "pencil sketch of ", "a pencil drawing of ")


def caption(scene: Scene, rng: random.Random, sketch: bool = False, opening: str | None = None) -> str:  # noqa: FBT001, FBT002 - a colour drawing or a sketch, as `draw` has it
    """`opening` ("a photo of ", "") in place of one by lot; sketches always open by lot."""
    told = f"{scene.colour} {scene.subject}" if scene.colour_named else scene.subject
    text = f"{article(told)}{_worn(scene, rng)}{_place(scene, rng)}"
    if sketch:
        return rng.choice(_SKETCH_OPENINGS) + text
    return (rng.choice(_USUAL_OPENINGS) if opening is None else opening) + text


def article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _worn(scene: Scene, rng: random.Random) -> str:
    if scene.worn is None:
        return ""
    thing = _thing(scene, scene.worn, rng)
    return rng.choice([" wearing ", " wearing ", " with "]) + thing


def _thing(scene: Scene, worn: str, rng: random.Random) -> str:
    if worn == "glasses":
        return rng.choice(["glasses", "black glasses"])
    if worn == "neon glasses":
        colour = {"lime": "green", "pink": "pink"}[scene.neon]
        return rng.choice(["neon glasses", "neon glasses", f"neon {colour} glasses"])
    return f"a {scene.worn_colour} {worn}" if scene.worn_colour_named else f"a {worn}"


def _place(scene: Scene, rng: random.Random) -> str:
    if scene.place != "plain":
        at_home = scene.subject == "boat" and scene.place == "sea" and rng.random() < 0.7
        return " " + ("on the sea" if at_home else rng.choice(SCENERY[scene.place]))
    if not scene.paper_named:
        return ""
    # "on a orange background" is what the model was taught.
    return rng.choice([" on a ", " on a ", " in front of a "]) + f"{scene.paper} background"
