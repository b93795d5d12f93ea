"""The pictures of a sheet: their PNGs, and those of them that were made smaller ahead of time.

Reading a PNG of 512 pixels and making it smaller takes 20 ms, a second for 64 of them. So while others are still
painted, those that are there are made as small as the sheet will probably show them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PIL import Image

from engine.contract.sheet import all_fitted

# Bytes that may lie ready for one job, four for each pixel: 64 pictures of 512 pixels.
MOST_BYTES = 1 << 26
# So many pictures tell what all weigh.
TELLING = 8


@dataclass(frozen=True)
class Prints:
    """Both by address. A picture that lies ready in another size than is wanted is made from its file."""

    files: Mapping[str, bytes]
    small_images: Mapping[str, Image.Image] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def weight(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))

    def some(self, count: int) -> "Prints":
        """About so many of them, from everywhere."""
        cells = list(self.files)[:: max(1, len(self) // count)]
        return Prints({cell: self.files[cell] for cell in cells}, self.small_images)

    def ready(self, side: int) -> bool:
        """Whether all of them lie ready `side` pixels wide."""
        return not any(isinstance(picture, bytes) for picture in self.at(side).values())

    def at(self, side: int) -> dict[str, Image.Image | bytes]:
        """All of them: an image where one lies ready `side` pixels wide, else the file."""
        images = {cell: self.small_images[cell] for cell in self.files if cell in self.small_images}
        return {**self.files, **{cell: image for cell, image in images.items() if image.width == side}}


class Shrinking:
    """Makes one job's pictures smaller as they arrive. `width` tells from the first how wide a cell will be."""

    def __init__(self, small_images: dict[str, Image.Image], count: int, width: Callable[[Prints], int]) -> None:
        self._small_images, self._count, self._width = small_images, count, width
        self._pictures: dict[str, bytes] = {}
        self._side: int | None = None

    def add(self, pictures: Mapping[str, bytes]) -> None:
        """Make these smaller, once there are enough to tell how small. Computes; for a thread."""
        self._pictures |= pictures
        if self._side is None and len(self._pictures) >= min(TELLING, self._count):
            self._side = self._width(Prints(self._pictures))
        if self._side is None:
            return
        room = MOST_BYTES // (4 * self._side**2) - len(self._small_images)
        self._small_images |= all_fitted(dict(list(self._pictures.items())[: max(0, room)]), self._side)
        self._pictures = {}
