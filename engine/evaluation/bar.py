"""An evaluation seen from a terminal, on standard error: a bar with the time left, elsewhere a line a while."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.contract import events

LINE_SECONDS = 30.0
MINUTE = 60


class EvaluationBar:
    """Used as a context. `total` pictures are to be painted; the time left is that of the pace so far."""

    def __init__(self, total: int) -> None:
        self._console = Console(stderr=True, soft_wrap=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[eta]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("waiting", total=total, eta="")
        self._total, self._done = total, 0
        self._begun = self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, words: str) -> None:
        self._console.print(words, markup=False)

    def update(self, state: events.Progress) -> None:
        """What the engine is at; between two pictures also how far these are."""
        eta = f"{state.done / 1e6:.0f} of {state.total / 1e6:.0f} MB" if state.phase == "fetching" else self._left()
        self._progress.update(self._task, description=state.phase, eta=eta)

    def painted(self) -> None:
        self._done += 1
        self._progress.update(self._task, completed=self._done, eta=self._left())
        if not self._console.is_terminal and time.monotonic() - self._said > LINE_SECONDS:
            self._said = time.monotonic()
            self.say(f"{self._done} of {self._total} pictures, {self._left()}")

    def _left(self) -> str:
        if not self._done:
            return ""
        seconds = (time.monotonic() - self._begun) / self._done * (self._total - self._done)
        return f"about {seconds:.0f} s left" if seconds < MINUTE else f"about {seconds / MINUTE:.0f} min left"
