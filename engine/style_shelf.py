"""Styles as files: renamed, deleted, exported as a zip, and imported from one with the checks of any style."""

import contextlib
import errno
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import leftovers, models, style_zip, styles
from engine.contract.errors import BadRequest, DiskFull, TesseraError, disk_full
from engine.contract.order import STYLE_NAME
from engine.settings import Settings

HALF = "card.half"
"""A card that is being written."""


class Shelf:
    """`base` is the model that styles are used with."""

    def __init__(self, settings: Settings, base: str) -> None:
        self._settings, self._base = settings, base

    def file(self, name: str, file: str) -> Path:
        """One file of a style. Raises NoStyle, BadRequest."""
        path = self._folder(name) / file
        if not style_zip.KEPT.fullmatch(file) or not path.is_file():
            raise BadRequest(f"The style “{name}” has no file {file}.")
        return path

    def rename(self, name: str, new: str) -> None:
        """Raises NoStyle, BadRequest where the new name is none or is taken, DiskFull; then nothing has changed."""
        folder = self._own_folder(name)
        target, half = self._free_folder(new), folder / HALF
        card = styles.card(name, self._settings)
        try:
            _fill(half, {**card, "name": new, "was": name})
            folder.rename(target)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise _unwritten(error, target) from error
        with _disk_errors_told(target):
            (target / HALF).replace(target / styles.CARD)

    def delete(self, name: str) -> None:
        """Raises NoStyle, BadRequest. A kill in between leaves no half style: the folder is first moved away.

        On a disk that is too full for this, what makes it a style goes first.
        """
        folder = self._own_folder(name)
        with _disk_errors_told(folder):
            try:
                trash = self._temporary_folder()
                folder.rename(trash / name)
            except OSError:
                (folder / styles.CONFIG).unlink()
                trash = folder
            shutil.rmtree(trash)

    def export(self, name: str) -> bytes:
        """All files of a style as a zip. Raises NoStyle."""
        return style_zip.packed(self._folder(name))

    def take(self, name: str, data: bytes) -> dict[str, Any]:
        """Import a style from a zip with a folder in peft's layout; returns its card.

        Raises BadStyle where it cannot be used on the base, BadRequest, DiskFull.
        """
        with _disk_errors_told(self._settings.styles_dir / name):
            target, half = self._free_folder(name), self._temporary_folder()
        try:
            style_zip.unpack(data, half / name)
            style = styles.check(half / name, models.facts(models.folder(self._base)))
            _describe(half / name, name, self._base, style)
            (half / name).rename(target)
        except OSError as error:
            raise _unwritten(error, target) from error
        finally:
            shutil.rmtree(half, ignore_errors=True)
        return styles.card(name, self._settings)

    def _folder(self, name: str) -> Path:
        style_names, folder = styles.names(self._settings, self._base), styles.folder(name, self._settings)
        if name not in style_names or folder is None:
            raise styles.missing(name, style_names)
        return folder

    def _own_folder(self, name: str) -> Path:
        """A style that may be changed."""
        folder = self._folder(name)
        if folder.parent != self._settings.styles_dir:
            raise BadRequest(f"The style “{name}” comes with the model; it can be neither renamed nor deleted.")
        return folder

    def _free_folder(self, name: str) -> Path:
        if not re.fullmatch(STYLE_NAME, name):
            raise BadRequest("A style's name has up to 40 lower-case letters, digits and hyphens.")
        styles.refuse_taken(name, self._settings, self._base)
        folder = self._settings.styles_dir / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder

    def _temporary_folder(self) -> Path:
        """A new folder on the same disk, not among the styles."""
        self._settings.training_dir.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=leftovers.ASIDE, dir=self._settings.training_dir))


def _describe(folder: Path, name: str, base: str, style: styles.Style) -> None:
    """Give an imported style a card of ours, with what it says of itself."""
    file = folder / styles.CARD
    imported_card = json.loads(file.read_text()) if file.is_file() else {}
    card = {"summary": f"imported, rank {style.rank}", "base": base, "words": style.words, **imported_card}
    _write(file, {**card, "name": name, "imported": True})


def _write(file: Path, card: dict[str, Any]) -> None:
    half = file.with_name(HALF)
    _fill(half, card)
    half.replace(file)


def _fill(half: Path, card: dict[str, Any]) -> None:
    half.write_text(json.dumps(card, ensure_ascii=False, indent=1))


@contextlib.contextmanager
def _disk_errors_told(target: Path) -> Iterator[None]:
    """What the disk refuses is raised as a sentence."""
    try:
        yield
    except OSError as error:
        raise _unwritten(error, target) from error


def _unwritten(error: OSError, target: Path) -> TesseraError:
    if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
        # Another one was faster.
        return BadRequest(styles.taken(target.name))
    if disk_full(error):
        return DiskFull(f"The disk is full: the style does not fit into {target.parent}. Free some room and try again.")
    return BadRequest(f"{target} cannot be written ({error.strerror or error}). Check DATA_DIR.")
