"""How long a training step takes on this machine: measured while training, kept for the next estimate."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from engine.settings import Settings
from engine.training.recipe import Recipe

NEWEST = 0.1
"""Weight of the newest step in the running mean."""


class Stopwatch:
    """Seconds since it was made, but for those in which it was stopped."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._start += time.perf_counter() - start


class Pace:
    """Seconds per step for a base, a device and a batch."""

    def __init__(self, settings: Settings, recipe: Recipe, device: str) -> None:
        self._file = settings.training_dir / "pace.json"
        self._key = f"{recipe.base} on {device}, {recipe.batch} at once"
        self.seconds: float | None = _read(self._file).get(self._key)

    @contextlib.contextmanager
    def timed(self) -> Iterator[Stopwatch]:
        """Learn from one step, without the time in which the watch is stopped."""
        watch = Stopwatch()
        yield watch
        seconds = watch.seconds
        mean = seconds if self.seconds is None else self.seconds
        self.seconds = mean + NEWEST * (seconds - mean)

    def seconds_for(self, steps: int) -> float | None:
        """How long so many steps take; None where nothing is known yet."""
        return None if self.seconds is None else self.seconds * steps

    def keep(self) -> None:
        """Raises OSError."""
        if self.seconds is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        half = self._file.with_suffix(".half")
        half.write_text(json.dumps({**_read(self._file), self._key: round(self.seconds, 5)}))
        half.replace(self._file)


def _read(file: Path) -> dict[str, float]:
    try:
        seconds_by_key: dict[str, float] = json.loads(file.read_text())
    except (OSError, ValueError):
        # A missing or spoilt note only means that nothing can be foretold.
        return {}
    return seconds_by_key
