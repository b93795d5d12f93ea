"""A grid's files in one folder: sheet.png with the recipe in it, recipe.json beside it, the cells in full size."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.contract.errors import BadRequest, DiskFull, disk_full
from engine.contract.grid import Plan
from engine.contract.sheet import encode, lay_out
from engine.contract.words import footer

# A cell on a written sheet has at least this many pixels, so that small models' sheets can be read.
LEAST_CELL, MOST_CELL = 128, 512


class Folder:
    """Tried at once, so that nobody waits for a grid that cannot be written; filled in one move."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder.parent):
                pass
            taken = self._folder.exists() and not _ours(self._folder)
        except OSError as error:
            raise _cannot(self._folder, error) from error
        if taken:
            message = f"{self._folder} holds something other than a grid; name a new or an empty folder with --out."
            raise BadRequest(message)

    def write(self, grid: dict[str, Any], plan: Plan, pictures: Mapping[str, bytes]) -> dict[str, Any]:
        """Write all files and return the grid as JSON with their names. Raises BadRequest, DiskFull."""
        with_files = _with_files(grid, self._folder, pictures)
        try:
            with tempfile.TemporaryDirectory(dir=self._folder.parent) as half:
                _fill(Path(half) / "grid", with_files, plan, pictures)
                shutil.rmtree(self._folder, ignore_errors=True)
                (Path(half) / "grid").replace(self._folder)
        except OSError as error:
            raise _cannot(self._folder, error) from error
        return with_files


def _ours(folder: Path) -> bool:
    """Whether this folder may be replaced: empty, or an earlier grid."""
    return folder.is_dir() and (
        not any(folder.iterdir()) or {"sheet.png", "recipe.json"} <= {f.name for f in folder.iterdir()}
    )


def _with_files(grid: dict[str, Any], folder: Path, pictures: Mapping[str, bytes]) -> dict[str, Any]:
    cells = [
        {**cell, "file": str(folder / "cells" / f"{cell['cell']}.png") if cell["cell"] in pictures else None}
        for cell in grid["cells"]
    ]
    return {**grid, "sheet": str(folder / "sheet.png"), "cells": cells}


def _fill(folder: Path, grid: dict[str, Any], plan: Plan, pictures: Mapping[str, bytes]) -> None:
    (folder / "cells").mkdir(parents=True)
    for cell, png in pictures.items():
        (folder / "cells" / f"{cell}.png").write_bytes(png)
    cell_px = min(max(plan.recipe.size, LEAST_CELL), MOST_CELL)
    sheet = lay_out(plan, pictures, cell_px=cell_px, footer=footer(grid))
    (folder / "sheet.png").write_bytes(encode(sheet, "PNG", grid))
    (folder / "recipe.json").write_text(json.dumps(grid, ensure_ascii=False, indent=1))


def _cannot(folder: Path, error: OSError) -> BadRequest | DiskFull:
    if disk_full(error):
        return DiskFull(f"There is no room left on the disk to write {folder}; free some space and paint again.")
    return BadRequest(f"{folder} cannot be written ({error.strerror}); name another folder with --out.")
