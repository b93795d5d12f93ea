"""A training as the engine's loop sees it: pieces to be run one after the other. It knows no torch."""

from collections.abc import Iterator
from typing import Any, Protocol

from engine.contract.training import TrainStyle

OVER: Any = object()
"""What comes after the last piece."""


class Work(Protocol):
    """What engine.training.training.Training offers."""

    order: TrainStyle

    def pieces(self) -> Iterator[Any]:
        """A generator that yields an event or None; the code between two yields is a piece, run by a painter."""

    def cancel(self) -> None:
        """End soon and keep what there is."""


class TrainingRun:
    """A training that has begun, and how far it is."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.cancelled = False
        self._pieces = work.pieces()

    def next(self) -> Any:
        """Run a piece: an event, None, or OVER."""
        return next(self._pieces, OVER)

    def cancel(self) -> None:
        """May be called from any thread."""
        self.cancelled = True
        self.work.cancel()
