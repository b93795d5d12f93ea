"""Where the time of one call of the denoising model goes: the kernels of its compiled form that take the longest."""

from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from bench.architectures import Model
from bench.gpu.timing import attending, compiled
from engine.device import calls

ROWS = 32
CALLS = 3
SHOWN = 30
NAME = 110


def kernels(model: Model, *, tiny: bool) -> list[dict[str, Any]]:
    """Milliseconds and share of one call; where there is no card, of PyTorch's operations, not compiled."""
    card = model.device.type == "cuda"
    inputs = model.inputs(2 if tiny else ROWS)
    with attending(model), torch.inference_mode():
        if card:
            calls.prepare(model)
        run = compiled(model.in_wave, inputs) if card else model.in_wave
        run(*inputs)
        with profile(activities=[ProfilerActivity.CUDA if card else ProfilerActivity.CPU]) as seen:
            for _ in range(CALLS):
                run(*inputs)
            if card:
                torch.cuda.synchronize()
    took = [(_microseconds(event, card=card) / 1e3 / CALLS, event) for event in seen.key_averages()]
    whole = sum(ms for ms, _ in took)
    took.sort(key=lambda item: -item[0])
    return [
        {"kernel": event.key[:NAME], "calls": event.count // CALLS, "ms": round(ms, 3), "share": round(ms / whole, 4)}
        for ms, event in took[:SHOWN]
    ]


def _microseconds(event: Any, *, card: bool) -> float:
    return float(event.self_device_time_total if card else event.self_cpu_time_total)
