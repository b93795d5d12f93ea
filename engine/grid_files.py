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

    def __init__(self, place: Path) -> None:
        self._place = place.absolute()
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._place.parent):
                pass
            taken = self._place.exists() and not _ours(self._place)
        except OSError as error:
            raise _cannot(self._place, error) from error
        if taken:
            message = f"{self._place} holds something other than a grid; name a new or an empty folder with --out."
            raise BadRequest(message)

    def write(self, grid: dict[str, Any], plan: Plan, pictures: Mapping[str, bytes]) -> dict[str, Any]:
        """Write all files and return the grid as JSON with their names. Raises BadRequest, DiskFull."""
        named = _named(grid, self._place, pictures)
        try:
            with tempfile.TemporaryDirectory(dir=self._place.parent) as half:
                _fill(Path(half) / "grid", named, plan, pictures)
                shutil.rmtree(self._place, ignore_errors=True)
                (Path(half) / "grid").replace(self._place)
        except OSError as error:
            raise _cannot(self._place, error) from error
        return named


def _ours(place: Path) -> bool:
    """Whether this folder may be replaced: empty, or an earlier grid."""
    return place.is_dir() and (
        not any(place.iterdir()) or {"sheet.png", "recipe.json"} <= {f.name for f in place.iterdir()}
    )


def _named(grid: dict[str, Any], place: Path, pictures: Mapping[str, bytes]) -> dict[str, Any]:
    cells = [
        {**cell, "file": str(place / "cells" / f"{cell['cell']}.png") if cell["cell"] in pictures else None}
        for cell in grid["cells"]
    ]
    return {**grid, "sheet": str(place / "sheet.png"), "cells": cells}


def _fill(folder: Path, grid: dict[str, Any], plan: Plan, pictures: Mapping[str, bytes]) -> None:
    (folder / "cells").mkdir(parents=True)
    for cell, data in pictures.items():
        (folder / "cells" / f"{cell}.png").write_bytes(data)
    cell_px = min(max(plan.recipe.size, LEAST_CELL), MOST_CELL)
    sheet = lay_out(plan, pictures, cell_px=cell_px, footer=footer(grid))
    (folder / "sheet.png").write_bytes(encode(sheet, "PNG", grid))
    (folder / "recipe.json").write_text(json.dumps(grid, ensure_ascii=False, indent=1))


def _cannot(place: Path, error: OSError) -> BadRequest | DiskFull:
    if disk_full(error):
        return DiskFull(f"There is no room left on the disk to write {place}; free some space and paint again.")
    return BadRequest(f"{place} cannot be written ({error.strerror}); name another folder with --out.")
