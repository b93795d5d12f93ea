"""Copy check: how near a picture comes to a picture that the style learned from, and to which one."""

import numpy as np
from numpy.typing import NDArray

from engine.metrics.base import Measured, Metric, NotMeasured, Seen, Vectors

WORTH_A_LOOK = 0.95
"""A cosine above this may be a copy. Only an eye can tell: flat drawings of one thing come near to each other, too."""


def copies(seen: Seen) -> Measured:
    """The highest cosine with any training picture of the style, −1 … 1; lower is safer; n pictures.

    In the judge's image space. A dedicated copy detector (SSCD, Pizzi et al. 2022) sees more. Raises NotMeasured
    without training pictures.
    """
    return nearest(seen.pictures, seen.trained)[1]


def nearest(pictures: Vectors, trained: Vectors) -> tuple[NDArray[np.intp], Measured]:
    """For each picture the index of the nearest training picture, and their cosine; the first of several equals."""
    if not len(trained):
        raise NotMeasured("The copy check needs the pictures that the style was trained on, and there are none.")
    cosines = pictures.astype(np.float64) @ trained.astype(np.float64).T
    indices = cosines.argmax(axis=1)
    return indices, cosines[np.arange(len(cosines)), indices]


METRIC = Metric(
    title="nearest training picture",
    scale="cosine, −1 … 1",
    better="lower",
    explained="the highest cosine between a picture and any picture that the style learned from",
    measure=copies,
    per_style=True,
)
