"""A model that can be called at once, and is faster as soon as its compiled form is ready in the background."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from engine.device.background import in_background
from engine.device.buckets import Run

log = logging.getLogger(__name__)

Record = Callable[[Run, Sequence[Tensor]], Run]
Backend = str | Callable[..., Any]
"""Of torch.compile: a name, or a function."""
Shapes = tuple[tuple[torch.Size, torch.dtype], ...]


class Compiling:
    """Of one function of tensors. `record` makes a form faster still, where it is first used (CUDA graphs).

    Without a `backend` of torch.compile the function stays as it is.
    """

    def __init__(self, run: FunctionType, backend: Backend | None = "inductor", record: Record | None = None) -> None:
        self._run, self._backend, self._record = run, backend, record
        self._compiled: dict[Shapes, Future[Run | None]] = {}
        self._best: dict[Shapes, Run] = {}

    def form(self, *example: Tensor) -> Run:
        """The best form there is for calls shaped like `example`. A wave asks once, so that all its steps are alike."""
        shapes = tuple((tensor.shape, tensor.dtype) for tensor in example)
        if self._backend is None:
            return self._best.get(shapes, self._run)
        if shapes not in self._best:
            # What is recorded hardly needs Python, which the compiler keeps busy from here on.
            self._best[shapes] = self._recorded(self._run, example)
            self._compiled[shapes] = in_background(partial(self._compile, example))
        if shapes in self._compiled and self._compiled[shapes].done():
            compiled = self._compiled.pop(shapes).result()
            if compiled is not None:
                # The earlier recording first gives its memory back.
                del self._best[shapes]
                self._best[shapes] = self._recorded(compiled, example)
        return self._best[shapes]

    def wait(self) -> None:
        """Until everything that was asked for is compiled."""
        for compiled in list(self._compiled.values()):
            compiled.result()

    def close(self) -> None:
        """Nothing more is begun; what is being compiled is finished in vain. Waves under way go on in the forms that
        there are."""
        for compiled in self._compiled.values():
            compiled.cancel()
        self._compiled.clear()
        self._backend = None

    def _recorded(self, run: Run, example: Sequence[Tensor]) -> Run:
        if self._record is None:
            return run
        try:
            return self._record(run, _inference(example))
        except RuntimeError as error:
            log.warning("this model cannot be recorded here and is called step by step: %s", error)
            return run

    def _compile(self, example: Sequence[Tensor]) -> Run | None:
        """None where this fails."""
        start = time.monotonic()
        compiled: Run = torch.compile(
            _with_own_code(self._run), fullgraph=True, dynamic=False, backend=self._backend or "eager"
        )
        try:
            with torch.inference_mode():
                compiled(*_inference(example))
        except Exception as error:  # noqa: BLE001 - whatever a compiler fails with, painting goes on without it
            log.warning("this model cannot be compiled here and stays as it is: %s", error)
            return None
        log.info("compiled", extra={"seconds": round(time.monotonic() - start, 1), "shape": list(example[0].shape)})
        return compiled


@torch.inference_mode()
def _inference(example: Sequence[Tensor]) -> list[Tensor]:
    """Clones made in inference mode. What is made outside of it is of another kind, for which the model would be
    compiled once more."""
    return [tensor.clone() for tensor in example]


def _with_own_code(run: FunctionType) -> FunctionType:
    """The function with code of its own: PyTorch counts compiled forms per code, and gives up at eight."""
    return FunctionType(run.__code__.replace(), run.__globals__, run.__name__, run.__defaults__, run.__closure__)
