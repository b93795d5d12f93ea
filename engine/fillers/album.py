"""Fillers from a folder: the one that FILLERS names, or under the embedded profile the project's own drawings."""

from pathlib import Path

from engine.contract.approaches import Profile
from engine.fetching import OnBytes
from engine.fillers.pictures import PictureFolder, unwritten
from engine.settings import Settings

DRAWINGS = 200
KINDS = "JPEG, PNG, WebP, GIF, BMP or TIFF"
SEED = 8


class Album(PictureFolder):
    """Never touches the network."""

    name = "album"

    def __init__(self, settings: Settings, profile: Profile) -> None:
        self._draws = settings.fillers is None and profile == "embedded"
        if settings.fillers is not None:
            folder = Path(settings.fillers).expanduser()
            self.licence = f"The fillers are your own pictures from {folder}."
            absent = (
                f"There is no picture in {folder}. Set FILLERS to a folder with pictures ({KINDS}), or unset "
                "it and run `python -m engine fetch`."
            )
            super().__init__(folder, f"the folder {folder}", absent)
        elif self._draws:
            self.licence = "The fillers are this project's own drawings (MIT licence)."
            absent = "The drawings are not here yet. Run `python -m engine fetch`, or set FILLERS to a folder."
            super().__init__(settings.cache_dir / "drawings", "the drawings", absent)
        else:
            self.licence = "No filler folder is set."
            absent = (
                f"There is no album. Set FILLERS to a folder with pictures ({KINDS}), or choose the fillers flickr8k,"
                " which `python -m engine fetch` downloads."
            )
            super().__init__(settings.cache_dir / "no-album", "the album", absent)

    def fetch(self, progress: OnBytes) -> None:
        """Draws the drawings where they are wanted and not here; for a folder of yours only looks that it holds any."""
        if self._draws:
            from engine.embedded.drawings.album import album

            try:
                files = album(self._folder, DRAWINGS, SEED)
            except OSError as error:
                raise unwritten(error, self._folder) from error
            size = sum(file.stat().st_size for file in files)
            progress(size, size)
        self.names()
