"""Timing on a device that others may be using as well."""

import time
from collections.abc import Callable

import torch

TRIES = 3
# Where the middle try takes so many times the best one, somebody else was at work in between.
RESTLESS = 1.25


class Clock:
    """Seconds that work takes on a device, the best of some tries. `restless`: others were using it meanwhile, so what
    was found may be wrong, and is not worth remembering."""

    def __init__(self, device: torch.device, now: Callable[[], float] = time.perf_counter) -> None:
        self.restless = False
        self._device, self._now = device, now

    def __call__(self, work: Callable[[], object]) -> float:
        """Once more before the tries, to warm up. Raises whatever `work` raises."""
        times = sorted([self._once(work) for _ in range(TRIES + 1)][1:])
        if times[len(times) // 2] > RESTLESS * times[0]:
            self.restless = True
        return times[0]

    def _once(self, work: Callable[[], object]) -> float:
        start = self._now()
        work()
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return self._now() - start
