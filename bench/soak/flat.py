"""Whether memory is flat over the second half: medians of its two halves, so that one large sheet says nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.soak.probe import Sample

LEAST = 8
WARM = 100
"""Jobs after which a process has nearly all that it keeps for good: code that was not used yet, caches, the allocator's
arenas. After some 600 jobs Python's table of interned strings grows once more, by 2 MB."""


@dataclass(frozen=True)
class Flat:
    """Bytes in the third and in the last quarter of the jobs; `growth` is a share, None where too little was seen."""

    third: float | None
    last: float | None

    @property
    def growth(self) -> float | None:
        return self.last / self.third - 1 if self.third and self.last else None


def flatness(samples: Sequence[Sample], jobs: int) -> Flat:
    """Of the process that lived through the second half and was warm by then: the one of the last sample."""
    if not samples:
        return Flat(None, None)
    same_life = [sample for sample in samples if sample.life == samples[-1].life]
    if jobs / 2 - same_life[0].jobs < WARM:
        return Flat(None, None)
    third = [sample.memory for sample in same_life if jobs / 2 <= sample.jobs < 3 * jobs / 4]
    last = [sample.memory for sample in same_life if sample.jobs >= 3 * jobs / 4]
    if min(len(third), len(last)) < LEAST:
        return Flat(None, None)
    return Flat(median(third), median(last))
