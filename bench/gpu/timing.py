"""Timing on a card: the best of some calls, within the time that a command has, and what failed named as such."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from bench import machine
from bench.architectures import Model
from engine.device import backends
from engine.device.clock import Clock
from engine.device.compiling import Compiling

# What is left out when this is over is named in the result.
LIMIT_SECONDS = 420.0
LONG_SECONDS = 3.0

_start = time.monotonic()


def in_time(items: Iterable[Any], of: str = "") -> Iterator[Any]:
    """The items, as long as this command has time."""
    for item in items:
        if time.monotonic() - _start > LIMIT_SECONDS:
            print(f"out of time, not measured: {of} {item}".replace("  ", " "))
            continue
        yield item


def measured(
    call: Callable[[], object],
    model: Model,
    count: int,
    times: int = 5,
    *,
    warm: Callable[[], object] | None = None,
    inference: bool = True,
) -> dict[str, float]:
    """Milliseconds of the best of `times` calls, of one row or picture, and the most memory. Before them `warm`, where
    nothing is said the call itself. A long call is made once; one that fails has no time and says why."""
    card = model.device.type == "cuda"
    if card:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        with torch.inference_mode(inference):
            machine.best(warm or call, model.device, 1)
            best = machine.best(call, model.device, 1)
            if best < LONG_SECONDS:
                best = min(best, machine.best(call, model.device, times - 1))
    except RuntimeError as error:
        print(f"failed: {error}")
        return {"ms": 0.0, "ms_each": 0.0, "peak_gib": 0.0}
    row = {"ms": round(best * 1e3, 2), "ms_each": round(best * 1e3 / count, 3)}
    return {**row, "peak_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if card else 0.0}


def attending(model: Model) -> AbstractContextManager[None]:
    """In here attention is computed by the kernel that the engine would choose."""
    if model.device.type != "cuda":
        return nullcontext()
    return backends.preferring(backends.ordered(backends.measured(model.device, model.unet.dtype, Clock(model.device))))


def compiled(run: Any, inputs: Sequence[Tensor]) -> Any:
    """`run` as the engine compiles it for calls shaped like `inputs`."""
    compiling = Compiling(run)
    compiling.form(*inputs)
    compiling.wait()
    form = compiling.form(*inputs)
    compiling.close()
    return form
