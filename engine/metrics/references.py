"""What a single score means: where it stands among the scores of reference prompts for the same picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.metrics.base import Vectors


@dataclass(frozen=True)
class Standing:
    """`score` is the cosine with the prompt, `rank` its place among itself and all references (1 is best), `of` how
    many those are, `nearest` the best references with their cosines, best first."""

    score: float
    rank: int
    of: int
    nearest: tuple[tuple[str, float], ...]


def standing(picture: Vectors, text: Vectors, references: Vectors, prompts: Sequence[str], most: int = 5) -> Standing:
    """`picture` and `text` are unit vectors of shape (d,), `references` (n, d) those of `prompts`.

    A reference that scores the same as the prompt counts as better, so a rank is never flattering. n may be 0.
    """
    score = float(picture.astype(np.float64) @ text.astype(np.float64))
    others = references.reshape(len(prompts), -1 if prompts else len(picture)).astype(np.float64) @ picture
    order = np.argsort(-others, kind="stable")[:most]
    return Standing(
        score=score,
        rank=1 + int((others >= score).sum()),
        of=1 + len(prompts),
        nearest=tuple((prompts[index], float(others[index])) for index in order),
    )
