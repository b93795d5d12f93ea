"""What is painted together. A wave is one batch: rows of any jobs that share a mix."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mix:
    """All that the rows of one batch must have in common."""

    model: str
    style: str | None
    weight: float
    steps: int
    guidance: float


@dataclass(frozen=True)
class Row:
    """One picture to be painted: `prompt` is dressed; `seed` seeds a CPU generator for its own noise."""

    job: str
    cell: str
    prompt: str
    negative: str
    seed: int


@dataclass(frozen=True)
class Wave:
    id: int
    mix: Mix
    rows: tuple[Row, ...]
