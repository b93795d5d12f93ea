"""A whole grid: plain diffusers one at a time and in one batch, and our waves, as they come and compiled and recorded;
decoding and the way home included.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from bench import architectures
from bench.architectures import Model
from bench.gpu.timing import attending, in_time, measured
from engine.denoising import Denoising
from engine.device import calls, graphs
from engine.device.forms import Forms
from engine.device.sizes import MOST_DECODED, Sizes
from engine.schedules import schedule
from engine.wave import Mix, Row, Wave

WAVES = (16, 32)
PICTURES, ALONE = 64, 4
# Enough to have met every kernel once.
WARM_STEPS = 2

Floors = dict[str, float]
"""Milliseconds of a picture, by what they are called in the results."""


def grids(
    model: Model, steps: Sequence[int], waves: Sequence[int], rates: Mapping[str, float], *, tiny: bool
) -> Iterator[dict[str, Any]]:
    """With each of these steps and sizes of waves. One at a time, a few pictures stand for the grid."""
    mixes = [
        Mix(model.name, None, 0.0, min(n, 2) if tiny else n, architectures.GUIDANCE[model.name])
        for n in steps or [architectures.STEPS[model.name]]
    ]
    floors = _floors(model, mixes, rates)
    # Diffusers first, as it comes; ours then sets the memory layout as `Pipelines` does on a card.
    for part in (model.unet, model.vae):
        part.to(memory_format=torch.contiguous_format)
    for mix in mixes:
        yield from _diffusers(model, mix, 4 if tiny else PICTURES, floors[mix])
    if model.device.type == "cuda":
        calls.prepare(model)
    with attending(model):
        for backend in (None,) if tiny else ("inductor", None):
            for size in in_time((2,) if tiny else waves, "waves of"):
                yield from _tessera(model, floors, size, backend, 4 if tiny else PICTURES)


def _diffusers(model: Model, mix: Mix, pictures: int, floors: Floors) -> Iterator[dict[str, Any]]:
    pipe = model.plain()
    short = replace(mix, steps=min(mix.steps, WARM_STEPS))
    for who, batch in in_time({"one at a time": 1, "one batch": pictures}.items()):
        count = min(ALONE, pictures) if batch == 1 else pictures
        call = partial(_plain, pipe, model, mix, count, batch)
        warm = partial(_plain, pipe, model, short, batch, batch)
        took = measured(call, model, count, times=2, warm=warm)
        yield {"who": f"diffusers, {who}", "steps": mix.steps, "ready_s": 0.0, **_with_shares(took, floors)}


def _tessera(
    model: Model, mixes: Mapping[Mix, Floors], size: int, backend: str | None, pictures: int
) -> Iterator[dict[str, Any]]:
    """`ready_s`: seconds until everything is compiled and recorded, or taken from the cache."""
    record = graphs.record if model.device.type == "cuda" and backend else None
    forms = Forms(model, Sizes(size, min(size, MOST_DECODED)), backend, record)
    start = time.perf_counter()
    first = next(iter(mixes))
    short = replace(first, steps=min(first.steps, WARM_STEPS))
    for _ in range(2):
        _ours(model, forms, short, size, size)
        forms.wait()
    ready_s = round(time.perf_counter() - start, 1)
    for mix, floors in mixes.items():
        call = partial(_ours, model, forms, mix, pictures, size)
        took = measured(call, model, pictures, times=2, warm=partial(_ours, model, forms, short, size, size))
        who = f"Tessera, waves of {size}{', compiled' if backend else ''}"
        yield {"who": who, "steps": mix.steps, "ready_s": ready_s, **_with_shares(took, floors)}
    forms.close()


def _with_shares(times: dict[str, float], floors: Floors) -> dict[str, float]:
    """With pictures a second, and what share of them each floor would allow."""
    each = times["ms_each"] or float("inf")
    shares = {name: round(floor_ms / each, 3) for name, floor_ms in floors.items()}
    return {**times, "a_second": round(1e3 / each, 2), **shares}


def _floors(model: Model, mixes: Sequence[Mix], rates: Mapping[str, float]) -> dict[Mix, Floors]:
    """Of plain diffusers' arithmetic, at the device's rates of matrix products: at once, and held for seconds."""
    latents, times, words = model.inputs(1)
    with torch.no_grad(), FlopCounterMode(display=False) as denoising:
        model.denoise(latents, times, words)
    with torch.no_grad(), FlopCounterMode(display=False) as decoding:
        model.decode(latents)
    rate_names = {"share_of_floor": "bf16" if model.device.type == "cuda" else "fp32", "share_held": "held"}
    names = {name: rate for name, rate in rate_names.items() if rate in rates}
    calls_of = {mix: len(schedule(model, mix).timesteps) * (2 if mix.guidance > 1 else 1) for mix in mixes}
    flops = {mix: n * denoising.get_total_flops() + decoding.get_total_flops() for mix, n in calls_of.items()}
    return {mix: {name: n / rates[rate] / 1e6 for name, rate in names.items()} for mix, n in flops.items()}


def _plain(pipe: Any, model: Model, mix: Mix, pictures: int, batch: int) -> None:
    for start in range(0, pictures, batch):
        negative = {"negative_prompt_embeds": model.words(batch)} if mix.guidance > 1 else {}
        pipe(
            prompt_embeds=model.words(batch),
            **negative,
            num_inference_steps=mix.steps,
            guidance_scale=mix.guidance,
            generator=[torch.Generator().manual_seed(start + index) for index in range(batch)],
            output_type="np",
        )


def _ours(model: Model, forms: Forms, mix: Mix, pictures: int, size: int) -> None:
    copies = []
    for start in range(0, pictures, size):
        numbers = range(start, min(start + size, pictures))
        rows_of_wave = tuple(Row("bench", "A1", f"{n}", "", n) for n in numbers)
        state = Denoising(model, Wave(start, mix, rows_of_wave), forms.predict(guided=mix.guidance > 1))
        for _ in range(state.steps):
            state.step(model.unet)
        copies.append(state.decoded(forms.decode))
    for copy in copies:
        copy.pictures()
