"""Checkpoints from which a stage that was cut off goes on: everything that learned, every few minutes."""

import json
import shutil
from pathlib import Path
from typing import Any

from torch import Tensor


class Keeper:
    """Keeps `modules` and the state of `optimizer` in a folder, whole or not at all, as safetensors and JSON."""

    def __init__(self, folder: Path, optimizer: Any, **modules: Any) -> None:
        self._folder, self._optimizer, self._modules = folder, optimizer, modules

    def write(self, steps: int) -> None:
        """`steps` have been taken."""
        from safetensors.torch import save_file

        half = self._folder.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        for name, module in self._modules.items():
            save_file(_copied(module.state_dict()), half / f"{name}.safetensors")
        save_file(self._optimizer_state(), half / "optimizer.safetensors")
        (half / "place.json").write_text(json.dumps({"steps": steps}))
        shutil.rmtree(self._folder, ignore_errors=True)
        half.replace(self._folder)

    def read(self) -> int:
        """Puts everything back; returns the steps that were taken, 0 where nothing was kept."""
        from safetensors.torch import load_file

        if not self._folder.exists():
            return 0
        for name, module in self._modules.items():
            module.load_state_dict(load_file(self._folder / f"{name}.safetensors"))
        tensors = load_file(self._folder / "optimizer.safetensors")
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            index, _, key = name.partition(".")
            state.setdefault(int(index), {})[key] = value
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state, "param_groups": groups})
        steps: int = json.loads((self._folder / "place.json").read_text())["steps"]
        return steps

    def forget(self) -> None:
        """The stage is finished."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _optimizer_state(self) -> dict[str, Tensor]:
        state = self._optimizer.state_dict()["state"]
        return {f"{index}.{key}": value for index, values in state.items() for key, value in _copied(values).items()}


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """On the CPU, each with memory of its own."""
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
