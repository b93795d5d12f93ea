"""What a part of the benchmark is, and all of them in a table: a new one is a module and a line."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.size import Size


@dataclass(frozen=True)
class Part:
    """`measure(folder, size)` gives plain data, `table` makes Markdown of it and `plots` SVGs by name."""

    title: str
    measure: Callable[[Path, Size], Awaitable[dict[str, Any]]]
    table: Callable[[dict[str, Any]], str]
    plots: Callable[[dict[str, Any]], dict[str, str]]


# name: (module, title, what `measure` is told besides)
PARTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "grid-1": ("bench.grids", "A grid of approach 1", {"approach": 1}),
    "grid-2": ("bench.grids", "A grid of approach 2", {"approach": 2}),
    "grid-3": ("bench.grids", "A grid of approach 3", {"approach": 3}),
    "chain": ("bench.chain", "From a command to the posted sheet", {}),
    "large": ("bench.large", "Full-sized pictures, all but the painting", {}),
    "quality": ("bench.quality", "What `quality: fast` costs in score", {}),
    "growth": ("bench.growth", "How painting grows with blocks and steps", {}),
    "people": ("bench.crowd", "How soon people who ask at once are acknowledged", {}),
    "painters": ("bench.painters", "How painting grows with the painters of a Ray cluster", {}),
    "history": ("bench.history", "How answers grow with the history", {}),
    "training": ("bench.training_speed", "Steps of a training", {}),
    "beside": ("bench.beside_training", "Grids beside a training", {}),
    "starts": ("bench.starts", "A fresh process", {}),
}


def part(name: str) -> Part:
    path, title, more = PARTS[name]
    module = import_module(path)
    return Part(title, partial(module.measure, **more), module.table, getattr(module, "plots", lambda _: {}))
