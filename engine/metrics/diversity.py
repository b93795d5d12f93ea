"""Diversity: how different the pictures of one prompt are from each other."""

import numpy as np

from engine.metrics.base import Measured, Metric, Seen


def diversity(seen: Seen) -> Measured:
    """The mean distance (1 − cosine) of a picture to the other pictures of its prompt, 0 … 2; higher is more diverse.

    Its mean over a prompt's pictures is their mean pairwise distance (the form that StarGAN v2, Choi et al. 2020, uses
    with LPIPS), here in the judge's image space. NaN where a prompt has one picture only. n pictures, which are not
    independent within a prompt.
    """
    distances = np.full(len(seen.pictures), np.nan)
    for prompt in np.unique(seen.prompts):
        rows = np.flatnonzero(seen.prompts == prompt)
        if len(rows) > 1:
            vectors = seen.pictures[rows].astype(np.float64)
            cosines = vectors @ vectors.T
            distances[rows] = 1 - (cosines.sum(axis=1) - np.diag(cosines)) / (len(rows) - 1)
    return distances


METRIC = Metric(
    title="diversity",
    scale="1 − cosine, 0 … 2",
    better="higher",
    explained="the mean distance between pictures of the same prompt",
    measure=diversity,
    shared=True,
)
