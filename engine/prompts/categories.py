"""The seven categories of filler prompts, those of the original, and how a number of prompts is spread over them."""

import random

CATEGORIES = ("animal", "landscape", "object", "cityscape", "nature", "space", "abstract")


def shares(n: int, rng: random.Random) -> dict[str, int]:
    """How many prompts of each category; which ones get one more than the others is random."""
    share, extra = divmod(n, len(CATEGORIES))
    favoured = rng.sample(CATEGORIES, extra)
    return {category: share + (category in favoured) for category in CATEGORIES}
