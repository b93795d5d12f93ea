"""A card that is none: PyTorch's own functions over what a driver would answer, and tensors that stay where they are.

What PyTorch refuses it refuses here as well, such as "cuda" where it wants a card's number.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

BYTES = 80 * 2**30


class Staying(TorchFunctionMode):
    """What is sent to the card stays on the processor; in the thread that enters it."""

    def __torch_function__(self, func: Callable[..., Any], _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*map(_here, args), **{name: _here(value) for name, value in (kwargs or {}).items()})


class Event:
    """Over at once, as what it stands for was done on the processor."""

    def record(self) -> None:
        """There is no stream to take note."""

    def synchronize(self) -> None:
        """There is nothing to wait for."""


def put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on PyTorch says that there is a card; no graph can be recorded on it."""
    about = SimpleNamespace(name="NVIDIA Pretended", total_memory=BYTES)
    answers = {
        "_cuda_emptyCache": lambda: None,
        "_cuda_getDevice": lambda: 0,
        "_cuda_getMemoryFraction": lambda _device: 1.0,
        "_cuda_memoryStats": lambda _device: {"allocated_bytes": {"all": {"peak": BYTES // 100}}},
        "_cuda_resetPeakMemoryStats": lambda _device: None,
        "_cuda_synchronize": lambda: None,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(torch._C, name, answer, raising=False)
    monkeypatch.setattr(torch.cuda, "_initialized", True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "_get_device_properties", lambda _device: about, raising=False)
    monkeypatch.setattr(torch.cuda, "_exchange_device", lambda _device: 0)
    monkeypatch.setattr(torch.cuda, "_maybe_exchange_device", lambda _device: 0)
    monkeypatch.setattr(torch.cuda, "cudart", lambda: SimpleNamespace(cudaMemGetInfo=lambda _device: (BYTES, BYTES)))
    monkeypatch.setattr(torch.cuda, "Event", Event)


def _here(value: Any) -> Any:
    return torch.device("cpu") if isinstance(value, torch.device) and value.type == "cuda" else value
