"""`python -m bench gpu WHAT`: the full models on a card, nothing downloaded, every command under ten minutes.

It needs a recent PyTorch, not the pinned one, diffusers and what diffusers needs; weights are random.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bench import architectures, machine
from bench.architectures import Model
from engine.denoising import Denoising
from engine.device import backends, graphs
from engine.device.compiling import Compiling
from engine.device.forms import Forms
from engine.device.sizes import Sizes
from engine.quiet import quiet
from engine.schedules import schedule
from engine.wave import Mix, Row, Wave

# What is left out when this is over is named in the result.
LIMIT_SECONDS = 420.0
ROWS = (2, 8, 16, 32, 64, 128)
CHUNKS = (1, 2, 4, 8, 16)
WAVES = (16, 32, 64)
PICTURES, ALONE = 64, 4
TRAINED = (1, 4, 8)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser("python -m bench gpu", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=MEASURES, help="what is measured")
    parser.add_argument("--model", choices=architectures.UNETS, default="v1-4")
    parser.add_argument("--steps", type=int, help="denoising steps of a grid; by default those of the approach")
    parser.add_argument("--tiny", action="store_true", help="narrow models and few rows, to try the benchmark itself")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    given = parser.parse_args(arguments)
    quiet()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu" and not given.tiny:
        parser.error("there is no CUDA device; --tiny tries the benchmark on a processor")
    model = architectures.build(given.model, device, tiny=given.tiny)
    if given.steps:
        model.steps = given.steps
    found = {
        "machine": machine.describe(),
        "rates": machine.rates(device, tiny=given.tiny),
        "model": given.model,
        "what": given.what,
        "steps": model.steps,
        "tiny": given.tiny,
        "results": MEASURES[given.what](model, given.tiny),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    named = [given.model, given.what, *([f"{given.steps}-steps"] if given.steps else []), *(["tiny"] * given.tiny)]
    (given.out / f"gpu-{'-'.join(named)}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(machine.line(found["machine"]))
    print(", ".join(f"{name} {rate:.0f}" for name, rate in found["rates"].items()), "(GFLOP/s, copy in GB/s)")
    print(table(found["results"]))


def rows(model: Model, tiny: bool) -> list[dict[str, Any]]:  # noqa: FBT001 - one of a table of measures
    """Milliseconds of one call of the denoising model by rows: as it comes, channels_last, compiled, recorded."""
    found = []
    for way in ("eager", "channels_last", *(() if tiny else ("compiled", "recorded"))):
        if way != "eager":
            model.unet.to(memory_format=torch.channels_last)
        for count in in_time(ROWS[:2] if tiny else ROWS, way):
            inputs = _inputs(model, count)
            run, took = _ready(model.denoised, way, inputs)
            found.append({"way": way, "rows": count, "ready_s": took, **measured(partial(run, *inputs), model, count)})
    return found


def vae(model: Model, tiny: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    """Milliseconds of decoding by pictures decoded together."""
    found = []
    for way in ("eager", "channels_last", *(() if tiny else ("compiled",))):
        if way != "eager":
            model.vae.to(memory_format=torch.channels_last)
        for count in in_time(CHUNKS[:2] if tiny else CHUNKS, way):
            inputs = _inputs(model, count)[:1]
            run, took = _ready(model.decoded, way, inputs)
            found.append({"way": way, "rows": count, "ready_s": took, **measured(partial(run, *inputs), model, count)})
    return found


def attention(model: Model, tiny: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    """Milliseconds of the largest self-attentions of both models, by PyTorch's kernels; 0 where one cannot do it."""
    shapes = ((2, 64, 40),) if tiny else backends.SHAPES
    clock = partial(machine.best, device=model.device)
    seconds = {
        name: backends.seconds(kernel, model.device, model.unet.dtype, clock, shapes)
        for name, kernel in backends.BACKENDS.items()
    }
    return [{"kernel": name, "ms": round((took or 0) * 1e3, 3)} for name, took in seconds.items()]


