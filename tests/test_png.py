"""Large pictures packed by several threads are what Pillow would have packed."""

import io
import random
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.contract.png import ROWS, _chunks, _joined, packed

# Bytes of a pixel.
CHANNELS = {"RGB": 3, "RGBA": 4, "L": 1}


def picture(height: int, mode: str = "RGB", width: int = 60) -> Image.Image:
    """Gradients with a little noise, so that Pillow chooses all kinds of filters."""
    chance = random.Random(height)
    rows = ((x * 3 + y * 5) % 256 ^ chance.randrange(4) for y in range(height) for x in range(width * CHANNELS[mode]))
    return Image.frombytes(mode, (width, height), bytes(rows))


@pytest.mark.parametrize("mode", CHANNELS)
@pytest.mark.parametrize("height", [1, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS + 17])
def test_a_picture_is_unpacked_as_it_was(height: int, mode: str) -> None:
    image = picture(height, mode)

    data = packed(image)

    Image.open(io.BytesIO(data)).verify()
    with Image.open(io.BytesIO(data)) as read:
        assert (read.mode, read.size) == (mode, image.size)
        assert read.tobytes() == image.tobytes()


def test_filters_zlib_frame_and_chunks_are_those_that_pillow_writes() -> None:
    """Pillow does not look at zlib's checksum, nor at the last chunk; others do."""
    image, out = picture(2 * ROWS + 5), io.BytesIO()
    image.save(out, "PNG", compress_level=0)

    ours, its = (list(_chunks(png)) for png in (packed(image), out.getvalue()))

    rows, its_rows = (
        zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT")) for chunks in (ours, its)
    )
    assert rows == its_rows
    assert (ours[0], ours[-1]) == (its[0], its[-1])


def test_what_is_written_beside_a_picture_is_read_again() -> None:
    info = PngInfo()
    for word in ("a cat", "eine Katze, größer"):
        info.add_itxt(f"key {len(word)}", word)

    with Image.open(io.BytesIO(packed(picture(3 * ROWS), info))) as read:
        read.load()
        assert read.info == {"key 5": "a cat", "key 18": "eine Katze, größer"}


def test_the_checksum_of_two_parts_is_that_of_the_whole() -> None:
    chance = random.Random(1)
    for length in (0, 1, 5552, 70_000) * 8:
        first, second = chance.randbytes(300), chance.randbytes(length)

        assert _joined(zlib.adler32(first), zlib.adler32(second), length) == zlib.adler32(first + second)
