"""A training on its way: its work, and where in it a painter is. What the work is, only engine.training knows."""

from collections.abc import Iterator
from typing import Any, Protocol

OVER: Any = object()
"""What comes after the last piece."""


class Work(Protocol):
    """engine.training.training.Training is one."""

    def pieces(self) -> Iterator[Any]:
        """Everything between two yields runs where a painter works; what is yielded is an event or None."""

    def cancel(self) -> None:
        """End soon, with what there is."""


class Lesson:
    """A work, piece by piece."""

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
