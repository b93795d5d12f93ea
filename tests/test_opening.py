"""Pictures by strangers: what is read, and what is refused before it can do harm."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.errors import BadRequest
from engine.contract.scoring import FORMATS, MOST_BYTES, ScorePicture
from engine.opening import opened, opened_file


def saved(form: str, image: Image.Image | None = None, **how: object) -> bytes:
    out = io.BytesIO()
    (image or Image.new("RGB", (12, 8), "red")).save(out, form, **how)
    return out.getvalue()


def png_head(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and has next to nothing in it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("form", FORMATS)
def test_every_promised_format_is_read(form: str) -> None:
    pixels = opened(saved(form))

    assert pixels.shape == (8, 12, 3)
    assert np.abs(pixels[0, 0].astype(int) - (255, 0, 0)).max() < 8


@pytest.mark.parametrize("form", ["BMP", "TIFF", "PPM", "ICO", "EPS", "PDF", "TGA"])
def test_no_other_format_is_even_tried(form: str) -> None:
    with pytest.raises(BadRequest, match="is not a picture that can be read; PNG, JPEG, WebP and GIF can be read"):
        opened(saved(form, Image.new("RGB", (16, 16))))


@pytest.mark.parametrize("size", [(8000, 6000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_head(size: tuple[int, int]) -> None:
    with pytest.raises(BadRequest, match=r"pixels; a picture may have at most 40 million|enormous"):
        opened(png_head(*size))


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_a_sentence(data: bytes) -> None:
    with pytest.raises(BadRequest, match=r"The file is (not a picture|damaged)"):
        opened(data)


@pytest.mark.parametrize("form", FORMATS)
def test_half_a_picture_is_damaged(form: str) -> None:
    noise = Image.frombytes("RGB", (64, 64), np.random.default_rng(1).bytes(64 * 64 * 3))
    whole = saved(form, noise)

    with pytest.raises(BadRequest, match="is damaged"):
        opened(whole[: len(whole) // 2])


def test_too_many_bytes_are_refused_before_anything_is_read() -> None:
    with pytest.raises(BadRequest, match=r"is 10\.0 MB; a picture may be at most 10 MB"):
        opened(bytes(MOST_BYTES + 1))


def test_a_moving_picture_is_its_first_frame_and_what_is_transparent_is_white() -> None:
    frames = [Image.new("RGBA", (4, 4), colour) for colour in ((0, 0, 255, 255), (255, 0, 0, 255))]
    moving = saved("GIF", frames[0], save_all=True, append_images=frames[1:])

    assert opened(moving)[0, 0].tolist() == [0, 0, 255]
    assert opened(saved("PNG", Image.new("RGBA", (4, 4), (0, 0, 0, 0))))[0, 0].tolist() == [255, 255, 255]


def test_16_bits_of_grey_are_scaled_to_8() -> None:
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)

    pixels = opened(saved("PNG", Image.fromarray(ramp)))

    assert (pixels == (ramp >> 8)[..., None]).all()


def test_a_photo_taken_upright_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    assert opened(saved("JPEG", Image.new("RGB", (20, 10)), exif=exif)).shape == (20, 10, 3)


def test_a_file_is_named_in_its_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"There is no file .*gone\.png"):
        opened_file(tmp_path / "gone.png")
    with pytest.raises(BadRequest, match="cannot be read"):
        opened_file(tmp_path)


def test_an_order_whose_picture_is_no_base64_has_no_picture() -> None:
    assert ScorePicture(prompt="a cat", picture="&&&&").data == b""
