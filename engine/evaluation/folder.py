"""An evaluation's folder: checked before anything is painted, and refused where it holds something else."""

import tempfile
from pathlib import Path

from engine.contract.errors import BadRequest, DiskFull, disk_full

JOURNAL = "cells.jsonl"


def prepared(place: Path) -> Path:
    """The folder, with room for its cells. Raises BadRequest where it holds something else, or cannot be written."""
    place = place.absolute()
    try:
        if place.is_dir() and any(place.iterdir()) and not (place / JOURNAL).is_file():
            raise BadRequest(f"{place} holds something other than an evaluation; name a new folder with --out.")
        (place / "cells").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise unwritten(place, error) from error
    return place


def unwritten(place: Path, error: OSError) -> BadRequest | DiskFull:
    """What to raise where the folder cannot be written."""
    if disk_full(error):
        return DiskFull(
            f"There is no room left on the disk to write {place}. What was painted is kept: free some room and run the "
            "same command again."
        )
    return BadRequest(f"{place} cannot be written ({error.strerror or error}); name another folder with --out.")
