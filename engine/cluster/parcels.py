"""What travels between the engine and its easels besides waves: styles and trainings, as plain bytes with names."""

import hashlib
import io
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from engine.contract.approaches import Profile
from engine.contract.errors import BadStyle
from engine.contract.png import QUICK
from engine.contract.training import TrainStyle
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.training.training import Training

Files = dict[str, bytes]


def pack(folder: Path, names: Iterable[str] | None = None) -> Files:
    """The files of a folder, or those of `names` that are there."""
    file_names = sorted(file.name for file in folder.iterdir()) if names is None else sorted(names)
    return {name: (folder / name).read_bytes() for name in file_names if (folder / name).is_file()}


def unpack(files: Files, folder: Path) -> None:
    """Put a folder in place at once, with these files and no others."""
    half = folder.with_name(f".{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    for name, data in files.items():
        # A name is a name: whatever else comes in its place, nothing is written outside the folder.
        (half / Path(name).name).write_bytes(data)
    shutil.rmtree(folder, ignore_errors=True)
    half.rename(folder)


def digest(files: Files) -> str:
    """Names and contents in one hash."""
    sha256 = hashlib.sha256()
    for name, data in sorted(files.items()):
        sha256.update(f"{name}\n{len(data)}\n".encode() + data)
    return sha256.hexdigest()


@dataclass(frozen=True)
class StyleParcel:
    name: str
    files: Files
    sha256: str

    def unpack(self, root: Path) -> None:
        """Raises BadStyle where it did not arrive as it was sent."""
        if digest(self.files) != self.sha256:
            raise BadStyle(f"The style “{self.name}” did not reach the painter whole.")
        unpack(self.files, root / self.name)


@dataclass(frozen=True)
class TrainingParcel:
    """A training with its pictures (PNG) and the checkpoints that it goes on from, by their folder's name."""

    job: str
    order: TrainStyle
    recipe: dict[str, Any]
    profile: Profile
    examples: list[tuple[str, str, str | None, bytes]]
    origin: str
    licence: str
    warnings: list[str]
    called: str | None
    checkpoints: dict[str, Files]


def pack_training(training: "Training", settings: Settings) -> TrainingParcel:
    """Reads and encodes all its pictures."""
    root, pictures = settings.training_dir / training.order.name, training.pictures
    return TrainingParcel(
        job=training.job,
        order=training.order,
        recipe=training.recipe.as_json(),
        profile=training.profile,
        examples=[(e.name, e.caption, e.subject, _png(e.open())) for e in pictures.examples],
        origin=pictures.origin,
        licence=pictures.licence,
        warnings=list(pictures.warnings),
        called=pictures.called,
        checkpoints=pack_checkpoints(root),
    )


def unpack_training(parcel: TrainingParcel, settings: Settings) -> "Training":
    """The training as it was, with its checkpoints on this disk."""
    from engine.training.data import Example, Pictures
    from engine.training.recipe import Recipe
    from engine.training.training import Training

    root = settings.training_dir / parcel.order.name
    shutil.rmtree(root, ignore_errors=True)
    shutil.rmtree(settings.styles_dir / parcel.order.name, ignore_errors=True)
    for name, files in parcel.checkpoints.items():
        unpack(files, root / name)
    examples = [
        Example(name, caption, subject, lambda data=data: Image.open(io.BytesIO(data)))  # type: ignore[misc]
        for name, caption, subject, data in parcel.examples
    ]
    pictures = Pictures(examples, parcel.origin, parcel.licence, list(parcel.warnings), parcel.called)
    return Training(parcel.job, parcel.order, Recipe(**parcel.recipe), pictures, settings, parcel.profile)


def pack_checkpoints(root: Path) -> dict[str, Files]:
    """The checkpoints of a training, by their folder's name."""
    return {checkpoint.name: pack(checkpoint) for checkpoint in _checkpoints(root)}


def unpack_checkpoints(checkpoints: dict[str, Files], root: Path) -> None:
    """The new ones first, then the old ones go, so that a kill in between leaves one that can be used."""
    for name, files in checkpoints.items():
        unpack(files, root / name)
    for checkpoint in _checkpoints(root):
        if checkpoint.name not in checkpoints:
            shutil.rmtree(checkpoint, ignore_errors=True)


def _checkpoints(root: Path) -> list[Path]:
    from engine.training.checkpoint import PLACES

    return sorted(root.glob(PLACES))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", **QUICK)
    return out.getvalue()
