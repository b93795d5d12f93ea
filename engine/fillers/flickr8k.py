"""About 500 photos of Flickr8k, fetched on first use (some 69 MB of 1.1 GB) and kept. Works offline afterwards."""

import json
import random
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

import httpx
from filelock import FileLock

from engine.contract.approaches import Profile
from engine.contract.errors import NoFillers
from engine.fetching import OnBytes
from engine.fillers.flow import Damaged, members
from engine.fillers.pictures import PictureFolder, unwritten
from engine.fillers.ranged import RangedFile, read
from engine.fillers.remote import NoRanges, Remote
from engine.settings import Settings

PHOTOS = 500
# As many as the largest grid has fillers (8 x 8 blocks, three in each): with these, a grid can do without the rest.
ENOUGH = 192
SEED = 8
# Of that many photos, told before the zip has answered: without a network that takes half a minute.
USUAL_BYTES = 69_000_000
REMEDY = "Run `python -m engine fetch` when it is available, or set FILLERS to a folder of pictures."


class Flickr8k(PictureFolder):
    """Each photo is written under another name, checked, then renamed: what is in the folder is whole."""

    name = "flickr8k"
    licence = (
        "Flickr8k: photos by people on Flickr, for research and education without commercial use; "
        "they stay in this machine's cache."
    )

    def __init__(self, settings: Settings, profile: Profile) -> None:  # noqa: ARG002  every source is made alike
        super().__init__(settings.cache_dir / "flickr8k", "Flickr8k", f"Flickr8k's photos are not here yet. {REMEDY}")
        self._url = settings.flickr8k_url

    def fetch(self, progress: OnBytes) -> None:
        if self._is_complete():
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # The command line and the engine may both find that photos are missing.
            with FileLock(self._folder / ".lock"):
                if not self._is_complete():
                    self._fetch(progress)
        except NoFillers as error:
            count = len(self._photo_names())
            if count < ENOUGH:
                raise
            self._note(f"Flickr8k is only partly fetched, so the fillers are chosen from {count} photos. {error}")
        except OSError as error:
            raise unwritten(error, self._folder) from error

    def _fetch(self, progress: OnBytes) -> None:
        progress(0, USUAL_BYTES)
        with closing(Remote(self._url, "FLICKR8K_URL", REMEDY)) as remote:
            try:
                self._in_ranges(remote, progress)
            except NoRanges:
                self._from_the_start(remote, progress)
        photos = sorted(self._photo_names())
        if not photos:
            raise NoFillers(f"No photo came out of the zip that FLICKR8K_URL names. {REMEDY}")
        manifest = {"source": self._url, "licence": self.licence, "photos": photos}
        _keep(self._folder / "manifest.json", json.dumps(manifest, indent=1).encode())

    def _in_ranges(self, remote: Remote, progress: OnBytes) -> None:
        """The zip's directory and one run of photos, in blocks; photos that are here are passed over."""
        file = RangedFile(remote)
        try:
            zip_file = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise NoFillers(f"What FLICKR8K_URL names is not a zip ({error}). {REMEDY}") from error
        with zip_file as archive:
            run, file.limit = _run(archive)
            total, done, photo_names = sum(entry.compress_size for entry in run), 0, self._photo_names()
            for entry in run:
                name = PurePosixPath(entry.filename).name
                if name not in photo_names:
                    self._store(name, read(archive, entry, file))
                done += entry.compress_size
                progress(done, total)

    def _from_the_start(self, remote: Remote, progress: OnBytes) -> None:
        """The zip's first photos, where ranges are refused. After a cut it begins anew, as there is no other way."""
        failures = 0
        while True:
            before = len(self._photo_names())
            try:
                with closing(remote.stream()) as pieces:
                    return self._first_photos(pieces, progress)
            except (httpx.TransportError, Damaged) as error:
                failures = remote.pause(error, 0 if len(self._photo_names()) > before else failures)

    def _first_photos(self, pieces: Iterator[bytes], progress: OnBytes) -> None:
        photo_names, count, done = self._photo_names(), 0, 0
        for member in members(pieces):
            if _is_photo(member.name):
                name = PurePosixPath(member.name).name
                if name not in photo_names:
                    self._store(name, member.data if member.sound else None)
                count, done = count + 1, done + len(member.data)
                # The size of 500 photos is known when they are there; until then it is guessed from those that are.
                progress(done, done * PHOTOS // count)
                if count == PHOTOS:
                    return
        progress(done, done)

    def _store(self, name: str, data: bytes | None) -> None:
        if data is None:
            self._note(f"The photo {name} of Flickr8k arrived damaged and was left out.")
        else:
            _keep(self._folder / name, data)

    def _photo_names(self) -> set[str]:
        return {file.name for file in self._folder.glob("[!.]*.jpg")}

    def _is_complete(self) -> bool:
        return (self._folder / "manifest.json").is_file() and bool(self._photo_names())


def _run(archive: zipfile.ZipFile) -> tuple[list[zipfile.ZipInfo], int]:
    """Neighbouring photos from a place that is always the same, and where in the zip the last of them ends."""
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    photos = [entry for entry in entries if _is_photo(entry.filename)]
    start = random.Random(SEED).randrange(max(1, len(photos) - PHOTOS + 1))  # noqa: S311  a place, not a secret
    run = photos[start : start + PHOTOS]
    last = run[-1].header_offset if run else 0
    return run, next((entry.header_offset for entry in entries if entry.header_offset > last), archive.start_dir)


def _is_photo(name: str) -> bool:
    # Zips from a Mac hold a shadow of each file in __MACOSX.
    path = PurePosixPath(name)
    return path.suffix.lower() == ".jpg" and "__MACOSX" not in path.parts and not path.name.startswith(".")


def _keep(file: Path, data: bytes) -> None:
    """Writes `file` whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(data)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise
