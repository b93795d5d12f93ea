"""A grid seen from a terminal: a bar, the filler prompts as they were made, and a line when it is complete."""

import time

from engine.bar import Bar, duration, megabytes
from engine.contract import events
from engine.contract.grid import Plan


class GridBar(Bar):
    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._title, self._start = title, time.monotonic()

    def show_prompts(self, plan: Plan) -> None:
        if plan.filler_prompts:
            self.say(f"{len(plan.filler_prompts)} filler prompts by {plan.writer}: {'; '.join(plan.filler_prompts)}")

    def update(self, state: events.Progress) -> None:
        eta = f"about {duration(state.eta_s)} left" if state.eta_s else ""
        if state.phase == "fetching":
            eta = megabytes(state.done, state.total)
        self.show(f"{self._title}, {state.phase}", eta, state.done, state.total)

    def complete(self, pictures: int) -> None:
        self.say(f"{self._title}: {pictures} pictures in {time.monotonic() - self._start:.1f} s")
