"""What the card reaches in the layers that cost the most: each convolution, product and attention of one call alone, in
both half precisions, at once and held until its power runs into the limit.
"""

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from bench import machine
from bench.architectures import Model
from bench.gpu.timing import attending, in_time
from engine.device import calls

ROWS = 32
SHOWN = 12
# A card that rested has power to spare.
SECONDS, PAUSE = 1.0, 0.2
HALVES = {"fp16": torch.float16, "bf16": torch.bfloat16}
KINDS = ("convolution", "mm", "addmm", "_scaled_dot_product")

Call = tuple[Any, tuple[Any, ...], dict[str, Any]]


class Operations(TorchDispatchMode):
    """Notes the operations of KINDS by the shapes that they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.times: Counter[str] = Counter()
        self.calls: dict[str, Call] = {}

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.name().removeprefix("aten::")
        if name.startswith(KINDS):
            shapes = " × ".join(str(tuple(arg.shape)) for arg in args if isinstance(arg, Tensor) and arg.ndim > 1)
            self.times[f"{name} {shapes}"] += 1
            self.calls[f"{name} {shapes}"] = (func, args, kwargs or {})
        return func(*args, **(kwargs or {}))


def layers(model: Model, *, tiny: bool) -> Iterator[dict[str, Any]]:
    """TFLOP/s of the dearest ones, by FLOPs; `share` of a call's."""
    calls.prepare(model)
    with attending(model), torch.no_grad(), Operations() as operations:
        model.denoise(*model.inputs(2 if tiny else ROWS))
    flops = {name: _flops(call) * operations.times[name] for name, call in operations.calls.items()}
    total = sum(flops.values())
    with attending(model), torch.inference_mode():
        for name in in_time(sorted(flops, key=lambda name: -flops[name])[:SHOWN]):
            row = {"layer": name, "times": operations.times[name], "share": round(flops[name] / total, 4)}
            yield {**row, **_rates(operations.calls[name], flops[name] / operations.times[name], model)}


def _rates(call: Call, flops: float, model: Model) -> dict[str, float]:
    func, args, keywords = call
    # As a compiled model has them; what is not compiled hands its convolutions pictures in planes.
    layout = torch.channels_last if "convolution" in func.name() else torch.preserve_format
    halves = HALVES if model.device.type == "cuda" else {"fp32": torch.float32}
    rates = {}
    for name, dtype in halves.items():
        arguments = [_random(arg, dtype, layout) if isinstance(arg, Tensor) else arg for arg in args]
        work = partial(func, *arguments, **keywords)
        work()
        for how, seconds in (("at once", 0.0), ("held", SECONDS if model.device.type == "cuda" else 0.0)):
            time.sleep(PAUSE)
            rates[f"{name} {how}"] = round(flops / machine.held(work, model.device, seconds) / 1e12, 1)
    return rates


def _random(like: Tensor, dtype: torch.dtype, layout: torch.memory_format) -> Tensor:
    return torch.randn_like(like, dtype=dtype, memory_format=layout if like.ndim > 2 else torch.preserve_format)


def _flops(call: Call) -> float:
    func, args, keywords = call
    with FlopCounterMode(display=False) as counter:
        func(*args, **keywords)
    return float(counter.get_total_flops())
