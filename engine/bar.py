"""A progress bar on standard error that says what is being waited for and how long it takes."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.contract import events
from engine.contract.grid import Plan


class Bar:
    """Used as a context. Nothing of it stays but a line when it is complete; a terminal is needed to see it move."""

    def __init__(self, title: str) -> None:
        self._console = Console(stderr=True)
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
        self._title, self._begun = title, time.monotonic()
        self._task = self._progress.add_task(title, total=None, eta="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show_prompts(self, plan: Plan) -> None:
        """The filler prompts, as they were made."""
        if plan.filler_prompts:
            self._console.print(f"{len(plan.filler_prompts)} filler prompts by {plan.writer}:", style="dim")
            self._console.print(escape("; ".join(plan.filler_prompts)), style="dim")

    def complete(self) -> None:
        self._progress.stop()
        total = self._progress.tasks[0].total or 0
        self._console.print(f"{self._title}: {total:.0f} pictures in {time.monotonic() - self._begun:.1f} s")

    def update(self, state: events.Progress) -> None:
        eta = f"about {state.eta_s:.0f} s left" if state.eta_s else ""
        if state.phase == "fetching":
            eta = f"{state.done / 1e6:.0f} of {state.total / 1e6:.0f} MB"
        self._progress.update(
            self._task,
            description=f"{self._title}, {state.phase}",
            completed=int(state.done),
            total=state.total,
            eta=eta,
        )
