"""What the engine answers: events in the past tense, with exactly one ending. Unknown fields are ignored."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from engine.contract.comparison import Compared, ComparisonEstimated, ComparisonPlanned
from engine.contract.errors import Reason
from engine.contract.grid import Data, GridScore, Judged, Plan
from engine.contract.scoring import Scored
from engine.contract.training import EpochEnded, Estimated, StyleTrained

VERSION = 3
"""Raised with every change of what is said, so that an engine of before that still runs is told from ours."""
SENT_ALONG = 16 * 1024
"""Bytes: every picture of the embedded model, none of Stable Diffusion."""

GridPhase = Literal["waiting", "fetching", "loading", "planning", "painting", "judging"]
TrainingPhase = Literal["encoding", "training", "validating", "saving"]
Phase = GridPhase | TrainingPhase


class GridPlanned(Data):
    """The first event of a grid; the bot commits it before anything else."""

    event: Literal["grid_planned"] = "grid_planned"
    plan: Plan


class Progress(Data):
    """`done` of `total` pictures, of bytes while a model is fetched, of steps while training; `eta_s` counts from now.

    `preview` is a JPEG in base64, laid out like the sheet.
    """

    event: Literal["progress"] = "progress"
    done: float
    total: int
    phase: Phase
    eta_s: float | None = None
    preview: str | None = None


class PicturePainted(Judged):
    """A cell is ready to be fetched as PNG: `bytes` long, with this SHA-256. A withheld one has no picture.

    `png` is the file itself in base64 where it is so small that asking for it would cost more than sending it along.
    """

    event: Literal["picture_painted"] = "picture_painted"
    cell: str
    sha256: str | None = None
    bytes: int = 0
    png: str | None = None


class GridMade(Data):
    event: Literal["grid_made"] = "grid_made"
    score: GridScore


class JobFailed(Data):
    """The job ended without its result; `detail` is a sentence for the person who asked."""

    event: Literal["job_failed"] = "job_failed"
    reason: Reason
    detail: str


Event = (
    GridPlanned
    | ComparisonPlanned
    | Progress
    | PicturePainted
    | GridMade
    | EpochEnded
    | StyleTrained
    | Estimated
    | ComparisonEstimated
    | Compared
    | Scored
    | JobFailed
)
ENDINGS = (GridMade, StyleTrained, Estimated, ComparisonEstimated, Compared, Scored, JobFailed)

_events: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def read(line: str | bytes) -> Event:
    """One line of the stream. Raises pydantic's ValidationError where the engine speaks another contract."""
    return _events.validate_json(line)
