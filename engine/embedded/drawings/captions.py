"""A scene in words. Not every caption tells everything: the model has to fill in what a person leaves out."""

import random
from dataclasses import dataclass

from engine.embedded.drawings.facts import KINDS, UNTOLD, Facts, facts
from engine.embedded.drawings.manners import Manner
from engine.embedded.drawings.scene import Scene
from engine.embedded.vocabulary import OPENINGS, SCENERY

_OPENINGS: dict[Manner, tuple[str, ...]] = {
    "colour": ("", "", "", *OPENINGS),
    "ink": ("an ink drawing of ", "ink drawing of "),
    "sketch": ("a pencil sketch of ", "pencil sketch of ", "a pencil drawing of "),
}
_PLACE_TOLD = 0.75
"""Who names no place gets any."""


@dataclass(frozen=True)
class Told:
    """A caption, and the facts that it tells."""

    text: str
    facts: Facts


def caption(scene: Scene, rng: random.Random, manner: Manner = "colour", opening: str | None = None) -> str:
    """`opening` ("a photo of ", "") in place of one by lot; only what is drawn in colour can have one."""
    return tell(scene, rng, manner, opening).text


def tell(scene: Scene, rng: random.Random, manner: Manner = "colour", opening: str | None = None) -> Told:
    kinds = {"subject"}
    if scene.colour_named:
        kinds.add("colour")
    text = article(f"{scene.colour} {scene.subject}" if scene.colour_named else scene.subject)
    text += _worn(scene, rng, kinds) + _place(scene, rng, kinds)
    if manner != "colour" or opening is None:
        opening = rng.choice(_OPENINGS[manner])
    if manner != "colour":
        kinds.add("manner")
    values = facts(scene, manner)
    return Told(opening + text, tuple(values[n] if kind in kinds else UNTOLD for n, kind in enumerate(KINDS)))


def article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _worn(scene: Scene, rng: random.Random, kinds: set[str]) -> str:
    if scene.worn is None:
        return ""
    kinds.add("worn")
    return rng.choice([" wearing ", " wearing ", " with "]) + _thing(scene, scene.worn, rng, kinds)


def _thing(scene: Scene, worn: str, rng: random.Random, kinds: set[str]) -> str:
    if worn == "glasses":
        return rng.choice(["glasses", "black glasses"])
    if worn == "neon glasses":
        if rng.random() < 0.6:
            return "neon glasses"
        kinds.add("worn_colour")
        return f"neon {'green' if scene.neon == 'lime' else 'pink'} glasses"
    if scene.worn_colour_named:
        kinds.add("worn_colour")
        return f"a {scene.worn_colour} {worn}"
    return f"a {worn}"


def _place(scene: Scene, rng: random.Random, kinds: set[str]) -> str:
    if scene.place != "plain":
        if rng.random() > _PLACE_TOLD:
            return ""
        kinds.add("place")
        at_home = scene.subject == "boat" and scene.place == "sea" and rng.random() < 0.7
        return " " + ("on the sea" if at_home else rng.choice(SCENERY[scene.place]))
    if not scene.paper_named:
        return ""
    kinds |= {"place", "paper"}
    return rng.choice([" on ", " on ", " in front of "]) + article(f"{scene.paper} background")
