"""An album of drawings as PNG files, for grids whose fillers are pictures from a folder."""

import os
import random
import tempfile
from pathlib import Path

from PIL.PngImagePlugin import PngInfo

from engine.embedded.drawings.captions import caption
from engine.embedded.drawings.picture import draw
from engine.embedded.drawings.scene import Scene, sample
from engine.embedded.vocabulary import SUBJECTS


def album(folder: Path, n: int, seed: int) -> list[Path]:
    """`n` drawings in `folder`, each named after its caption, which also stands in the PNG's "Description".

    The same seed gives the same files, a longer album begins like a shorter one, and a file that is there is kept.
    All subjects come equally often. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_page(folder, seed, number) for number in range(n)]


def _page(folder: Path, seed: int, number: int) -> Path:
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - pictures, no secrets
    scene = sample(rng, _subject(seed, number))
    text = caption(scene, rng, opening="")
    path = folder / f"{seed}-{number:05d}-{text.replace(' ', '-')}.png"
    if not path.exists():
        _write(path, scene, text)
    return path


def _subject(seed: int, number: int) -> str:
    """Each subject once in every run of as many pages as there are subjects, in an order of its own."""
    run, index = divmod(number, len(SUBJECTS))
    order = random.Random(f"{seed}/order/{run}")  # noqa: S311 - pictures, no secrets
    return order.sample(SUBJECTS, len(SUBJECTS))[index]


def _write(path: Path, scene: Scene, text: str) -> None:
    metadata = PngInfo()
    metadata.add_text("Description", text)
    # Under another name first: a reader never meets half a picture, and two writers do not meet at all.
    handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            draw(scene).save(file, "PNG", pnginfo=metadata)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
