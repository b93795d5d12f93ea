"""CLIP score against everything that was asked for: the prompt together with its design elements."""

from engine.metrics.base import Measured, Metric, Seen, cosines


def clip_score_asked(seen: Seen) -> Measured:
    """The plain cosine of picture and "prompt, details", −1 … 1, higher is better; one number a picture, n pictures.

    For the plain variant it is the CLIP score. A longer text mostly scores higher by itself, so it is comparable within
    a variant only. Radford et al. 2021.
    """
    return cosines(seen.pictures, seen.asked)


METRIC = Metric(
    title="content with details",
    scale="cosine, −1 … 1",
    better="higher",
    explained="the cosine between a picture and its prompt with the design elements, still without words of a style",
    measure=clip_score_asked,
)
