"""A training killed with SIGKILL in another process goes on from its last epoch, with the same adapter at the end."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

COMMAND = [
    *(sys.executable, "-m", "engine", "finetune", "--name", "sketch", "--source", "embedded", "--json"),
    *("--images", "8", "--epochs", "2", "--patience", "9", "--batch", "4", "--rank", "2", "--seed", "7"),
]


def settings(place: Path) -> dict[str, str]:
    own = {"DATA_DIR": str(place), "PROFILE": "embedded", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **own}


def trained(place: Path, *more: str) -> dict[str, Any]:
    done = subprocess.run([*COMMAND, *more], env=settings(place), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def killed_after_its_first_epoch(place: Path) -> None:
    with subprocess.Popen(COMMAND, env=settings(place), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if "epoch 1:" in line:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL


@pytest.mark.timeout(300)  # three processes, each with its own imports, beside other tests
def test_a_killed_training_ends_with_the_adapter_of_an_unbroken_one(tmp_path: Path) -> None:
    killed_after_its_first_epoch(tmp_path / "cut")
    left = sorted(file.name for file in (tmp_path / "cut" / "styles").glob("*"))

    resumed = trained(tmp_path / "cut", "--resume")
    whole = trained(tmp_path / "whole")

    losses = [[(epoch["train_loss"], epoch["held_out_loss"]) for epoch in run["epochs"]] for run in (resumed, whole)]
    first, second = (load_file(Path(run["folder"]) / "adapter_model.safetensors") for run in (resumed, whole))
    assert left == []
    assert losses[0] == losses[1]
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert resumed["warnings"] == []
