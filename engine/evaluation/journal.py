"""The cells that are finished, one JSON line each, so that an evaluation goes on where it was interrupted."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.contract.errors import BadRequest
from engine.evaluation.results import Cell


def fingerprint(plan: dict[str, Any]) -> str:
    """Of everything that the pictures depend on: two evaluations with the same one may share finished cells."""
    text = json.dumps(plan, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Journal:
    """An append-only file. Its first line says which plan it belongs to; a half-written last line is dropped."""

    def __init__(self, path: Path, plan: str) -> None:
        """`plan` is a fingerprint. Raises BadRequest where the file belongs to another plan or is damaged."""
        self._path = path
        self._plan = plan
        self.cells: dict[str, Cell] = {}
        self._take_up(path.read_bytes() if path.exists() else b"")

    def add(self, cell: Cell) -> None:
        """Keeps a finished cell; it is on the disk when this returns."""
        self._append(cell.model_dump_json())
        self.cells[cell.key] = cell

    def _take_up(self, content: bytes) -> None:
        whole_lines = content[: content.rfind(b"\n") + 1]
        if len(whole_lines) < len(content):
            # Without this, the next line would be glued to the unfinished one.
            os.truncate(self._path, len(whole_lines))
        lines = whole_lines.decode("utf-8", errors="replace").splitlines()
        if not lines:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._append(json.dumps({"plan": self._plan}))
            return
        self._check_plan(lines[0])
        for number, line in enumerate(lines[1:], 2):
            cell = self._cell(line, number)
            self.cells[cell.key] = cell

    def _check_plan(self, line: str) -> None:
        try:
            plan = json.loads(line)["plan"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadRequest(f"{self._path} is not the journal of an evaluation; choose another folder.") from error
        if plan != self._plan:
            raise BadRequest(
                f"{self._path.parent} holds another evaluation: its prompts, columns, seeds or model differ. "
                "Choose another folder, or remove that one."
            )

    def _cell(self, line: str, number: int) -> Cell:
        try:
            return Cell.model_validate_json(line)
        except ValidationError as error:
            raise BadRequest(f"{self._path}, line {number}, is damaged. Remove the line and run it again.") from error

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
