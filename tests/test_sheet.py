"""The sheet: where cells lie, what is on it, and the recipe inside the file."""

import io
import json
from collections.abc import Callable

import pytest
from PIL import Image

from engine.contract.sheet import Footer, Measures, address, boxes, encode, lay_out, position
from tests.test_score import plan

FOOTER = Footer("a cat wearing neon-glasses", ("approach 1", "score 0.3"))


def plain(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (16, 16), colour)


def test_addresses_go_from_a1_to_p16_and_back() -> None:
    assert [address(0, 0), address(7, 7), address(15, 15)] == ["A1", "H8", "P16"]
    assert all(position(address(c, r)) == (c, r) for c in range(16) for r in range(16))


@pytest.mark.parametrize("blocks", range(1, 9))
@pytest.mark.parametrize("cell", [24, 64, 200])
def test_cells_never_overlap_and_blocks_stand_clearly_apart(blocks: int, cell: int) -> None:
    found = boxes(blocks, cell)
    m = Measures(blocks, cell)

    gaps = [found[address(c + 1, 0)][0] - found[address(c, 0)][2] for c in range(2 * blocks - 1)]

    assert len(found) == 4 * blocks**2
    assert all(gap == m.thin for gap in gaps[0::2])
    assert all(gap >= 3 * m.thin + 3 for gap in gaps[1::2])


def test_every_cell_shows_its_own_picture() -> None:
    found = plan(2)
    colours = {cell.cell: (10 * i, 100, 255 - 10 * i) for i, cell in enumerate(found.cells)}

    sheet = lay_out(found, {cell: plain(colour) for cell, colour in colours.items()}, cell_px=32, footer=FOOTER)

    for cell, (left, top, right, bottom) in boxes(2, 32).items():
        assert sheet.getpixel(((left + right) // 2, (top + bottom) // 2)) == colours[cell]


def test_a_missing_picture_is_drawn_as_an_empty_cell() -> None:
    found = plan(1)

    sheet = lay_out(found, {}, cell_px=32, footer=FOOTER)

    left, top, _, _ = boxes(1, 32)["B2"]
    assert sheet.getpixel((left + 20, top + 4)) == (214, 214, 210)


def test_a_long_prompt_is_cut_to_three_lines_and_stays_on_the_sheet() -> None:
    found = plan(1)

    short = lay_out(found, {}, cell_px=64, footer=Footer("a " * 5, ()))
    long = lay_out(found, {}, cell_px=64, footer=Footer("wordless " * 500 + "x" * 400, ()))

    assert short.width == long.width
    assert long.height - short.height < 60


READ: dict[str, Callable[[Image.Image], str]] = {
    "PNG": lambda opened: opened.info["tessera"],
    "JPEG": lambda opened: opened.info["comment"].decode(),
    "WEBP": lambda opened: opened.getexif()[0x9286],
}


@pytest.mark.parametrize("form", READ)
def test_the_recipe_travels_in_the_file(form: str) -> None:
    sheet = lay_out(plan(1), {}, cell_px=32, footer=FOOTER)

    data = encode(sheet, form, {"prompt": "ein Kätzchen 🐱", "seed": 7})

    opened = Image.open(io.BytesIO(data))
    assert opened.format == form
    assert json.loads(READ[form](opened)) == {"prompt": "ein Kätzchen 🐱", "seed": 7}


@pytest.mark.parametrize(("letters", "kept"), [(65_533, 65_533), (65_534, 0)])
def test_a_recipe_that_is_too_long_for_a_jpeg_costs_the_recipe_and_not_the_sheet(letters: int, kept: int) -> None:
    sheet = lay_out(plan(1), {}, cell_px=32, footer=FOOTER)

    data = encode(sheet, "JPEG", {"p": "x" * (letters - len('{"p": ""}'))})

    assert len(Image.open(io.BytesIO(data)).info.get("comment", b"")) == kept
