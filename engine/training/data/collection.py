"""Pictures of one WikiArt style on disk: fetched once, kept whatever breaks off, named by their row in the set."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.fillers.pictures import PictureFolder


@dataclass(frozen=True)
class Names:
    """The set's own class names, in order."""

    styles: tuple[str, ...]
    artists: tuple[str, ...]


@dataclass(frozen=True)
class Painting:
    """A picture of the set: its row in the train split, the file's bytes, the artist's name as people write it."""

    row: int
    artist: str
    data: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.row:06d}.jpg"


class Collection:
    """`root` holds all styles. A picture that cannot be opened is kept as its name only, and noted."""

    def __init__(self, root: Path, style: str) -> None:
        self._root = root
        self.folder = root / re.sub(r"[^a-z0-9]+", "-", style.lower()).strip("-")
        self.notes: list[str] = []
        self._rows = {painting.row: painting for painting in self._read()}
        self._broken = {row for row in self._rows if not (self.folder / self._rows[row].name).is_file()}
        self._note_broken()

    def has(self, row: int) -> bool:
        return row in self._rows

    def usable(self, most: int) -> list[Painting]:
        """The first that came: what comes later leaves a training and its style the pictures that they know."""
        return [painting for row, painting in self._rows.items() if row not in self._broken][:most]

    def add(self, painting: Painting) -> None:
        """Raises OSError where the disk is full."""
        self.folder.mkdir(parents=True, exist_ok=True)
        half = self.folder / f".{painting.name}"
        half.write_bytes(painting.data)
        if PictureFolder(self.folder, "WikiArt", "").opens(half.name):
            half.replace(self.folder / painting.name)
        else:
            half.unlink()
            self._broken.add(painting.row)
        without_data = Painting(painting.row, painting.artist)
        self._rows[painting.row] = without_data
        with (self.folder / "rows.jsonl").open("a", encoding="utf-8") as file:
            line = {key: value for key, value in asdict(without_data).items() if key != "data"}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._note_broken()

    def names(self) -> Names | None:
        """The class names, where a way has told them before."""
        try:
            content = json.loads((self._root / "names.json").read_text(encoding="utf-8"))
            return Names(tuple(content["styles"]), tuple(content["artists"]))
        except (OSError, ValueError, KeyError):
            return None

    def keep_names(self, names: Names) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        half = self._root / ".names.json"
        half.write_text(json.dumps(asdict(names), ensure_ascii=False), encoding="utf-8")
        half.replace(self._root / "names.json")

    def _read(self) -> list[Painting]:
        file = self.folder / "rows.jsonl"
        if not file.is_file():
            return []
        paintings = []
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                paintings.append(Painting(int(row["row"]), str(row["artist"])))
            except (ValueError, KeyError, TypeError):
                # The last line of a process that was killed while it wrote; its picture is fetched again.
                continue
        return paintings

    def _note_broken(self) -> None:
        rows = ", ".join(map(str, sorted(self._broken)[:5]))
        self.notes = [f"Pictures of WikiArt that cannot be read were left out: rows {rows}."] if self._broken else []


def artist(names: Names, number: Any) -> str:
    """“claude-monet”: Claude Monet. The set's class 0 is “Unknown Artist”."""
    is_known = isinstance(number, int) and 0 <= number < len(names.artists)
    class_name = names.artists[number] if is_known else "unknown artist"
    return class_name.replace("-", " ").replace("_", " ").title()
