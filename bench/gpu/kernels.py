"""Where the time goes: the dearest kernels in a compiled call of the denoising model and of the decoder."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from bench.architectures import Model
from bench.gpu.timing import attending, compiled
from engine.device import calls

ROWS, DECODED = 32, 8
CALLS = 3
SHOWN = 30
NAME = 110


def kernels(model: Model, *, tiny: bool) -> Iterator[dict[str, Any]]:
    """Milliseconds and share of one call; where there is no card, of PyTorch's operations, not compiled."""
    if model.device.type == "cuda":
        calls.prepare(model)
    inputs = model.inputs(2 if tiny else ROWS)
    latents = model.inputs(1)[0].expand(1 if tiny else DECODED, -1, -1, -1).contiguous()
    with attending(model), torch.inference_mode():
        for name, run, arguments in (("denoising", model.in_wave, inputs), ("decoding", model.decode, (latents,))):
            for kernel in _kernels(run, arguments, card=model.device.type == "cuda"):
                yield {"call": name, **kernel}


def _kernels(run: Any, inputs: Sequence[Tensor], *, card: bool) -> list[dict[str, Any]]:
    if card:
        run = compiled(run, inputs)
    run(*inputs)
    with profile(activities=[ProfilerActivity.CUDA if card else ProfilerActivity.CPU]) as profiler:
        for _ in range(CALLS):
            run(*inputs)
        if card:
            torch.cuda.synchronize()
    times = [(_microseconds(event, card=card) / 1e3 / CALLS, event) for event in profiler.key_averages()]
    total = sum(ms for ms, _ in times)
    times.sort(key=lambda item: -item[0])
    return [
        {"kernel": event.key[:NAME], "calls": event.count // CALLS, "ms": round(ms, 3), "share": round(ms / total, 4)}
        for ms, event in times[:SHOWN]
    ]


def _microseconds(event: Any, *, card: bool) -> float:
    return float(event.self_device_time_total if card else event.self_cpu_time_total)
