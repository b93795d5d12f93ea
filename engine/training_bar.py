"""A training seen from a terminal: a bar with the time left, and a line for each epoch."""

from engine.bar import Bar, duration
from engine.contract import events
from engine.contract.training import EpochEnded


class TrainingBar(Bar):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._name = name

    def say(self, words: str) -> None:
        super().say(f"{self._name}: {words}")

    def update(self, state: events.Progress) -> None:
        eta = f"at most {duration(state.eta_s)} left" if state.eta_s else ""
        self.show(f"{self._name}, {state.phase}", eta, state.done, state.total)

    def epoch(self, event: EpochEnded) -> None:
        mark = " (best)" if event.best == event.epoch else f" (best: epoch {event.best})"
        self.say(
            f"epoch {event.epoch}: training loss {event.train_loss:.4f}, held out {event.held_out_loss:.4f}{mark}, "
            f"{event.seconds:.1f} s"
        )
