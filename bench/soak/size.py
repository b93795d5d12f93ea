"""How large a soak is."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Size:
    """`minutes`: after so many nobody orders any more, None for no end but `jobs`. `patience`: seconds one waits."""

    jobs: int = 4000
    people: int = 50
    seed: int = 7
    minutes: float | None = None
    painter: Literal["fake", "local"] = "fake"
    rounds: int | None = None
    patience: float = 180.0

    @property
    def faults_of_a_kind(self) -> int:
        """One for every 250 jobs, unless it is said."""
        return self.rounds if self.rounds is not None else max(1, self.jobs // 250)
