"""`python -m bench gpu`: the full models on a card, nothing downloaded, every command under ten minutes.

It needs a recent PyTorch, not the pinned one, diffusers and what diffusers needs; weights are random.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from bench import architectures, machine
from bench.gpu import grids, kernels, layers, parts, start
from bench.gpu.timing import in_time
from engine.quiet import quiet

RESULTS = Path(__file__).parents[1] / "results"

MEASURES: dict[str, Callable[..., Iterable[dict[str, Any]]]] = {
    "grid": grids.grids,
    "kernels": kernels.kernels,
    "layers": layers.layers,
    "attention": parts.attention,
    "rows": parts.rows,
    "vae": parts.vae,
    "start": start.starts,
    "training": parts.training,
}

# The engine's start is a command of its own, as all together has to end within ten minutes.
ALL = [what for what in MEASURES if what != "start"]


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    quiet()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    about, rates = machine.describe(), machine.rates(device, tiny=options.tiny)
    print(machine.line(about))
    print(", ".join(f"{name} {rate:.0f}" for name, rate in rates.items()), "(GFLOP/s, copy in GB/s)", flush=True)
    model = architectures.build(options.model, device, tiny=options.tiny)
    options.out.mkdir(parents=True, exist_ok=True)
    more: dict[str, dict[str, Any]] = {
        "grid": {"steps": options.steps, "waves": options.waves, "rates": rates},
        "start": {"memory": options.memory},
    }
    for what in in_time(options.what or ALL):
        record = {"machine": about, "rates": rates, "model": options.model, "what": what, "tiny": options.tiny}
        file = _file(options, about, what)
        results = []
        # Kept one by one: a command whose time is over has told what it had measured.
        for result in MEASURES[what](model, tiny=options.tiny, **more.get(what, {})):
            results.append(result)
            print(result, flush=True)
            file.write_text(json.dumps({**record, "results": results}, indent=1) + "\n")
        print(table(results), flush=True)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench gpu", description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", help=f"what is measured, one after the other: {', '.join(MEASURES)}")
    parser.add_argument("--model", choices=architectures.UNETS, default="v1-4")
    parser.add_argument("--steps", type=int, nargs="+", default=[], help="of a grid; by default those of the approach")
    parser.add_argument("--waves", type=int, nargs="+", default=grids.WAVES, help="pictures that we paint together")
    parser.add_argument(
        "--memory", type=float, help="GiB of the card that start's engine may take, as if it had no more"
    )
    parser.add_argument("--tiny", action="store_true", help="narrow models and few rows, to try the benchmark itself")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    unknown = [what for what in options.what if what not in MEASURES]
    if unknown:
        parser.error(f"nothing is called {unknown[0]}; there is {', '.join(MEASURES)}")
    if "start" in options.what and options.model != "v1-4":
        parser.error("start is measured with v1-4")
    if options.memory is not None and options.memory <= 0:
        parser.error("--memory is GiB of the card, such as 8")
    if not options.tiny and not torch.cuda.is_available():
        parser.error("there is no CUDA device; --tiny tries the benchmark on a processor")
    return options


def _file(options: argparse.Namespace, about: dict[str, Any], what: str) -> Path:
    """Where the results of one part are kept."""
    limit = [f"{options.memory:g}gib"] if what == "start" and options.memory else []
    words = [_card(about), options.model, what, *limit, *(["tiny"] * options.tiny)]
    out: Path = options.out
    return out / f"gpu-{'-'.join(words)}.json"


def _card(about: dict[str, Any]) -> str:
    """In a file's name: NVIDIA H200 is h200."""
    return re.sub(r"[^a-z0-9]+", "-", about["device"].lower().removeprefix("nvidia ")).strip("-")


def table(results: list[dict[str, Any]]) -> str:
    head = list(results[0]) if results else []
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(str(result[name]) for name in head)} |" for result in results)])
