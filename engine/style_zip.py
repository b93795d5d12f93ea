"""A style's folder as a zip, and a zip from anybody read with care: only the kinds of files that a style has."""

import io
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from engine import styles
from engine.contract.errors import BadStyle

LARGEST = 2 * 2**30
"""Bytes of an imported style, unpacked: an adapter of rank 128 for Stable Diffusion has about 100 MB."""
KEPT = re.compile(r"[\w.-]{1,60}\.(safetensors|json|md|png|csv)")
"""Names of a style's files. Nothing else is unpacked, pickles least of all."""
NEEDED = (styles.CONFIG, styles.WEIGHTS)
PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""What every program packs with. Of the others Python unpacks a few bytes into gigabytes of memory at once."""
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError)
"""What Python's unpacking raises for one kind of damage or another."""


def packed(folder: Path) -> bytes:
    """All files of the folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return out.getvalue()


def unpack(data: bytes, folder: Path) -> None:
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
    entries = [entry for entry in archive.infolist() if _plain(entry)]
    folders = sorted(
        {_folder(entry) for entry in entries if _name(entry) == styles.CONFIG},
        key=lambda folder: (len(folder.parts), folder),
    )
    if len(folders) > 1 and len(folders[0].parts) == len(folders[1].parts):
        raise BadStyle(f"The zip holds several styles, in {folders[0]} and {folders[1]}. Send one folder as a zip.")
    style_entries = [entry for entry in entries if not folders or _folder(entry) == folders[0]]
    members = {_name(entry): entry for entry in style_entries}
    _refuse_missing(members)
    if any(entry.compress_type not in PACKED for entry in style_entries):
        raise BadStyle("The zip is packed in an unusual way. Pack the style's folder with the usual one (deflate).")
    if len(members) < len(style_entries):
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
