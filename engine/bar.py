"""A progress bar on standard error: what is being waited for, how far it is and how long it takes."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

MINUTE = 60


class Bar:
    """Used as a context. Nothing of the bar stays, only what is said; a terminal is needed to see it move."""

    def __init__(self, title: str, total: int | None = None) -> None:
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[eta]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._progress.add_task(title, total=total, eta="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, words: str) -> None:
        """A line that stays."""
        self.console.print(words, markup=False)

    def show(self, title: str, eta: str, done: float | None = None, total: int | None = None) -> None:
        """The bar's newest state; what is None stays as it is."""
        completed = None if done is None else int(done)
        self._progress.update(self._task, description=title, completed=completed, total=total, eta=eta)


def megabytes(done: float, total: float) -> str:
    return f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"


def duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < MINUTE else f"{seconds / MINUTE:.0f} min"
