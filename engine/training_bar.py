"""A training seen from a terminal, on standard error: a bar with the time left, and a line for each epoch."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.contract import events
from engine.contract.training import EpochEnded


class TrainingBar:
    """Used as a context. The lines stay; the bar needs a terminal and goes when it is done."""

    def __init__(self, name: str) -> None:
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
        self._name = name
        self._task = self._progress.add_task(name, total=None, eta="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, words: str) -> None:
        self._console.print(f"{self._name}: {words}", markup=False)

    def update(self, state: events.Progress) -> None:
        eta = f"at most {_time(state.eta_s)} left" if state.eta_s else ""
        title = f"{self._name}, {state.phase}"
        self._progress.update(self._task, description=title, completed=int(state.done), total=state.total, eta=eta)

    def epoch(self, ended: EpochEnded) -> None:
        mark = " (best)" if ended.best == ended.epoch else f" (best: epoch {ended.best})"
        self.say(
            f"epoch {ended.epoch}: training loss {ended.train_loss:.4f}, held out {ended.held_out_loss:.4f}{mark}, "
            f"{ended.seconds:.1f} s"
        )


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - a minute
