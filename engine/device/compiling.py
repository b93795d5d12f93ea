"""A model that answers at once as it comes, and faster as soon as its compiled form is ready in the background."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from engine.device.buckets import Run

log = logging.getLogger(__name__)

Record = Callable[[Run, Sequence[Tensor]], Run]
Backend = str | Callable[..., Any]
"""Of torch.compile: a name, or a function."""
Shapes = tuple[tuple[torch.Size, torch.dtype], ...]


class Compiling:
    """Of one function of tensors. `record` makes a compiled form faster still, where it is first used (CUDA graphs).

    Without a `backend` of torch.compile the function stays as it is.
    """

    def __init__(self, run: FunctionType, backend: Backend | None = "inductor", record: Record | None = None) -> None:
        self._run, self._backend, self._record = run, backend, record
        self._pool = ThreadPoolExecutor(1, "compile")
        self._compiled: dict[Shapes, Future[Run]] = {}
        self._recorded: dict[Shapes, Run] = {}

    def form(self, *example: Tensor) -> Run:
        """The best form there is for calls shaped like `example`. A wave asks once, so that all its steps are alike."""
        if self._backend is None:
            return self._run
        shapes = tuple((tensor.shape, tensor.dtype) for tensor in example)
        if shapes not in self._compiled:
            self._compiled[shapes] = self._pool.submit(self._compile, example)
        if not self._compiled[shapes].done():
            return self._run
        if shapes not in self._recorded:
            compiled = self._compiled[shapes].result()
            self._recorded[shapes] = self._record(compiled, example) if self._record else compiled
        return self._recorded[shapes]

    def wait(self) -> None:
        """Until everything that was asked for is compiled."""
        for compiled in list(self._compiled.values()):
            compiled.result()

    def close(self) -> None:
        """What is being compiled is finished in vain; nothing more is begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _compile(self, example: Sequence[Tensor]) -> Run:
        begun = time.monotonic()
        compiled: Run = torch.compile(_own(self._run), fullgraph=True, dynamic=False, backend=self._backend or "eager")
        try:
            # Cloned in here: tensors made outside are of another kind, for which it would be compiled once more.
            with torch.inference_mode():
                compiled(*(tensor.clone() for tensor in example))
        except Exception as error:  # noqa: BLE001 - whatever a compiler fails with, painting goes on without it
            log.warning("this model cannot be compiled here and stays as it is: %s", error)
            return self._run
        log.info("compiled", extra={"seconds": round(time.monotonic() - begun, 1), "shape": list(example[0].shape)})
        return compiled


def _own(run: FunctionType) -> FunctionType:
    """The function with code of its own: PyTorch counts compiled forms per code, and gives up at eight."""
    return FunctionType(run.__code__.replace(), run.__globals__, run.__name__, run.__defaults__, run.__closure__)
