"""The stages in order. Each leaves its output and a JSON file with what was measured; a finished stage is kept."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.embedded.training.workshop import Workshop, write_json

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """`module` of this package has `make(workshop, minutes)`, which answers with what it measured."""

    module: str
    minutes: float
    """On two cores with bfloat16, at scale 1; for stages without a time limit an estimate."""
    needs: tuple[str, ...] = ()


STAGES = {
    "pictures": Stage("pictures", 2),
    "tokenizer": Stage("tokenizer", 0.2),
    "judge": Stage("judge", 20, ("pictures", "tokenizer")),
    "autoencoder": Stage("autoencoder", 13, ("pictures",)),
    "latents": Stage("latents", 1.5, ("autoencoder",)),
    "denoiser": Stage("denoiser", 75, ("latents", "judge")),
    "decoder": Stage("decoder", 10, ("latents",)),
    "assemble": Stage("assemble", 0.2, ("denoiser", "decoder", "judge")),
    "look": Stage("look", 1, ("assemble",)),
}


def run(workshop: Workshop, only: str | None = None) -> None:
    """All stages that are not finished, or one stage anew. Raises FileNotFoundError where an earlier one is missing."""
    if only:
        _forget(workshop, only)
    waiting = [only] if only else [name for name in STAGES if not _marker(workshop, name).exists()]
    kept = [name for name in STAGES if _marker(workshop, name).exists()]
    if kept:
        _log.info("finished before and kept: %s", ", ".join(kept))
    for place, name in enumerate(waiting):
        left = sum(STAGES[later].minutes for later in waiting[place:]) * workshop.scale
        _log.info("%s: begins; about %.1f minutes to the end of the last stage", name, left)
        _run_one(workshop, name)


def _run_one(workshop: Workshop, name: str) -> None:
    stage = STAGES[name]
    missing = [need for need in stage.needs if not _marker(workshop, need).exists()]
    if missing:
        raise FileNotFoundError(f"stage {name} needs {' and '.join(missing)} first; run without --stage to make them")
    begun = time.monotonic()
    make: Callable[[Workshop, float], dict[str, Any]] = import_module(f"{__package__}.{stage.module}").make
    measured = make(workshop, stage.minutes * workshop.scale)
    minutes = round((time.monotonic() - begun) / 60, 2)
    write_json(_marker(workshop, name), {"stage": name, "minutes": minutes, "measured": measured})
    _log.info("%s: done in %.1f minutes %s", name, minutes, json.dumps(measured))


def _forget(workshop: Workshop, name: str) -> None:
    """A stage made anew makes everything that was built on it out of date."""
    _marker(workshop, name).unlink(missing_ok=True)
    for later, stage in STAGES.items():
        if name in stage.needs and _marker(workshop, later).exists():
            _log.info("%s: out of date now, will be made anew by the next run", later)
            _forget(workshop, later)


def _marker(workshop: Workshop, name: str) -> Path:
    return workshop.out / f"{name}.json"
