"""A folder of pictures: names, a random choice among the usable ones, and each as a square. Knows no network."""

import random
import warnings
from pathlib import Path, PurePosixPath, PureWindowsPath

from PIL import Image

from engine.contract.errors import DiskFull, NoFillers, TesseraError, disk_full
from engine.flat import flat

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
# What such files hold. For others, whatever a file is called, Pillow may start programs, such as Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
# Pixels a side; no picture on a sheet is larger.
LARGEST = 1024


class PictureFolder:
    """`absent` is the sentence for people where there is no picture at all; `place` is what the folder is called."""

    def __init__(self, folder: Path, place: str, absent: str) -> None:
        self._folder = folder
        self._place = place
        self._absent = absent
        self._usable: dict[str, bool] = {}
        self._notes: list[str] = []

    def names(self) -> list[str]:
        files = self._folder.rglob("*") if self._folder.is_dir() else ()
        names = [_name(file, self._folder) for file in files if file.suffix.lower() in ENDINGS]
        # A leading dot marks what is hidden or still being written.
        visible = sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))
        if not visible:
            raise NoFillers(self._absent)
        return visible

    def pick(self, rng: random.Random, n: int) -> list[str]:
        names = self.names()
        line = rng.sample(names, len(names))
        # Looked at one by one, so that a folder of a million pictures costs no more than the few that are needed.
        picked: list[str] = []
        while line and len(picked) < n:
            name = line.pop()
            if self._is_usable(name):
                picked.append(name)
        if not picked:
            raise NoFillers(f"None of the pictures in {self._place} can be read. {self._absent}")
        if len(picked) < n:
            self._note(
                f"{self._place} has {len(picked)} usable pictures for {n} places, so some appear more than once."
            )
        usable = list(picked)
        while len(picked) < n:
            picked += rng.sample(usable, min(len(usable), n - len(picked)))
        return picked

    def open(self, name: str) -> Image.Image:
        file = self._folder / _inside(name)
        try:
            with warnings.catch_warnings():
                # Pillow only warns about a picture that unpacks to something enormous.
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(file, formats=FORMATS) as image:
                    # A camera's JPEG is unpacked at a half, a quarter or an eighth of its size, many times faster.
                    image.draft("RGB", (LARGEST, LARGEST))
                    return _square(image)
        # Pillow's decoders raise whatever the damage leads them to.
        except Exception as error:
            raise NoFillers(
                f"The filler picture {name} of {self._place} cannot be read ({type(error).__name__})."
            ) from error

    def opens(self, name: str) -> bool:
        """Whether the picture can be read."""
        try:
            self.open(name)
        except NoFillers:
            return False
        return True

    def warnings(self) -> list[str]:
        return list(self._notes)

    def _is_usable(self, name: str) -> bool:
        if name not in self._usable:
            self._usable[name] = self.opens(name)
            if not self._usable[name]:
                self._note(f"The filler picture {name} of {self._place} cannot be read and was left out.")
        return self._usable[name]

    def _note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes.append(sentence)


def unwritten(error: OSError, folder: Path) -> TesseraError:
    """What to say where pictures could not be written into `folder`."""
    if disk_full(error):
        return DiskFull(
            f"The disk is full: the filler pictures (up to 70 MB) do not fit into {folder}. Make room, or set DATA_DIR "
            "to a larger disk, and run `python -m engine fetch` again."
        )
    return NoFillers(f"The filler pictures cannot be kept in {folder}: {error.strerror or error}. Check DATA_DIR.")


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _inside(name: str) -> PurePosixPath:
    """`name` as a path that cannot leave the folder. Raises NoFillers for any other."""
    path = PurePosixPath(name)
    windows = PureWindowsPath(name)
    if not name or path.is_absolute() or windows.drive or windows.root or ".." in {*path.parts, *windows.parts}:
        raise NoFillers(f"“{name}” is not a picture in the filler folder; a name is a path inside it.")
    return path


def _square(image: Image.Image) -> Image.Image:
    """The centre square of what one sees."""
    picture = flat(image)
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))
