"""What an engine and an easel say to each other, besides the calls of the Painter protocol."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.cluster.parcels import Files
from engine.contract.approaches import Profile


class Claimed(Exception):
    """Another engine works with this easel."""


@dataclass(frozen=True)
class Claim:
    """What an engine learns of an easel that it claims; `program_hash` must be its own, or the two would not
    understand."""

    program_hash: str
    profile: Profile
    pid: int
    most: int | None = None
    """How many pictures in a wave keep its device busy, where the painter has measured that."""
    styles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """What came of a piece of training: `news` is an event or None; files are there when something was saved."""

    over: bool
    news: Any = None
    checkpoints: dict[str, Files] = field(default_factory=dict)
    style: Files | None = None


def program_hash() -> str:
    """A hash of this program's own text: engine and easel must be of the same version."""
    root = Path(__file__).parent.parent
    digest = sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
