"""The styles as files: renamed, deleted, exported as a zip and imported from one, with the checks of any style."""

import contextlib
import io
import json
import lzma
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from engine import leftovers, models, styles
from engine.contract.errors import BadRequest, BadStyle, DiskFull, TesseraError, disk_full
from engine.contract.order import STYLE_NAME
from engine.contract.sentence import unknown
from engine.settings import Settings

LARGEST = 2 * 2**30
"""Bytes of an imported style, unpacked: an adapter of rank 128 for Stable Diffusion has about 100 MB."""
KEPT = re.compile(r"[\w.-]{1,60}\.(safetensors|json|md|png|csv)")
"""The files of a style. Of another's zip nothing else is unpacked, pickles least of all."""
HALF = "card.half"
NEEDED = (styles.CONFIG, styles.WEIGHTS)
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError)
"""What Python's unpacking raises, whatever the damage leads it to."""


class Shelf:
    """`base` is the model that styles are used with."""

    def __init__(self, settings: Settings, base: str) -> None:
        self._settings, self._base = settings, base

    def file(self, name: str, file: str) -> Path:
        """One file of a style. Raises BadStyle, BadRequest."""
        place = self._place(name) / file
        if not KEPT.fullmatch(file) or not place.is_file():
            raise BadRequest(f"The style “{name}” has no file {file}.")
        return place

    def rename(self, name: str, new: str) -> None:
        """Raises BadStyle, BadRequest where the new name is none or is taken, DiskFull; then nothing has changed."""
        place = self._ours(name)
        target, half = self._free(new), place / HALF
        card = styles.card(name, self._settings)
        try:
            _fill(half, {**card, "name": new, "was": name})
            place.rename(target)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise _unwritten(error, target) from error
        (target / HALF).replace(target / styles.CARD)

    def delete(self, name: str) -> None:
        """Raises BadStyle, BadRequest. A kill in between leaves no half style: the folder is first moved away.

        On a disk that is too full for this, what makes it a style goes first.
        """
        place = self._ours(name)
        with _told(place):
            try:
                gone = self._aside()
                place.rename(gone / name)
            except OSError:
                (place / styles.CONFIG).unlink()
                gone = place
            shutil.rmtree(gone)

    def export(self, name: str) -> bytes:
        """All files of a style as a zip. Raises BadStyle."""
        place, out = self._place(name), io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(place.iterdir()):
                archive.write(file, file.name)
        return out.getvalue()

    def take(self, name: str, data: bytes) -> dict[str, Any]:
        """Import a style from a zip with a folder in peft's layout; returns its card.

        Raises BadStyle where it cannot be used on the base, BadRequest, DiskFull.
        """
        with _told(self._settings.styles_dir / name):
            target, half = self._free(name), self._aside()
        try:
            _unpack(data, half / name)
            checked = styles.check(half / name, models.facts(models.folder(self._base)))
            _describe(half / name, name, self._base, checked)
            (half / name).rename(target)
        except OSError as error:
            raise _unwritten(error, target) from error
        finally:
            shutil.rmtree(half, ignore_errors=True)
        return styles.card(name, self._settings)

    def _place(self, name: str) -> Path:
        known, place = styles.names(self._settings, self._base), styles.folder(name, self._settings)
        if name not in known or place is None:
            raise BadStyle(unknown(name, known) if known else f"There is no style “{name}”; there are no styles yet.")
        return place

    def _ours(self, name: str) -> Path:
        """A style that may be changed."""
        place = self._place(name)
        if place.parent != self._settings.styles_dir:
            raise BadRequest(f"The style “{name}” comes with the model; it can be neither renamed nor deleted.")
        return place

    def _free(self, name: str) -> Path:
        if not re.fullmatch(STYLE_NAME, name):
            raise BadRequest("A style's name has up to 40 lower-case letters, digits and hyphens.")
        styles.refuse_taken(name, self._settings, self._base)
        place = self._settings.styles_dir / name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _aside(self) -> Path:
        """A new folder on the same disk, not among the styles."""
        self._settings.training_dir.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=leftovers.ASIDE, dir=self._settings.training_dir))


def _unpack(data: bytes, folder: Path) -> None:
    """The style's own files of a zip; they may lie in one folder in it. Raises BadStyle."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive)
            if sum(entry.file_size for entry in members.values()) > LARGEST:
                raise BadStyle(
                    f"This style would unpack to more than {LARGEST // 2**30} GB; that is not a LoRA adapter."
                )
            for name, entry in members.items():
                with archive.open(entry) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
    except BROKEN as error:
        raise BadStyle("This is not a zip that can be read. Send the style's folder as a zip.") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of the one folder in the zip that holds the style, by name. Raises BadStyle.

    What lies deeper may be the checkpoints of its training, with the same names.
    """
    plain = [entry for entry in archive.infolist() if _plain(entry)]
    places = sorted(
        {_folder(entry) for entry in plain if _name(entry) == styles.CONFIG},
        key=lambda place: (len(place.parts), place),
    )
    if len(places) > 1 and len(places[0].parts) == len(places[1].parts):
        raise BadStyle(f"The zip holds several styles, in {places[0]} and {places[1]}. Send one folder as a zip.")
    own = [entry for entry in plain if not places or _folder(entry) == places[0]]
    members = {_name(entry): entry for entry in own}
    _refuse_missing(members)
    if len(members) < len(own):
        raise BadStyle("The zip holds files of the same name twice. Send the style's folder as a zip.")
    return members


def _refuse_missing(members: Collection[str]) -> None:
    missing = [name for name in NEEDED if name not in members]
    if missing:
        raise BadStyle(
            f"The zip has no {' and no '.join(missing)}. A style in peft's layout has {' and '.join(NEEDED)}; "
            "other formats, pickles above all, are never loaded."
        )


def _plain(entry: zipfile.ZipInfo) -> bool:
    """A file with a style's kind of name: no folder, no link."""
    link = stat.S_ISLNK(entry.external_attr >> 16)
    return not entry.is_dir() and not link and bool(KEPT.fullmatch(_name(entry)))


def _name(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).name


def _folder(entry: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(entry.filename).parent


def _describe(folder: Path, name: str, base: str, style: styles.Style) -> None:
    """Give an imported style a card of ours, with what it says of itself."""
    file = folder / styles.CARD
    told = json.loads(file.read_text()) if file.is_file() else {}
    card = {"summary": f"imported, rank {style.rank}", "base": base, "words": style.words, **told}
    _write(file, {**card, "name": name, "imported": True})


def _write(file: Path, card: dict[str, Any]) -> None:
    half = file.with_name(HALF)
    _fill(half, card)
    half.replace(file)


def _fill(half: Path, card: dict[str, Any]) -> None:
    half.write_text(json.dumps(card, ensure_ascii=False, indent=1))


@contextlib.contextmanager
def _told(target: Path) -> Iterator[None]:
    """What the disk refuses is raised as a sentence."""
    try:
        yield
    except OSError as error:
        raise _unwritten(error, target) from error


def _unwritten(error: OSError, target: Path) -> TesseraError:
    if disk_full(error):
        return DiskFull(f"The disk is full: the style does not fit into {target.parent}. Free some room and try again.")
    return BadRequest(f"{target} cannot be written ({error.strerror or error}). Check DATA_DIR.")
