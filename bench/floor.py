"""The floor: the arithmetic and the bytes that a picture cannot do without, counted, over what the machine can do."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

# What has to read its operands and write its result however well everything else is fused into it.
HEAVY = ("convolution", "mm", "addmm", "bmm", "baddbmm")


class _Bytes(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch leaves it untyped
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        result = function(*arguments, **(named or {}))
        if function.overloadpacket.__name__ in HEAVY:
            operands = [item for item in (*arguments, result) if isinstance(item, torch.Tensor)]
            self.count += sum(item.numel() * item.element_size() for item in operands)
        return result


def count(pipe: Any, steps: int, rows: int) -> dict[str, float]:
    """GFLOP and GB (in the pipeline's own number format) of one picture, painted `rows` together with guidance."""
    unet = _cost(lambda: _denoise(pipe, 2 * rows), pipe)
    vae = _cost(lambda: _decode(pipe, rows), pipe)
    flops, moved = ((steps * part + other) / rows / 1e9 for part, other in zip(unet, vae, strict=True))
    return {
        "gflop": flops,
        "gbyte": moved,
        "unet_row_gflop": unet[0] / 2 / rows / 1e9,
        "vae_gflop": vae[0] / rows / 1e9,
    }


def seconds(cost: dict[str, float], rates: dict[str, float], kind: str = "fp32") -> dict[str, float]:
    """Seconds a picture at best: the arithmetic, the bytes, and the larger of both."""
    compute = cost["gflop"] / rates[kind]
    moving = cost["gbyte"] / rates["copy"] / (2 if kind == "bf16" else 1)
    return {"compute": compute, "bytes": moving, "floor": max(compute, moving)}


def _cost(work: Any, pipe: Any) -> tuple[float, float]:
    # Attention as two matrix products, so that both counters see it.
    from diffusers.models.attention_processor import AttnProcessor

    before = pipe.unet.attn_processors
    pipe.unet.set_attn_processor(AttnProcessor())
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as flops:
            work()
        with torch.no_grad(), _Bytes() as moved:
            work()
    finally:
        pipe.unet.set_attn_processor(before)
    return flops.get_total_flops(), moved.count


def _denoise(pipe: Any, rows: int) -> None:
    config, text = pipe.unet.config, pipe.text_encoder.config
    latents = _empty(pipe, rows, config.in_channels, config.sample_size, config.sample_size)
    words = _empty(pipe, rows, pipe.tokenizer.model_max_length, text.hidden_size)
    pipe.unet(latents, torch.tensor(1, device=pipe.device), encoder_hidden_states=words)


def _decode(pipe: Any, rows: int) -> None:
    config = pipe.unet.config
    pipe.vae.decode(_empty(pipe, rows, config.in_channels, config.sample_size, config.sample_size))


def _empty(pipe: Any, *shape: int) -> torch.Tensor:
    return torch.zeros(shape, device=pipe.device, dtype=pipe.unet.dtype)
