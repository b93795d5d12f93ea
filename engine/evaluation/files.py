"""What an evaluation leaves behind for programs: report.json with everything, cells.csv with one line a picture."""

import csv
import io
import os
import tempfile
from pathlib import Path

from engine.evaluation.results import Evaluation

HEAD = (
    *("column", "approach", "style", "weight", "variant", "item", "draw"),
    *("prompt", "asked", "seed", "file", "withheld"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A table program takes a cell that begins so for a formula."""


def save(evaluation: Evaluation, folder: Path) -> tuple[Path, Path]:
    """Writes both into `folder`, each whole or not at all. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    report, cells = folder / "report.json", folder / "cells.csv"
    put(report, (evaluation.model_dump_json(indent=1) + "\n").encode())
    put(cells, as_csv(evaluation).encode())
    return report, cells


def as_csv(evaluation: Evaluation) -> str:
    """One line a cell, scores in columns, empty where there is none. A text that reads as a formula gets a quote."""
    columns = {column.key: column for column in evaluation.columns}
    metrics = list(dict.fromkeys(name for cell in evaluation.cells for name in cell.scores))
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow([*HEAD, *metrics])
    for cell in evaluation.cells:
        column = columns[cell.column]
        words = (column.label, column.approach, column.style, column.weight, cell.variant, cell.item, cell.draw)
        row = [*words, cell.prompt, cell.asked, cell.seed, cell.file, cell.withheld]
        table.writerow([_safe(value) for value in row] + [cell.scores.get(name) for name in metrics])
    return out.getvalue()


def put(path: Path, data: bytes) -> None:
    """Under another name first: a reader never meets half a file."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
