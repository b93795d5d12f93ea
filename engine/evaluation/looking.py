"""The judge looks at everything once: painted pictures, prompts, fillers, a style's real pictures, as unit vectors."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engine.contract.errors import BadRequest
from engine.evaluation.measuring import NONE, Looks, StylePictures
from engine.evaluation.real_pictures import Opens, Real
from engine.evaluation.results import Cell
from engine.metrics.base import Vectors
from engine.painter import Pixels
from engine.report import pixels

if TYPE_CHECKING:
    from engine.metrics.clip import Judge

BATCH = 64


def judge_in(folder: Path) -> "Judge":
    """On the CPU, so that an engine keeps its GPU for itself and the scores are the same on every machine."""
    import torch

    from engine.metrics.clip import Judge

    return Judge(folder, torch.device("cpu"))


def look(
    judge: "Judge", cells: Sequence[Cell], out: Path, fillers: Sequence[Opens], styles: Mapping[str, Real], size: int
) -> Looks:
    """`out` is where the cells' files lie; real pictures are made `size` pixels wide, as the painted ones are.

    Raises BadRequest for a file that cannot be read, NoFillers for a real picture that cannot.
    """
    files = list(dict.fromkeys(cell.file for cell in cells if cell.file))
    vectors = dict(zip(files, _features(judge, (_opened(out / file) for file in files)), strict=True))
    words = list(dict.fromkeys(text for cell in cells for text in (cell.prompt, cell.asked)))
    return Looks(
        pictures={cell.key: vectors[cell.file] for cell in cells if cell.file},
        texts=dict(zip(words, judge.texts(words), strict=True)),
        fillers=_real(judge, fillers, size),
        styles={
            name: StylePictures(_real(judge, real.held_out, size), _real(judge, real.trained, size), tuple(real.names))
            for name, real in styles.items()
        },
    )


def _real(judge: "Judge", opens: Sequence[Callable[[], Image.Image]], size: int) -> Vectors:
    return _features(judge, (pixels(open_picture(), size) for open_picture in opens)) if opens else NONE


def _features(judge: "Judge", pictures: Iterable[Pixels]) -> Vectors:
    """A batch at a time: thousands of pictures need not fit into memory."""
    parts = [judge.features(batch) for batch in _batches(pictures)]
    return np.concatenate(parts) if parts else NONE


def _batches(pictures: Iterable[Pixels]) -> Iterator[list[Pixels]]:
    batch: list[Pixels] = []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _opened(file: Path) -> Pixels:
    try:
        with Image.open(file) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"{file} is damaged. Remove it and run the same command to paint it again.") from error
