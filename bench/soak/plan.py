"""The plan of faults: what is broken after how many jobs, drawn once from the seed. It breaks nothing itself."""

import random
from dataclasses import dataclass

from bench.soak.size import Size

# These end a process.
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
    """Each kind as often as the size says, in the order in which they strike; the same for the same seed.

    The same two processes live through the second half, in which their memory is measured, and have met every kind of
    fault by then, where there are several of a kind: code that runs for the first time takes memory that stays.
    """
    rng = random.Random(f"{size.seed}:faults")  # noqa: S311  # lots, no secrets
    times = size.faults_of_a_kind
    faults = [
        Planned(rng.randint(*_between(size.jobs, kind, meets=number == 0 and times > 1)), kind)
        for kind in KINDS
        for number in range(times)
    ]
    return sorted(faults, key=lambda each: (each.after, each.kind))


def _between(jobs: int, kind: str, *, meets: bool) -> tuple[int, int]:
    """After how many jobs a fault may strike; `meets`: it is there for the processes to have met its kind."""
    first, early, half, last = max(1, jobs // 20), jobs // 4, jobs // 2, jobs - max(1, jobs // 10)
    if kind in DEADLY:
        return first, early
    return (early, half) if meets else (first, last)
