"""CLIP score: how well a picture agrees with its prompt as typed."""

from engine.metrics.base import Measured, Metric, Seen, cosines


def clip_score(seen: Seen) -> Measured:
    """The plain cosine of picture and prompt, −1 … 1, higher is better; one number a picture, n pictures.

    Radford et al. 2021. Not the 2.5 max(cos, 0) of Hessel et al. 2021 (CLIPScore), nor torchmetrics' 100 cos. The words
    of a style are left out of the text: named there, they would raise the score without any content kept.
    """
    return cosines(seen.pictures, seen.texts)


METRIC = Metric(
    title="content",
    scale="cosine, −1 … 1",
    better="higher",
    explained="CLIP score: the cosine between a picture and its prompt as typed, without details or words of a style",
    measure=clip_score,
)
