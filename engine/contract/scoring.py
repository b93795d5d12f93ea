"""Any picture held against a prompt: the order, its limits, and what the judge says."""

import base64
from typing import Annotated, Literal

from pydantic import Field

from engine.contract.grid import Data
from engine.contract.order import Order, Text

MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class ScorePicture(Order):
    """Say how well a picture agrees with a prompt. `picture` is its file in base64, at most 10 MB before that."""

    kind: Literal["score_picture"] = "score_picture"
    prompt: Annotated[Text, Field(description="what the picture should show")]
    picture: Annotated[
        str, Field(max_length=4 * -(-MOST_BYTES // 3), repr=False, description="a picture's file in base64")
    ]

    @classmethod
    def of(cls, prompt: str, data: bytes) -> "ScorePicture":
        return cls(prompt=prompt, picture=base64.b64encode(data).decode())

    @property
    def data(self) -> bytes:
        """The picture's file; empty where it is no base64, which no reader takes for a picture."""
        try:
            return base64.b64decode(self.picture, validate=True)
        except ValueError:
            return b""


class Near(Data):
    """A reference prompt and its cosine with the same picture."""

    prompt: str
    score: float


class Scored(Data):
    """The plain cosine, its rank among `of` prompts (itself and the `references`), and the nearest of these."""

    event: Literal["scored"] = "scored"
    score: float
    judge: str
    rank: int
    of: int
    references: str
    nearest: tuple[Near, ...]
    tokens_not_scored: int = 0
    profile: str


def judged_by(scored: Scored) -> str:
    """The judge's name as it stands in a sentence."""
    return "the embedded model's own judge" if scored.judge == "embedded" else scored.judge


def in_words(scored: Scored, nearest: int = 5) -> str:
    """What the judge says as lines for a person, with so many of the nearest."""
    lines = [
        f"Score {scored.score:.3f} (cosine; judged by {judged_by(scored)}).",
        f"Rank {scored.rank} of {scored.of} among the reference prompts ({scored.references}). The nearest ones:",
        *(f"{reference.score:.3f}  {reference.prompt}" for reference in scored.nearest[:nearest]),
    ]
    if scored.tokens_not_scored:
        lines.append(f"The judge could not read the last {scored.tokens_not_scored} tokens of the prompt.")
    return "\n".join(lines)
