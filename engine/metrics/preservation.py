"""Content preservation: how alike a picture and the baseline's picture of the same prompt and seed look."""

from engine.metrics.base import Measured, Metric, NotMeasured, Seen, cosines


def preservation(seen: Seen) -> Measured:
    """The cosine of the two pictures, −1 … 1; higher is nearer to the baseline's picture; n pairs.

    In the judge's image space (Radford et al. 2021). The baseline itself has 1 by definition. A change of style lowers
    it, too, so 1 is not the aim. NaN where the baseline has no such picture; raises NotMeasured without a baseline.
    """
    if seen.baseline is None:
        raise NotMeasured("Content preservation needs the baseline's pictures of the same prompts and seeds.")
    return cosines(seen.pictures, seen.baseline)


METRIC = Metric(
    title="preservation",
    scale="cosine, −1 … 1",
    better=None,
    explained="the cosine between a picture and the baseline's picture of the same prompt and seed",
    measure=preservation,
)
