"""The stages of a run and what each needs. A finished one leaves its output and a JSON file with what it measured."""

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.embedded.training.workshop import Workshop, write_json

_log = logging.getLogger(__name__)
ALL_CORES = 0


@dataclass(frozen=True)
class Stage:
    """`module` of this package has `make(workshop, steps)`, which answers with what it measured."""

    module: str
    minutes: float
    """About; on two quiet cores with bfloat16, at scale 1."""
    needs: tuple[str, ...] = ()
    cores: int = 1
    """How many it keeps busy; ALL_CORES for as many as there are."""
    steps: int = 0
    """Of its training, at scale 1; 0 where it trains nothing."""


STAGES = {
    "pictures": Stage("pictures", 3, cores=ALL_CORES),
    "tokenizer": Stage("tokenizer", 0.2),
    "autoencoder": Stage("autoencoder", 18, ("pictures",), steps=3900),
    "reader": Stage("reader", 2, ("pictures", "tokenizer"), steps=425),
    "examiner": Stage("examiner", 8, steps=4000),
    "judge": Stage("judge", 20, ("pictures", "tokenizer"), steps=6000),
    "latents": Stage("latents", 1.5, ("autoencoder",)),
    "denoiser": Stage("denoiser", 75, ("latents", "reader"), ALL_CORES, steps=5000),
    "decoder": Stage("decoder", 35, ("latents",), steps=4700),
    "assemble": Stage("assemble", 0.2, ("denoiser", "decoder", "judge", "examiner")),
    "look": Stage("look", 3, ("assemble",), ALL_CORES),
    "card": Stage("card", 0.1, ("look",)),
}


def tell_news() -> None:
    """The training's progress on standard error, to be called in each of its processes."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")


def make(workshop: Workshop, name: str) -> None:
    """Raises FileNotFoundError where an earlier stage is missing."""
    stage = STAGES[name]
    missing = [need for need in stage.needs if not finished(workshop, need)]
    if missing:
        raise FileNotFoundError(f"stage {name} needs {' and '.join(missing)} first; run without --stage to make them")
    start = time.monotonic()
    work: Callable[[Workshop, int], dict[str, Any]] = import_module(f"{__package__}.{stage.module}").make
    measures = work(workshop, math.ceil(stage.steps * workshop.scale))
    duration = round((time.monotonic() - start) / 60, 2)
    write_json(_marker(workshop, name), {"stage": name, "minutes": duration, "measured": measures})
    _log.info("%s: done in %.1f minutes %s", name, duration, json.dumps(measures))


def finished(workshop: Workshop, name: str) -> bool:
    return _marker(workshop, name).exists()


def measured(workshop: Workshop, name: str) -> dict[str, Any]:
    """What a finished stage measured."""
    measures: dict[str, Any] = json.loads(_marker(workshop, name).read_text())["measured"]
    return measures


def minutes(workshop: Workshop, name: str) -> float:
    """How long a finished stage took."""
    return float(json.loads(_marker(workshop, name).read_text())["minutes"])


def forget(workshop: Workshop, name: str) -> None:
    """A stage made anew makes everything that was built on it out of date."""
    _marker(workshop, name).unlink(missing_ok=True)
    for later, stage in STAGES.items():
        if name in stage.needs and finished(workshop, later):
            _log.info("%s: out of date now, will be made again by the next run", later)
            forget(workshop, later)


def _marker(workshop: Workshop, name: str) -> Path:
    return workshop.out / f"{name}.json"
