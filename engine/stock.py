"""Fillers that were painted ahead, on the disk: each is given to one job and to no other. It knows no painter.

DATA_DIR/stock/<kind>/<id>.png wait, DATA_DIR/stock/claimed/<job>/<id>.png belong to a job. A claim is the move of a
file, so that a picture which was promised to a job is never promised again, whatever is killed.
"""

import contextlib
import hashlib
import io
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from engine.contract.grid import Recipe
from engine.contract.png import QUICK
from engine.painter import Pixels

CLAIMED, ABOUT, HALF = "claimed", "tessera", ".half"
DAY_SECONDS = 86_400.0
"""No job is alive for longer, so what was claimed before that is nobody's any more."""


@dataclass(frozen=True)
class Stocked:
    """A filler without its pixels: everything that painting it again takes besides the recipe."""

    id: str
    kind: str
    category: str
    prompt: str
    seed: int


def kind(recipe: Recipe, writer: str) -> str:
    """One name for all that fillers must have in common: model, recipe, size, versions and writer."""
    fields = recipe.model_dump(mode="json", exclude={"dressed_prompt"})
    text = json.dumps([fields, writer], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Stock:
    """At most `most` fillers wait. All calls block for as long as a disk takes."""

    def __init__(self, root: Path, most: int) -> None:
        self.most = most
        self._root = root

    def waiting(self, kind: str) -> list[Stocked]:
        """Those of this kind, the oldest first."""
        return [filler for filler, _ in self._fillers(self._root / kind)]

    def put(self, filler: Stocked, pixels: Pixels) -> None:
        """Keep a filler, whole or not at all. Raises OSError."""
        file = self._root / filler.kind / f"{filler.id}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(HALF)
        try:
            half.write_bytes(_png(filler, pixels))
            half.replace(file)
        finally:
            half.unlink(missing_ok=True)

    def claim(self, job: str, kind: str, counts: Mapping[str, int], suits: Callable[[str], bool]) -> list[Stocked]:
        """Fillers for this job alone, the oldest first, no more of a category than `counts` says.

        What the job claimed in an earlier attempt to plan it comes first.
        """
        folder, counts_left, claims = self._root / CLAIMED / job, dict(counts), []
        for filler, file in [*self._fillers(folder), *self._fillers(self._root / kind)]:
            if counts_left.get(filler.category, 0) < 1 or not suits(filler.prompt) or filler.kind != kind:
                continue
            if not _moved(file, folder):
                continue
            counts_left[filler.category] -= 1
            claims.append(filler)
        return claims

    def open(self, job: str, filler: str) -> Pixels | None:
        """A claimed filler's picture; None where it is gone or damaged, so that it has to be painted."""
        try:
            with Image.open(self._root / CLAIMED / job / f"{filler}.png") as image:
                return np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError):
            return None

    def release(self, job: str) -> None:
        """The job has ended, and what was given to it is used up."""
        shutil.rmtree(self._root / CLAIMED / job, ignore_errors=True)

    def put_away(self, kind: str | None, now: float | None = None) -> None:
        """Throw away what is of another kind (None: everything that waits), half written, or claimed long ago."""
        moment = time.time() if now is None else now
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.name not in {kind, CLAIMED}:
                shutil.rmtree(folder, ignore_errors=True)
        for half in self._root.glob(f"*/*{HALF}"):
            half.unlink(missing_ok=True)
        for folder in (self._root / CLAIMED).glob("*"):
            if moment - _age(folder) > DAY_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def _fillers(folder: Path) -> Iterator[tuple[Stocked, Path]]:
        """Oldest first; a damaged file is deleted."""
        for file in sorted(folder.glob("*.png"), key=_age):
            filler = _read_filler(file)
            if filler is None:
                file.unlink(missing_ok=True)
            else:
                yield filler, file


def _png(filler: Stocked, pixels: Pixels) -> bytes:
    metadata, out = PngImagePlugin.PngInfo(), io.BytesIO()
    metadata.add_itxt(ABOUT, json.dumps(asdict(filler)))
    Image.fromarray(pixels).save(out, "PNG", pnginfo=metadata, **QUICK)
    return out.getvalue()


def _read_filler(file: Path) -> Stocked | None:
    try:
        with Image.open(file) as image:
            return Stocked(**json.loads(image.info[ABOUT]))
    except (OSError, SyntaxError, KeyError, ValueError, TypeError):
        return None


def _moved(file: Path, folder: Path) -> bool:
    """Whether it is now in `folder`; False where somebody else was faster, or the disk has no room for a name."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        file.rename(folder / file.name)
        return True
    return False


def _age(file: Path) -> float:
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_mtime
    return 0.0
