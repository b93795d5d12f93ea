"""How many pictures are painted together: the fewest that keep the device busy, as far as its memory goes. No torch."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from engine.contract.errors import OutOfMemory

SIZES = (1, 2, 4, 8, 16, 32, 64)
# Where twice as many pictures are painted less than this much faster each, the device is busy.
WORTH = 0.02
# A wave is filled up, so one of more pictures than an ordinary grid paints of its prompt takes its whole time for them:
# twice as many have to be painted this much faster each.
ORDINARY, WORTH_BEYOND = 16, 0.25
# A part of the memory is left to the autoencoder, the judge and a training.
FILLED = 0.7


@dataclass(frozen=True)
class Call:
    """One call of the denoising model: how long it took, and the most memory that was in use (0: not known)."""

    seconds: float
    peak_bytes: float = 0.0


@dataclass(frozen=True)
class Saturation:
    """`pictures` a wave; what was measured by pictures together, in milliseconds each and in bytes."""

    pictures: int
    ms_each: dict[str, float]
    peak_bytes: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def saturation(call: Callable[[int], Call], total_bytes: float) -> Saturation:
    """`call(pictures)` makes one call and raises OutOfMemory where it does not fit; so does this for one picture."""
    ms: dict[str, float] = {}
    peaks: dict[str, float] = {}
    best = 0
    for size in SIZES:
        try:
            measurement = call(size)
        except OutOfMemory:
            if not best:
                raise
            break
        ms[str(size)], peaks[str(size)] = round(measurement.seconds * 1e3 / size, 4), measurement.peak_bytes
        threshold = WORTH if size <= ORDINARY else WORTH_BEYOND
        if best and (measurement.peak_bytes > FILLED * total_bytes or ms[str(size)] > ms[str(best)] * (1 - threshold)):
            break
        best = size
    return Saturation(best, ms, peaks)
