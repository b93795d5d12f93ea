"""An evaluation's folder: checked before anything is painted, and refused where it holds something else."""

import tempfile
from pathlib import Path

from engine.contract.errors import BadRequest, DiskFull, disk_full

JOURNAL = "cells.jsonl"


def prepared(folder: Path) -> Path:
    """The folder, with room for its cells. Raises BadRequest where it holds something else, or cannot be written."""
    folder = folder.absolute()
    try:
        if folder.is_dir() and any(folder.iterdir()) and not (folder / JOURNAL).is_file():
            raise BadRequest(f"{folder} holds something other than an evaluation; name a new folder with --out.")
        (folder / "cells").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritten(folder, error) from error
    return folder


def unwritten(path: Path, error: OSError) -> BadRequest | DiskFull:
    """What to raise where the folder cannot be written."""
    if disk_full(error):
        return DiskFull(
            f"There is no room left on the disk to write {path}. What was painted is kept: free some room and run the "
            "same command again."
        )
    return BadRequest(f"{path} cannot be written ({error.strerror or error}); name another folder with --out.")
