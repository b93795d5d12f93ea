"""Retrieval: how surely a prompt's picture is found among fillers, which must be the same for all that is compared."""

import numpy as np

from engine.metrics.base import Measured, Metric, NotMeasured, Seen, cosines

AGAINST = 3
"""Fillers beside a picture, as in a grid's block; by chance one picture in four is found."""


def retrieval(seen: Seen) -> Measured:
    """The share of all triples of fillers that a picture outranks: 0 … 1, chance 0.25, higher is better; n pictures.

    A picture is found among three fillers if its cosine with the prompt is strictly above all three. Instead of drawing
    the three by lot, all choices count: with b of m fillers strictly below, C(b, 3) / C(m, 3). The grid's score is the
    same test with one choice (R@1 among four). Raises NotMeasured with fewer than three fillers.
    """
    m = len(seen.fillers)
    if m < AGAINST:
        raise NotMeasured(f"Retrieval needs at least {AGAINST} filler pictures, and there are {m}.")
    prompt_cosines = cosines(seen.pictures, seen.texts)
    filler_cosines = seen.texts.astype(np.float64) @ seen.fillers.astype(np.float64).T
    outranked = (filler_cosines < prompt_cosines[:, None]).sum(axis=1).astype(np.float64)
    shares: Measured = outranked * (outranked - 1) * (outranked - 2) / (m * (m - 1) * (m - 2))
    return shares


METRIC = Metric(
    title="retrieval",
    scale="share, 0 … 1, chance 0.25",
    better="higher",
    explained="how often a picture ranks first for its prompt against three fillers from one set shared by all columns",
    measure=retrieval,
)
