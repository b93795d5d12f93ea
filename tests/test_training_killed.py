"""A training killed with SIGKILL in another process goes on from its last epoch, with the same adapter at the end."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine.command_line import main
from engine.training import finishing
from engine.training.recipe import styled

COMMAND = [
    *("finetune", "--name", "sketch", "--source", "embedded", "--json"),
    *("--images", "8", "--epochs", "2", "--patience", "9", "--batch", "4", "--rank", "2", "--seed", "7"),
]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROFILE", "embedded")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    # The samples that are painted after a training do not change it.
    monkeypatch.setattr(finishing, "styled", lambda profile: replace(styled(profile), steps=1))
    torch.set_num_threads(1)


def trained(capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    status = main([*COMMAND, *more])
    written = capsys.readouterr()
    assert status == 0, written.err
    found: dict[str, Any] = json.loads(written.out)
    return found


def killed_after_its_first_epoch() -> None:
    command = [sys.executable, "-m", "engine", *COMMAND]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if "epoch 1:" in line:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL


@pytest.mark.timeout(300)  # three trainings of the embedded model, beside other tests
def test_a_killed_training_ends_with_the_adapter_of_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "cut"))
    killed_after_its_first_epoch()
    left = [*(tmp_path / "cut" / "styles").glob("*")]

    resumed = trained(capsys, "--resume")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "whole"))
    whole = trained(capsys)

    losses = [[(epoch["train_loss"], epoch["held_out_loss"]) for epoch in run["epochs"]] for run in (resumed, whole)]
    first, second = (load_file(Path(run["folder"]) / "adapter_model.safetensors") for run in (resumed, whole))
    assert left == []
    assert losses[0] == losses[1]
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert resumed["warnings"] == []
