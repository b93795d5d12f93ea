"""The machine in a line, and what it does at best: matrix products and copies, measured here and now."""

import os
import platform
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch

from engine.versions import versions

# A card needs larger matrices to be busy.
SIDE, CARD_SIDE = 2048, 8192
COPIED = 256 * 2**20
HELD_SECONDS, TOGETHER = 3.0, 20
PACKAGES = ("torch", "diffusers", "transformers", "peft", "numpy", "pillow")


def describe() -> dict[str, Any]:
    """Date, processor or card, cores, memory, versions."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "versions": versions(PACKAGES),
        "load": round(os.getloadavg()[0], 2),
    }


def line(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"{machine['device']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Python {machine['python']}, "
        f"{versions}; load {machine['load']} when it began"
    )


def rates(device: torch.device | None = None, *, tiny: bool = False) -> dict[str, float]:
    """GFLOP/s of a large matrix product in fp32 and bf16, and GB/s read and written by a large copy. `held` is bf16 for
    some seconds on a card, whose power then runs into its limit. `tiny` only tries how that is done."""
    side, copied = (128, 2**20) if tiny else (SIDE if device is None or device.type == "cpu" else CARD_SIDE, COPIED)
    place = device or torch.device("cpu")
    rates = {}
    with torch.inference_mode():
        for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
            matrix = torch.randn(side, side, device=place).to(dtype)
            rates[name] = 2 * side**3 / best(partial(torch.mm, matrix, matrix), place) / 1e9
        source = torch.zeros(copied, dtype=torch.uint8, device=place)
        target = torch.zeros_like(source)
        rates["copy"] = 2 * copied / best(lambda: target.copy_(source), place) / 1e9
        if place.type == "cuda" and not tiny:
            rates["held"] = 2 * side**3 / held(partial(torch.mm, matrix, matrix), place) / 1e9
    return {name: round(rate, 1) for name, rate in rates.items()}


def best(work: Callable[[], object], device: torch.device, times: int = 7) -> float:
    """The least seconds of some tries: a ceiling is what the machine can do when nobody disturbs."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def held(work: Callable[[], object], device: torch.device, seconds: float = HELD_SECONDS) -> float:
    """Seconds of one call where one follows the other for so long, and some at least."""
    calls, start = 0, time.perf_counter()
    while not calls or time.perf_counter() - start < seconds:
        best(lambda: [work() for _ in range(TOGETHER)], device, 1)
        calls += TOGETHER
    return (time.perf_counter() - start) / calls


def _processor() -> str:
    try:
        match = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        match = None
    return match.group(1) if match else platform.processor() or platform.machine()
