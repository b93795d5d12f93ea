"""What can go wrong, in words for the person who asked.

TesseraError
├── BadRequest        the order cannot be obeyed as it is written (exit status 2)
│   └── BadStyle      its files are not a style that can be used
│       └── NoStyle   there is no style of that name
├── NoModel           a checkpoint cannot be had: no network, gated, half fetched
├── NoFillers         the filler source has nothing to offer
├── NoData            training data cannot be had or is too little
├── OutOfMemory       one single picture does not fit
├── DiskFull          nothing more can be written
├── PaintingFailed    the model itself failed on a picture
├── TrainingFailed    a training run ended without a style
├── Cancelled         somebody asked for the end
├── Mismatch          bot and engine speak different versions of the contract
└── EngineAway        nothing answers at the engine's address
"""

import errno
from typing import ClassVar, Literal

Reason = Literal[
    "bad_request",
    "bad_style",
    "no_style",
    "no_model",
    "no_fillers",
    "no_data",
    "out_of_memory",
    "disk_full",
    "painting_failed",
    "training_failed",
    "cancelled",
    "mismatch",
    "engine_away",
]


class TesseraError(Exception):
    """A failure with a sentence for the person who asked, a reason for programs and an exit status for shells."""

    reason: ClassVar[Reason] = "painting_failed"
    exit_status: ClassVar[int] = 1


class BadRequest(TesseraError):
    reason: ClassVar[Reason] = "bad_request"
    exit_status = 2


class BadStyle(BadRequest):
    reason: ClassVar[Reason] = "bad_style"


class NoStyle(BadStyle):
    reason = "no_style"


class NoModel(TesseraError):
    reason = "no_model"


class NoFillers(TesseraError):
    reason = "no_fillers"


class NoData(TesseraError):
    reason = "no_data"


class OutOfMemory(TesseraError):
    """`less`: from now on less is computed at once, so that the same may fit if it is tried again."""

    reason = "out_of_memory"
    less = False


class DiskFull(TesseraError):
    reason = "disk_full"


class PaintingFailed(TesseraError):
    reason = "painting_failed"


class TrainingFailed(TesseraError):
    reason = "training_failed"


class Cancelled(TesseraError):
    reason = "cancelled"


class Mismatch(TesseraError):
    reason = "mismatch"


class EngineAway(TesseraError):
    """`there`: an engine answers, but not to us; a second one beside it would help nobody."""

    reason = "engine_away"
    there = False


def disk_full(error: BaseException) -> bool:
    """Whether the system refused to write as there is no room, or no more of it for this user."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _tree(root: type[TesseraError]) -> list[type[TesseraError]]:
    return [root, *(below for child in root.__subclasses__() for below in _tree(child))]


def from_reason(reason: str, detail: str) -> TesseraError:
    """The error of the tree that `reason` names, so that a failure told over HTTP is raised as itself."""
    kinds = {kind.reason: kind for kind in _tree(TesseraError)}
    return kinds.get(reason, PaintingFailed)(detail)  # type: ignore[call-overload,no-any-return]
