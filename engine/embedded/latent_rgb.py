"""A preview without the decoder: each of the 16 x 16 latent places as one colour.

`clamp(latent @ factors + bias, 0, 1)` is red, green and blue, for a latent in the scaled space in which the denoiser
works: least squares against the decoder's own pictures (`engine.embedded.training.latent_rgb`).
"""

import json
from functools import cache

from engine.embedded import WEIGHTS

Rows = tuple[tuple[float, ...], ...]


@cache
def latent_rgb() -> tuple[Rows, tuple[float, ...]]:
    """Factors, a row of three for each latent channel, and the bias."""
    fit = json.loads((WEIGHTS / "latent_rgb.json").read_text())
    return tuple(tuple(row) for row in fit["factors"]), tuple(fit["bias"])
