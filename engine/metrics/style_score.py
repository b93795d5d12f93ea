"""Style score: how far a picture lies from ordinary pictures in the direction of a style."""

import numpy as np

from engine.metrics.base import Measured, Metric, NotMeasured, Seen, Vectors


def style_score(seen: Seen) -> Measured:
    """The cosine to the mean of the style's held-out pictures, −1 … 1, higher is more in style; n pictures.

    Both are seen from the mean of the fillers, so 0 is as ordinary pictures are. From the origin of the judge's image
    space all pictures lie in one direction (Liang et al. 2022), and what tells them apart is mostly what they show.
    Content counts still (Somepalli et al. 2024, CSD, learn to tell it from style), so it is meant for differences
    between pictures of the same prompts. Raises NotMeasured without fillers or held-out pictures.
    """
    if not len(seen.held_out):
        raise NotMeasured(
            "The style score needs pictures of the style that its training never saw, and there are none."
        )
    origin = _origin(seen.fillers)
    return _cosines(seen.pictures - origin, seen.held_out.astype(np.float64).mean(axis=0) - origin)


def of_held_out(held_out: Vectors, fillers: Vectors) -> Measured:
    """The style scores of the held-out pictures, each against the mean of all the others: the style's ceiling.

    Raises NotMeasured with fewer than two, or without fillers.
    """
    n = len(held_out)
    if n < 2:  # noqa: PLR2004 - a picture and another
        raise NotMeasured(f"The held-out pictures' own style score needs at least two of them, and there are {n}.")
    exact = held_out - _origin(fillers)
    other_sums = exact.sum(axis=0) - exact
    return np.array(
        [_cosines(picture[None], other_sum)[0] for picture, other_sum in zip(exact, other_sums, strict=True)]
    )


def _origin(fillers: Vectors) -> Measured:
    if not len(fillers):
        raise NotMeasured("The style score needs ordinary pictures to compare a style with, and there are no fillers.")
    mean: Measured = fillers.astype(np.float64).mean(axis=0)
    return mean


def _cosines(pictures: Measured, direction: Measured) -> Measured:
    """NaN for a picture that lies where it is seen from."""
    if not np.linalg.norm(direction):
        raise NotMeasured("The held-out pictures look like ordinary ones, so they point to no style.")
    lengths = np.linalg.norm(pictures, axis=1) * np.linalg.norm(direction)
    with np.errstate(invalid="ignore"):
        cosines: Measured = pictures @ direction / lengths
    return cosines


METRIC = Metric(
    title="style",
    scale="cosine, −1 … 1; ordinary pictures score 0",
    better="higher",
    explained=(
        "the cosine between a picture and the mean of real pictures of the style that its training never saw, both "
        "seen from the mean of the fillers"
    ),
    measure=style_score,
    per_style=True,
)
