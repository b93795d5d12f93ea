"""The plan of faults: what is broken after how many jobs, drawn once from the seed. It breaks nothing itself."""

import random
from dataclasses import dataclass

from bench.soak.size import Size

# These end a process. They come early, so that the same two processes live through the second half, in which their
# memory is measured, and are warm by then.
DEADLY = ("engine killed", "bot killed")
OTHERS = (
    "Discord's socket cut",
    "Slack's socket cut",
    "Discord answers 429",
    "Slack answers 429",
    "Discord answers 503",
    "Slack answers 500",
    "Discord's answers lost",
    "Slack's answers lost",
    "disk full",
    "slow hub",
)
KINDS = (*DEADLY, *OTHERS)


@dataclass(frozen=True)
class Planned:
    """`after`: so many jobs have ended by then."""

    after: int
    kind: str


def plan(size: Size) -> list[Planned]:
    """Each kind as often as the size says, in the order in which they strike; the same for the same seed."""
    rng = random.Random(f"{size.seed}:faults")  # noqa: S311  # lots, no secrets
    first, last = max(1, size.jobs // 20), size.jobs - max(1, size.jobs // 10)
    early = size.jobs * 2 // 5
    planned = [
        Planned(rng.randint(first, early if kind in DEADLY else last), kind)
        for kind in KINDS
        for _ in range(size.faults_of_a_kind)
    ]
    return sorted(planned, key=lambda each: (each.after, each.kind))
