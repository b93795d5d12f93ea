"""Measures which of PyTorch's attention kernels is fastest here: a second at the first start on a device.

No rule of thumb holds: cuDNN's is the fastest on one generation of cards and slower than FlashAttention on the next.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from engine.device.clock import Clock
from engine.device.remembered import Remembered

log = logging.getLogger(__name__)

BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}
# Heads, tokens and channels of a head in the largest self-attention of v1-4 and of sd-turbo, which cost the most.
SHAPES = ((8, 4096, 40), (5, 4096, 64))
ROWS = 8
# One after the other, so that somebody else's moment of work does not fall on one kernel alone.
ROUNDS = 5


def fastest(
    device: torch.device,
    dtype: torch.dtype,
    clock: Clock,
    remembered: Remembered,
    shapes: Sequence[tuple[int, int, int]] = SHAPES,
) -> list[str]:
    """Names of BACKENDS, the fastest first; those that cannot do these shapes come last, for what they can do.
    Remembered where nobody else was using the device."""
    timings = remembered.get("attention")
    if timings is None:
        timings = measured(device, dtype, clock, shapes)
        if not clock.restless:
            remembered.put("attention", timings)
        log.info("attention measured", extra={"seconds": timings})
    return ordered(timings)


def measured(
    device: torch.device, dtype: torch.dtype, clock: Clock, shapes: Sequence[tuple[int, int, int]] = SHAPES
) -> dict[str, float | None]:
    """`seconds` of each of BACKENDS, the best of some rounds."""
    timings: dict[str, float | None] = dict.fromkeys(BACKENDS, math.inf)
    for _ in range(ROUNDS):
        for name, best in timings.items():
            duration = None if best is None else seconds(BACKENDS[name], device, dtype, clock, shapes)
            timings[name] = None if best is None or duration is None else min(best, duration)
    return timings


def seconds(
    backend: SDPBackend,
    device: torch.device,
    dtype: torch.dtype,
    clock: Clock,
    shapes: Sequence[tuple[int, int, int]],
) -> float | None:
    """For all shapes together; None where this kernel cannot do one of them here, or there is no room to try."""
    total = 0.0
    try:
        with sdpa_kernel(backend), torch.inference_mode():
            for heads, tokens, channels in shapes:
                total += clock(partial(_attend, torch.randn(ROWS, heads, tokens, channels, device=device, dtype=dtype)))
    except torch.OutOfMemoryError:
        clock.restless = True
        return None
    except RuntimeError:
        return None
    return total


def preferring(order: Sequence[str]) -> AbstractContextManager[None]:
    """In here PyTorch takes the first of these that can do what is asked; for all threads."""
    context: AbstractContextManager[None] = sdpa_kernel([BACKENDS[name] for name in order], set_priority=True)
    return context


def ordered(timings: Mapping[str, float | None]) -> list[str]:
    """Names of BACKENDS by these seconds, the fastest first, those without any last."""
    return sorted(
        BACKENDS, key=lambda name: (timings.get(name) is None, timings.get(name) or 0.0, list(BACKENDS).index(name))
    )


def _attend(rows: Tensor) -> Tensor:
    return scaled_dot_product_attention(rows, rows, rows)
