"""One part of painting at a time: attention, calls of the denoising model, decoding, steps of a training."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any

import torch
from torch import Tensor

from bench.architectures import Model
from bench.gpu.timing import attending, compiled, in_time, measured
from engine.device import backends, calls, graphs
from engine.device.clock import Clock

ROWS = (2, 8, 16, 32, 64, 128)
COMPILED_ROWS = (32, 64)
CHUNKS = (1, 2, 4, 8, 16)
COMPILED_CHUNKS = (8,)
TRAINED = (1, 4, 8)


def rows(model: Model, *, tiny: bool) -> Iterator[dict[str, Any]]:
    """Milliseconds of one call of the denoising model by rows."""
    yield from _plainly(model, "unet", model.in_wave, ROWS[:2] if tiny else ROWS)
    yield from _compiled(model, model.in_wave, 3, () if tiny else COMPILED_ROWS)


def vae(model: Model, *, tiny: bool) -> Iterator[dict[str, Any]]:
    """Milliseconds of decoding by pictures decoded together."""
    yield from _plainly(model, "vae", lambda latents, *_: model.decode(latents), CHUNKS[:2] if tiny else CHUNKS)
    yield from _compiled(model, model.decode, 1, () if tiny else COMPILED_CHUNKS)


def attention(model: Model, *, tiny: bool) -> Iterator[dict[str, Any]]:
    """Milliseconds of the largest self-attentions of both models, by PyTorch's kernels; 0 where one cannot do it."""
    shapes = ((2, 64, 40),) if tiny else backends.SHAPES
    clock = Clock(model.device)
    for shape in shapes:
        for name, took in backends.measured(model.device, model.unet.dtype, clock, [shape]).items():
            yield {"channels": shape[-1], "kernel": name, "ms": round((took or 0) * 1e3, 3)}


def training(model: Model, *, tiny: bool) -> Iterator[dict[str, Any]]:
    """Milliseconds of a training step of a LoRA of rank 8 on the attention, by pictures a step."""
    from peft import LoraConfig

    model.unet.requires_grad_(requires_grad=False)
    model.unet.add_adapter(LoraConfig(r=8, lora_alpha=16, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    parameters = [parameter for parameter in model.unet.parameters() if parameter.requires_grad]
    for parameter in parameters:
        parameter.data = parameter.data.float()
    optimizer = torch.optim.AdamW(parameters, lr=1e-4)
    for count in in_time(TRAINED[:1] if tiny else TRAINED):
        inputs = model.inputs(count)

        def step(inputs: tuple[Tensor, ...] = inputs) -> None:
            with torch.enable_grad(), torch.autocast(model.device.type, torch.bfloat16):
                loss = model.denoise(*inputs).float().square().mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

        yield {"pictures": count, **measured(step, model, count, inference=False)}


def _plainly(model: Model, part: str, run: Any, counts: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Not compiled. Each way adds to the ones before it: a memory layout, the engine's kernel of attention, cuDNN's
    search for the fastest convolutions."""
    with ExitStack() as stack:
        for way in ("eager", "channels_last", "attention", "searched"):
            match way:
                case "eager":
                    getattr(model, part).to(memory_format=torch.contiguous_format)
                case "channels_last":
                    getattr(model, part).to(memory_format=torch.channels_last)
                case "attention":
                    stack.enter_context(attending(model))
                case "searched":
                    stack.enter_context(_searching())
            for count in in_time(counts, way):
                call = partial(run, *model.inputs(count))
                yield {"way": way, "rows": count, "ready_s": 0.0, **measured(call, model, count)}


def _compiled(model: Model, run: Any, takes: int, counts: Sequence[int]) -> Iterator[dict[str, Any]]:
    """As the engine compiles it; `run` takes so many of the inputs. `ready_s`: seconds to compile, or to take what was
    compiled from the cache."""
    calls.prepare(model)
    with attending(model):
        for count in in_time(counts, "compiled"):
            inputs = model.inputs(count)[:takes]
            replay = graphs.record(run, inputs)
            at_once = measured(partial(replay, *inputs), model, count)
            yield {"way": "recorded", "rows": count, "ready_s": 0.0, **at_once}
            del replay
            start = time.perf_counter()
            form = compiled(run, inputs)
            columns = {"rows": count, "ready_s": round(time.perf_counter() - start, 1)}
            yield {"way": "compiled", **columns, **measured(partial(form, *inputs), model, count)}
            with _searching():
                yield {"way": "compiled, searched", **columns, **measured(partial(form, *inputs), model, count)}
            replay = graphs.record(form, inputs)
            yield {"way": "compiled, recorded", **columns, **measured(partial(replay, *inputs), model, count)}


def _searching() -> AbstractContextManager[None]:
    context: AbstractContextManager[None] = torch.backends.cudnn.flags(enabled=True, benchmark=True)
    return context
