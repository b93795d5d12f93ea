"""Any folder of pictures. Captions are in `name.txt` beside a picture or in a `metadata.jsonl`, as is usual."""

import json
from functools import partial
from hashlib import sha256
from pathlib import Path

from engine.contract.errors import BadRequest, NoData, NoFillers
from engine.contract.training import TrainStyle
from engine.fetching import OnBytes
from engine.fillers.pictures import PictureFolder
from engine.settings import Settings
from engine.training.data import FEWEST, Example, Pictures
from engine.training.data.captions import captioned

METADATA = "metadata.jsonl"
TEXTS = ("text", "caption", "prompt", "description")
"""The names under which a line of metadata.jsonl may hold the caption."""
NAMED = 5


def collect(order: TrainStyle, images: int, _settings: Settings, _progress: OnBytes) -> Pictures:
    """The first `images` usable pictures by name, each once: of two alike, one might be held out. Raises NoData."""
    folder, squares, names = _opened(order)
    captions = _metadata(folder)
    by_content: dict[bytes, Example] = {}
    broken: list[str] = []
    copies = 0
    for name in names:
        if len(by_content) == images:
            break
        if not squares.opens(name):
            broken.append(_printable(name))
            continue
        content = sha256((folder / name).read_bytes()).digest()
        copies += content in by_content
        if content not in by_content or by_content[content].subject is None:
            subject = _caption(folder, name, captions)
            caption = captioned(order.caption, caption=subject or "")
            by_content[content] = Example(_printable(name), caption, subject, partial(squares.open, name))
    examples = list(by_content.values())
    licence = "Training on a folder needs the rights to its pictures."
    return Pictures(examples, f"the folder {folder.name}", licence, _notes(examples, broken, copies, images))


def most(order: TrainStyle) -> int:
    """How many pictures there are, usable or not. Raises NoData where there are none."""
    _, _, names = _opened(order)
    return len(names)


def to_fetch(_order: TrainStyle, _images: int, _settings: Settings) -> int:
    return 0


def _opened(order: TrainStyle) -> tuple[Path, PictureFolder, list[str]]:
    """The folder, its pictures and their names. Raises NoData, BadRequest where there is no such folder."""
    folder = Path(order.data or "").expanduser()
    if not folder.is_dir():
        raise BadRequest(f"There is no folder {folder}. Give --data a folder of pictures.")
    squares = PictureFolder(
        folder, str(folder), f"There are no pictures in {folder}; it must hold .jpg, .png, .webp or similar files."
    )
    try:
        return folder, squares, squares.names()
    except NoFillers as error:
        raise NoData(str(error)) from error


def _printable(name: str) -> str:
    """A name as it can be written into a card: one that is not in the system's encoding comes with odd halves."""
    return name.encode(errors="replace").decode()


def _notes(examples: list[Example], broken: list[str], copies: int, images: int) -> list[str]:
    notes = []
    if broken:
        more = f" and {len(broken) - NAMED} more" if len(broken) > NAMED else ""
        notes.append(f"Pictures that cannot be read were left out: {', '.join(broken[:NAMED])}{more}.")
    if copies:
        notes.append(f"Of identical pictures only one was used, {copies} left out.")
    if len(examples) < FEWEST:
        # That alone is what matters then.
        return notes
    if len(examples) < images:
        notes.append(f"There are {len(examples)} usable pictures instead of {images}.")
    uncaptioned = sum(example.subject is None for example in examples)
    if uncaptioned:
        notes.append(f"{uncaptioned} pictures have no caption; with captions a style keeps its subjects better.")
    return notes


def _caption(folder: Path, name: str, captions: dict[str, str]) -> str | None:
    """From the text file beside the picture, else from metadata.jsonl, else None."""
    text_file = (folder / name).with_suffix(".txt")
    if text_file.is_file():
        return " ".join(text_file.read_text(encoding="utf-8-sig", errors="replace").split()) or None
    return captions.get(name)


def _metadata(folder: Path) -> dict[str, str]:
    """Captions by file name. Raises NoData for a metadata.jsonl that cannot be read."""
    file = folder / METADATA
    if not file.is_file():
        return {}
    captions = {}
    for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name = str(row["file_name"])
        except (ValueError, KeyError, TypeError) as error:
            raise NoData(f'{file} cannot be read: line {number} must be {{"file_name": …, "text": …}}.') from error
        words = next((row[key] for key in TEXTS if isinstance(row.get(key), str)), None)
        if words:
            captions[name] = " ".join(words.split())
    return captions