def grid(model: Model, tiny: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    """A whole grid: plain diffusers one at a time (a few pictures of it) and in one batch; our waves, as they come and
    compiled and recorded, decoding and the way home included."""
    pictures = 4 if tiny else PICTURES
    mix = Mix(model.name, None, 0.0, min(model.steps, 2) if tiny else model.steps, architectures.GUIDANCE[model.name])
    # The plain pipeline first, and as it comes; ours then sets the memory layout as `Pipelines` does on a card.
    pipe = model.plain()
    entrants: dict[str, tuple[int, Callable[[], object]]] = {
        "diffusers, one at a time": (min(ALONE, pictures), lambda: _plain(pipe, model, mix, min(ALONE, pictures), 1)),
        "diffusers, one batch": (pictures, lambda: _plain(pipe, model, mix, pictures, pictures)),
    }
    best = _floor_ms(model, mix)
    found = [
        {"who": who, "ready_s": 0.0, **_shared(measured(call, model, n, times=2), best)}
        for who, (n, call) in in_time(entrants.items())
    ]
    if model.device.type == "cuda":
        model.unet.to(memory_format=torch.channels_last)
        model.vae.to(memory_format=torch.channels_last)
    for backend, size in in_time([(b, s) for b in (None, *(() if tiny else ("inductor",))) for s in _waves(tiny)]):
        record = graphs.record if model.device.type == "cuda" and backend else None
        forms = Forms(model, Sizes(size, min(size, 8)), backend, record)
        begun = time.perf_counter()
        _ours(model, forms, mix, size, size)
        forms.wait()
        _ours(model, forms, mix, size, size)
        took = round(time.perf_counter() - begun, 1)
        ours = measured(partial(_ours, model, forms, mix, pictures, size), model, pictures, times=2)
        who = f"Tessera, waves of {size}{', compiled' if backend else ''}"
        found.append({"who": who, "ready_s": took, **_shared(ours, best)})
        forms.close()
    return found


def training(model: Model, tiny: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    """Milliseconds of a training step of a LoRA of rank 8 on the attention, by pictures a step."""
    from peft import LoraConfig

    model.unet.requires_grad_(requires_grad=False)
    model.unet.add_adapter(LoraConfig(r=8, lora_alpha=16, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    learned = [parameter for parameter in model.unet.parameters() if parameter.requires_grad]
    for parameter in learned:
        parameter.data = parameter.data.float()
    chosen = torch.optim.AdamW(learned, lr=1e-4)
    found = []
    for count in in_time(TRAINED[:1] if tiny else TRAINED):
        inputs = _inputs(model, count)

        def step(inputs: tuple[Tensor, ...] = inputs) -> None:
            with torch.enable_grad(), torch.autocast(model.device.type, torch.bfloat16):
                loss = model.denoised(*inputs).float().square().mean()
            loss.backward()
            chosen.step()
            chosen.zero_grad()

        found.append({"pictures": count, **measured(step, model, count, inference=False)})
    return found


MEASURES: dict[str, Callable[[Model, bool], list[dict[str, Any]]]] = {
    "rows": rows,
    "vae": vae,
    "attention": attention,
    "grid": grid,
    "training": training,
}


def measured(
    call: Callable[[], object], model: Model, count: int, times: int = 5, *, inference: bool = True
) -> dict[str, float]:
    """Milliseconds of the best call after a first one, of one row or picture, and the most memory."""
    if model.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with torch.inference_mode(inference):
        machine.best(call, model.device, 1)
        best = machine.best(call, model.device, times)
    found = {"ms": round(best * 1e3, 2), "ms_each": round(best * 1e3 / count, 3)}
    if model.device.type == "cuda":
        found["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
    return found


_begun = time.monotonic()


def in_time(items: Iterable[Any], of: str = "") -> Iterator[Any]:
    """The items, as long as this command has time."""
    for item in items:
        if time.monotonic() - _begun > LIMIT_SECONDS:
            print(f"out of time, not measured: {of} {item}".replace("  ", " "))
            continue
        yield item


def table(results: list[dict[str, Any]]) -> str:
    head = list(results[0]) if results else []
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(str(result[name]) for name in head)} |" for result in results)])


def _shared(found: dict[str, float], floor_ms: float) -> dict[str, float]:
    """With pictures a second, and what share of them the floor would allow."""
    each = found["ms_each"]
    return {**found, "a_second": round(1e3 / each, 2), "share_of_floor": round(floor_ms / each, 3)}


def _floor_ms(model: Model, mix: Mix) -> float:
    """Milliseconds that a picture's counted arithmetic takes at the device's measured rate of matrix products."""
    latents, times, words = _inputs(model, 1)
    with torch.no_grad(), FlopCounterMode(display=False) as denoising:
        model.denoised(latents, times, words)
    with torch.no_grad(), FlopCounterMode(display=False) as decoding:
        model.decoded(latents)
    calls = len(schedule(model, mix).timesteps) * (2 if mix.guidance > 1 else 1)
    flops = calls * denoising.get_total_flops() + decoding.get_total_flops()
    card = model.device.type == "cuda"
    return float(flops / machine.rates(model.device, tiny=not card)["bf16" if card else "fp32"] / 1e6)


def _waves(tiny: bool) -> tuple[int, ...]:  # noqa: FBT001
    return (2,) if tiny else WAVES


def _inputs(model: Model, count: int) -> tuple[Tensor, ...]:
    side, channels = model.unet.config.sample_size, model.unet.config.in_channels
    latents = torch.randn(count, channels, side, side, device=model.device, dtype=model.unet.dtype)
    return latents, torch.full((count,), 500.0, device=model.device), model.words(count)


def _ready(run: Any, way: str, inputs: tuple[Tensor, ...]) -> tuple[Any, float]:
    """The model in this form, and the seconds that it took to make it."""
    if way not in {"compiled", "recorded"}:
        return run, 0.0
    begun = time.perf_counter()
    compiling = Compiling(run, "inductor", graphs.record if way == "recorded" else None)
    compiling.form(*inputs)
    compiling.wait()
    form = compiling.form(*inputs)
    compiling.close()
    return form, round(time.perf_counter() - begun, 1)


def _plain(pipe: Any, model: Model, mix: Mix, pictures: int, batch: int) -> None:
    for start in range(0, pictures, batch):
        guided = {"negative_prompt_embeds": model.words(batch)} if mix.guidance > 1 else {}
        pipe(
            prompt_embeds=model.words(batch),
            **guided,
            num_inference_steps=mix.steps,
            guidance_scale=mix.guidance,
            generator=[torch.Generator().manual_seed(start + index) for index in range(batch)],
            output_type="np",
        )


def _ours(model: Model, forms: Forms, mix: Mix, pictures: int, size: int) -> None:
    landings = []
    for start in range(0, pictures, size):
        numbers = range(start, min(start + size, pictures))
        rows_of_wave = tuple(Row("bench", "A1", f"{n}", "", n) for n in numbers)
        state = Denoising(model, Wave(start, mix, rows_of_wave), forms.predict(guided=mix.guidance > 1))
        for _ in range(state.steps):
            state.step(model.unet)
        landings.append(state.land(forms.decode))
    for landing in landings:
        landing.pictures()
