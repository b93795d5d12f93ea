"""The pictures that the embedded model was trained on: drawn at 256 pixels, reduced to 64, each with a caption."""

from engine.embedded.drawings.captions import caption, tell
from engine.embedded.drawings.facts import facts, right
from engine.embedded.drawings.manners import Manner
from engine.embedded.drawings.picture import draw
from engine.embedded.drawings.scene import Scene, sample

__all__ = ["Manner", "Scene", "caption", "draw", "facts", "right", "sample", "tell"]
