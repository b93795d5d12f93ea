"""`python -m bench gpu rows|vae|grid`: the full models on a card, nothing downloaded, every command under ten minutes.

It asks nothing of PyTorch that is new, so that it also runs where another version than the pinned one is installed.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bench import architectures, machine
from bench.architectures import Model
from engine.denoising import Denoising
from engine.quiet import quiet
from engine.wave import Mix, Row, Wave

# What is left out when this is over is named in the result.
LIMIT_SECONDS = 480.0
ROWS = (2, 8, 16, 32, 64, 128)
CHUNKS = (1, 2, 4, 8, 16)
WAVES = (16, 32, 64)
PICTURES, ALONE = 64, 4


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser("python -m bench gpu", description=__doc__)
    parser.add_argument("what", choices=MEASURES, help="what is measured")
    parser.add_argument("--model", choices=architectures.UNETS, default="v1-4")
    parser.add_argument("--tiny", action="store_true", help="narrow models and few rows, to try the benchmark itself")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    given = parser.parse_args(arguments)
    quiet()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu" and not given.tiny:
        parser.error("there is no CUDA device; --tiny tries the benchmark on a processor")
    model = architectures.build(given.model, device, tiny=given.tiny)
    found = {
        "machine": machine.describe(),
        "rates": machine.rates(device),
        "model": given.model,
        "what": given.what,
        "tiny": given.tiny,
        "results": MEASURES[given.what](model, given.tiny),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    name = f"gpu-{given.model}-{given.what}{'-tiny' if given.tiny else ''}.json"
    (given.out / name).write_text(json.dumps(found, indent=1) + "\n")
    print(machine.line(found["machine"]))
    print(table(found["results"]))


def rows(model: Model, tiny: bool) -> list[dict[str, Any]]:  # noqa: FBT001 - one of a table of measures
    """Milliseconds of one call of the denoising model by rows: eager, channels_last, compiled."""
    found = []
    ways: dict[str, Callable[[Any], Any]] = {
        "eager": lambda unet: unet,
        "channels_last": lambda unet: unet.to(memory_format=torch.channels_last),
        "compiled": lambda unet: torch.compile(unet, dynamic=False),
    }
    if tiny:
        del ways["compiled"]
    side, channels = model.unet.config.sample_size, model.unet.config.in_channels
    combinations = [(way, count) for way in ways for count in (ROWS[:2] if tiny else ROWS)]
    unet: Any = model.unet
    for way, count in in_time(combinations):
        unet = ways[way](model.unet) if count == ROWS[0] else unet
        latents = torch.randn(count, channels, side, side, device=model.device, dtype=model.unet.dtype)
        t, words = torch.tensor(500, device=model.device), model.words(count)

        def call(unet: Any = unet, latents: Any = latents, t: Any = t, words: Any = words) -> object:
            return unet(latents, t, encoder_hidden_states=words, return_dict=False)

        found.append({"way": way, "rows": count, **measured(call, model, count)})
    return found


def vae(model: Model, tiny: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    """Milliseconds of decoding by pictures decoded together."""
    side, channels = model.unet.config.sample_size, model.unet.config.in_channels
    found = []
    for way, layout in (("eager", torch.contiguous_format), ("channels_last", torch.channels_last)):
        decoder = model.vae.to(memory_format=layout)
        for count in in_time(CHUNKS[:2] if tiny else CHUNKS):
            latents = torch.randn(count, channels, side, side, device=model.device, dtype=decoder.dtype)

            def call(latents: Any = latents, decoder: Any = decoder) -> object:
                return decoder.decode(latents, return_dict=False)

            found.append({"way": way, "rows": count, **measured(call, model, count)})
    return found


def grid(model: Model, tiny: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    """A whole grid: our waves, plain diffusers in one batch, and (a few pictures of) plain diffusers one at a time."""
    pictures = 4 if tiny else PICTURES
    steps = 2 if tiny else architectures.STEPS[model.name]
    mix = Mix(model.name, None, 0.0, steps, architectures.GUIDANCE[model.name])
    # The plain pipeline first, and as it comes; ours then sets the memory layout as `Pipelines` does on a card.
    pipe = model.plain()
    entrants: dict[str, tuple[int, Callable[[], object]]] = {
        "diffusers, one at a time": (min(ALONE, pictures), lambda: _plain(pipe, model, mix, min(ALONE, pictures), 1)),
        "diffusers, one batch": (pictures, lambda: _plain(pipe, model, mix, pictures, pictures)),
    }
    found = [{"who": who, **measured(call, model, n, times=1)} for who, (n, call) in in_time(entrants.items())]
    if model.device.type == "cuda":
        model.unet.to(memory_format=torch.channels_last)
        model.vae.to(memory_format=torch.channels_last)
    for size in in_time((2,) if tiny else WAVES):
        ours = measured(partial(_ours, model, mix, pictures, size), model, pictures, times=1)
        found.append({"who": f"Tessera, waves of {size}", **ours})
    return found


MEASURES: dict[str, Callable[[Model, bool], list[dict[str, Any]]]] = {"rows": rows, "vae": vae, "grid": grid}


def measured(call: Callable[[], object], model: Model, count: int, times: int = 5) -> dict[str, float]:
    """Seconds of the first call (with compiling), milliseconds of the best later one, and of one row or picture."""
    with torch.inference_mode():
        first = machine.best(call, model.device, 1)
        later = machine.best(call, model.device, times)
    found = {"first_s": round(first, 3), "ms": round(later * 1e3, 2), "ms_each": round(later * 1e3 / count, 3)}
    if model.device.type == "cuda":
        found["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        torch.cuda.reset_peak_memory_stats()
    return found


def in_time(items: Iterable[Any]) -> Iterator[Any]:
    """The items, as long as there is time."""
    begun = time.monotonic()
    for item in items:
        if time.monotonic() - begun > LIMIT_SECONDS:
            print(f"out of time, not measured: {item}")
            continue
        yield item


def table(results: list[dict[str, Any]]) -> str:
    head = list(results[0])
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(str(result[name]) for name in head)} |" for result in results)])


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


def _ours(model: Model, mix: Mix, pictures: int, size: int) -> None:
    for start in range(0, pictures, size):
        numbers = range(start, min(start + size, pictures))
        state = Denoising(model, Wave(start, mix, tuple(Row("bench", "A1", f"{n}", "", n) for n in numbers)))
        for _ in range(state.steps):
            state.step(model.unet)
        state.decode(model.vae)
