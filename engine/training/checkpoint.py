"""Checkpoints, from which a run that was cut off goes on: adapter, best adapter and optimizer after each epoch.

DATA_DIR/training/<name>/epoch-0007/ is moved into place when it is complete; older ones go afterwards, so that a kill
at any moment leaves one that can be used.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.contract.errors import TrainingFailed
from engine.training import adapter, tensors
from engine.training.adapter import State
from engine.training.trainer import Trainer

ADAPTER, BEST, OPTIMIZER, FACTS = "adapter.safetensors", "best.safetensors", "optimizer.safetensors", "state.json"
PLACES = "epoch-[0-9][0-9][0-9][0-9]"


@dataclass
class Saved:
    """`state` is whatever the run wants to know again, as JSON."""

    state: dict[str, Any]
    adapter: State
    best: State
    optimizer: dict[str, Tensor]


def write(root: Path, epoch: int, trainer: Trainer, best: State, state: dict[str, Any]) -> None:
    """Keep this epoch and drop the ones before. Raises OSError."""
    half = root / ".half"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    tensors.save(adapter.state(trainer.unet), half / ADAPTER)
    tensors.save(best, half / BEST)
    tensors.save(_flat(trainer), half / OPTIMIZER)
    (half / FACTS).write_text(json.dumps({**state, "scaler": trainer.scaler.state_dict()}))
    folder = root / f"epoch-{epoch:04d}"
    shutil.rmtree(folder, ignore_errors=True)
    half.replace(folder)
    for old in sorted(root.glob(PLACES)):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def state(root: Path) -> dict[str, Any] | None:
    """What the newest checkpoint knows; None where there is none. Raises TrainingFailed for one that cannot be read."""
    folder = _newest(root)
    if folder is None:
        return None
    try:
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text())
    except (OSError, ValueError) as error:
        raise _damaged(folder) from error
    return facts


def read(root: Path) -> Saved:
    """The newest checkpoint. Raises TrainingFailed."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder, facts = _newest(root), state(root)
    if folder is None or facts is None:
        message = f"There is no checkpoint in {root} to continue from."
        raise TrainingFailed(message)
    try:
        parts = [load_file(folder / name) for name in (ADAPTER, BEST, OPTIMIZER)]
    except (OSError, SafetensorError) as error:
        raise _damaged(folder) from error
    return Saved(facts, *parts)


def restore(trainer: Trainer, saved: Saved) -> None:
    """Put adapter and optimizer back, to the bit."""
    adapter.put(trainer.unet, saved.adapter)
    trainer.optimizer.load_state_dict(
        {
            "state": {
                index: {key: saved.optimizer[f"{name}/{key}"].clone() for key in ("step", "exp_avg", "exp_avg_sq")}
                for index, name in enumerate(trainer.parts)
                if f"{name}/step" in saved.optimizer
            },
            "param_groups": trainer.optimizer.state_dict()["param_groups"],
        }
    )
    if saved.state["scaler"]:
        trainer.scaler.load_state_dict(saved.state["scaler"])


def _flat(trainer: Trainer) -> dict[str, Tensor]:
    """Empty until the optimizer has taken a step: one whose scaled gradients overflow is left out."""
    states = trainer.optimizer.state_dict()["state"]
    return {
        f"{name}/{key}": torch.as_tensor(value).detach().cpu().clone()
        for index, name in enumerate(trainer.parts)
        for key, value in states.get(index, {}).items()
    }


def _newest(root: Path) -> Path | None:
    return max(root.glob(PLACES), default=None)


def _damaged(folder: Path) -> TrainingFailed:
    return TrainingFailed(f"The checkpoint {folder} cannot be read. Train without --resume to start over.")
