"""What a metric is, and what it may look at: unit vectors of pictures and texts by one judge, nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One unit vector a row: the dot product of two rows is the cosine of their angle."""
Measured = NDArray[np.float64]


class NotMeasured(Exception):
    """A metric has nothing to measure against; the text is a sentence for people."""


@dataclass(frozen=True)
class Seen:
    """The n pictures of one column in one variant, and what they are held against; row by row they belong together.

    `texts` are the prompts as typed and `asked` with their design elements, without the words of a style; `prompts`
    numbers the prompt of each picture. `baseline` has a row of NaN where the baseline has no such picture. `held_out`
    and `trained` are pictures of one style: those that its training never saw, and those that it learned from.
    """

    pictures: Vectors
    texts: Vectors
    asked: Vectors
    prompts: NDArray[np.int64]
    baseline: Vectors | None = None
    fillers: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))
    held_out: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))
    trained: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))


@dataclass(frozen=True, kw_only=True)
class Metric:
    """`measure` gives one number for each picture, NaN where that picture has none; or raises NotMeasured.

    `better` is None where neither direction is good in itself. `shared` where the numbers of one prompt are made of
    each other, so that seeds are no independent units. `per_style` where it needs the pictures of a style.
    """

    title: str
    scale: str
    better: Literal["higher", "lower"] | None
    explained: str
    measure: Callable[[Seen], Measured]
    digits: int = 3
    shared: bool = False
    per_style: bool = False


def cosines(ours: Vectors, theirs: Vectors) -> Measured:
    """Row by row, shape (n,)."""
    products: Measured = np.einsum("nd,nd->n", ours.astype(np.float64), theirs.astype(np.float64))
    return products
