"""A trace of mixed jobs: when each came, and how much it paints. `python -m bench.trace` draws it anew, from a seed.

Nobody's real orders: times and kinds are drawn once from the shares below and kept, so that every run meets the same.
"""

import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path

PLACE = Path(__file__).parent / "traces" / "mixed.json"
SEED, JOBS, GAP_SECONDS = 7, 150, 13.0
SHARES = (
    # share, pictures that are painted, steps: what people ask for …
    (0.40, 16, 50),  # approach 1, 4 x 4 blocks
    (0.15, 64, 50),  # approach 3
    (0.15, 16, 4),  # approach 2, a distilled model
    (0.15, 4, 50),  # approach 1, 2 x 2 blocks, to try a prompt
    (0.10, 1, 50),  # one block
    (0.05, 256, 50),  # approach 3, 8 x 8 blocks
)


@dataclass(frozen=True)
class Arrival:
    """`at` is in seconds; `rows` pictures are painted in `steps` steps."""

    at: float
    rows: int
    steps: int

    @property
    def row_steps(self) -> int:
        return self.rows * self.steps


def draw(rng: random.Random, n: int = JOBS, gap: float = GAP_SECONDS) -> list[Arrival]:
    """Arrivals without memory, `gap` seconds apart on average."""
    now, jobs = 0.0, []
    for _ in range(n):
        now += rng.expovariate(1 / gap)
        _, rows, steps = rng.choices(SHARES, [share for share, _, _ in SHARES])[0]
        jobs.append(Arrival(round(now, 1), rows, steps))
    return jobs


def read() -> list[Arrival]:
    return [Arrival(**job) for job in json.loads(PLACE.read_text())]


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    rows = ",\n ".join(json.dumps(asdict(job)) for job in draw(random.Random(SEED)))  # noqa: S311 - the same lots every time
    PLACE.write_text(f"[{rows}]\n")
