"""The floor: the arithmetic and the bytes that a picture cannot do without, counted, over what the machine can do."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

# What has to read its operands and write its result however well everything else is fused into it.
HEAVY = ("convolution", "mm", "addmm", "bmm", "baddbmm")

NOWHERE = torch.device("meta")


class _Bytes(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch leaves it untyped
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        output = function(*arguments, **(keywords or {}))
        if function.overloadpacket.__name__ in HEAVY:
            operands = [tensor for tensor in (*arguments, output) if isinstance(tensor, torch.Tensor)]
            self.count += sum(tensor.numel() * tensor.element_size() for tensor in operands)
        return output


def count(pipe: Any, steps: int, rows: int) -> dict[str, float]:
    """GFLOP and GB (in the pipeline's own number format) of one picture, painted `rows` together with guidance."""
    from diffusers.models.attention_processor import AttnProcessor

    unet, vae, dtype = _nowhere(pipe.unet), _nowhere(pipe.vae), pipe.unet.dtype
    # Attention as two matrix products, so that both counters see it.
    unet.set_attn_processor(AttnProcessor())
    words = (pipe.tokenizer.model_max_length, pipe.text_encoder.config.hidden_size)
    side = unet.config.sample_size
    unet_cost = _cost(lambda: _denoise(unet, 2 * rows, words, dtype))
    vae_cost = _cost(lambda: _decode(vae, (rows, unet.config.in_channels, side, side), dtype))
    gflop, gbyte = ((steps * part + other) / rows / 1e9 for part, other in zip(unet_cost, vae_cost, strict=True))
    return {
        "gflop": gflop,
        "gbyte": gbyte,
        "unet_row_gflop": unet_cost[0] / 2 / rows / 1e9,
        "vae_gflop": vae_cost[0] / rows / 1e9,
    }


def seconds(cost: dict[str, float], rates: dict[str, float], kind: str = "fp32") -> dict[str, float]:
    """Seconds a picture at best: the arithmetic, the bytes, and the larger of both."""
    compute = cost["gflop"] / rates[kind]
    copying = cost["gbyte"] / rates["copy"] / (2 if kind == "bf16" else 1)
    return {"compute": compute, "bytes": copying, "floor": max(compute, copying)}


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    with torch.no_grad(), FlopCounterMode(display=False) as flops:
        work()
    with torch.no_grad(), _Bytes() as traffic:
        work()
    return flops.get_total_flops(), traffic.count


def _denoise(unet: Any, rows: int, words: tuple[int, int], dtype: torch.dtype) -> None:
    config = unet.config
    latents = torch.empty(rows, config.in_channels, config.sample_size, config.sample_size, device=NOWHERE, dtype=dtype)
    embeddings = torch.empty(rows, *words, device=NOWHERE, dtype=dtype)
    unet(latents, torch.ones(rows, device=NOWHERE), encoder_hidden_states=embeddings)


def _decode(vae: Any, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    vae.decode(torch.empty(shape, device=NOWHERE, dtype=dtype))


def _nowhere(model: Any) -> Any:
    """A copy without numbers: what it would compute is counted, and nothing is computed."""
    return deepcopy(model).to(NOWHERE)
