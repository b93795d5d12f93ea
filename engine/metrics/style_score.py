"""Style score: how near a picture is to the held-out pictures of a style."""

import numpy as np

from engine.metrics.base import Measured, Metric, NotMeasured, Seen, Vectors


def style_score(seen: Seen) -> Measured:
    """The cosine to the mean of the style's held-out pictures, −1 … 1, higher is more in style; n pictures.

    In the judge's own image space, which holds content as well as style (Somepalli et al. 2024, CSD, learn to tell them
    apart), so it is meant for differences between pictures of the same prompts. Raises NotMeasured without them.
    """
    if not len(seen.held_out):
        raise NotMeasured(
            "The style score needs pictures of the style that its training never saw, and there are none."
        )
    found: Measured = seen.pictures.astype(np.float64) @ _direction(seen.held_out.astype(np.float64).mean(axis=0))
    return found


def of_held_out(held_out: Vectors) -> Measured:
    """The style scores of the held-out pictures, each against the mean of all the others: the style's ceiling.

    Raises NotMeasured with fewer than two.
    """
    n = len(held_out)
    if n < 2:  # noqa: PLR2004 - a picture and another
        raise NotMeasured(f"The held-out pictures' own style score needs at least two of them, and there are {n}.")
    exact = held_out.astype(np.float64)
    others = exact.sum(axis=0) - exact
    return np.array([picture @ _direction(rest) for picture, rest in zip(exact, others, strict=True)])


def _direction(vector: Measured) -> Measured:
    length = np.linalg.norm(vector)
    if not length:
        raise NotMeasured("The held-out pictures cancel each other out, so they point to no style.")
    found: Measured = vector / length
    return found


METRIC = Metric(
    title="style",
    scale="cosine, −1 … 1",
    better="higher",
    explained="the cosine between a picture and the mean of real pictures of the style that its training never saw",
    measure=style_score,
    per_style=True,
)
