"""A card as this painter uses it: what was measured about it, and from that how models run on it."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from engine import checkpoints
from engine.contract.approaches import EMBEDDED, PROFILES, Profile
from engine.device import backends, graphs, sizes
from engine.device.clock import Clock
from engine.device.compile_cache import keep_compiled
from engine.device.compiling import Backend, Record
from engine.device.forms import Forms
from engine.device.memory import memory_of
from engine.device.remembered import Remembered
from engine.device.sizes import Sizes
from engine.settings import Settings

log = logging.getLogger(__name__)


class Card:
    """`measured`: sizes by model; a model that is not there yet has the defaults, and is measured at the next start."""

    def __init__(
        self, measured: Mapping[str, Sizes], backend: Backend | None = "inductor", record: Record | None = graphs.record
    ) -> None:
        self._measured, self._backend, self._record = measured, backend, record
        self._last_step: torch.cuda.Event | None = None
        self._halvings = 0

    @property
    def most(self) -> int:
        """Pictures in a wave."""
        return max((size.pictures for size in self._measured.values()), default=Sizes().pictures)

    @property
    def ahead(self) -> bool:
        """Whether the next step is prepared while the device still works on the last one."""
        return torch.cuda.is_available()

    def forms(self, model: str, pipe: Any) -> Forms:
        size = self._measured.get(model, Sizes()).halved(self._halvings)
        return Forms(pipe, size, self._backend, self._record)

    def make_room(self) -> bool:
        """What was measured does not fit any more: forms that are made from now on take half as much at once. Whether
        that is less than before."""
        halvings_before, self._halvings = self._halvings, self._halvings + 1
        sizes = (Sizes(), *self._measured.values())
        return any(size.halved(self._halvings) != size.halved(halvings_before) for size in sizes)

    def launched(self) -> None:
        """A step was launched. Waits until the one before it is done: the device never idles between two steps, and a
        step stays a point where a wave can be stopped."""
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        if self._last_step is not None:
            self._last_step.synchronize()
        self._last_step = event


def measured_card(
    device: torch.device, dtype: torch.dtype, settings: Settings, profile: Profile, stack: ExitStack
) -> Card:
    """The card at `device`; what is not remembered of it is measured now, some seconds. `stack` ends its use."""
    name = f"{torch.cuda.get_device_name(device)} with {memory_of(device) / 2**30:.0f} GiB"
    what = f"{name}, torch {torch.__version__}, diffusers {version('diffusers')}"
    remembered = Remembered(settings.cache_dir / "device.json", what)
    keep_compiled(settings.cache_dir / "compiled", what)
    clock = Clock(device)
    order = backends.fastest(device, dtype, clock, remembered)
    stack.enter_context(backends.preferring(order))
    measured = {
        model: sizes.sizes(folder, device, dtype, clock, remembered)
        for model in dict.fromkeys(row.model for row in PROFILES[profile].values())
        if (folder := _folder(model)) is not None
    }
    if clock.restless:
        log.warning(
            "others are using this device: what was measured may be wrong, and is measured again at the next start"
        )
    torch.cuda.empty_cache()
    return Card(measured)


def _folder(model: str) -> Path | None:
    """The checkpoint's folder, where it has been fetched."""
    if model == EMBEDDED:
        from engine import embedded

        return embedded.PIPELINE
    return checkpoints.local(model, half=True)
