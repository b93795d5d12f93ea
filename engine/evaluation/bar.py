"""An evaluation seen from a terminal: a bar with the time left; where there is no terminal, a line a while."""

import time

from engine.bar import Bar, duration, megabytes
from engine.contract import events

LINE_SECONDS = 30.0


class EvaluationBar(Bar):
    """`total` pictures are to be painted; the time left is that of the pace so far."""

    def __init__(self, total: int) -> None:
        super().__init__("waiting", total)
        self._total, self._done, self._phase = total, 0, "waiting"
        self._start = self._last_line = time.monotonic()

    def update(self, state: events.Progress) -> None:
        """What the engine is at; between two pictures also how far these are."""
        self._phase = state.phase
        fetching = state.phase == "fetching"
        self.show(state.phase, megabytes(state.done, state.total) if fetching else self._time_left())

    def painted(self) -> None:
        self._done += 1
        self.show(self._phase, self._time_left(), self._done)
        if not self.console.is_terminal and time.monotonic() - self._last_line > LINE_SECONDS:
            self._last_line = time.monotonic()
            self.say(f"{self._done} of {self._total} pictures, {self._time_left()}")

    def _time_left(self) -> str:
        if not self._done:
            return ""
        return f"about {duration((time.monotonic() - self._start) / self._done * (self._total - self._done))} left"
