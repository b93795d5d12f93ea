"""The sheet: where cells lie, what is on it, and the recipe inside the file."""

import io
import json
from collections.abc import Callable
from itertools import groupby

import pytest
from PIL import Image, ImageDraw

from engine.contract.lettering import font
from engine.contract.sheet import (
    CARD,
    EMPTY,
    FAINT,
    INK,
    PAPER,
    WITHHELD,
    Footer,
    Measures,
    address,
    boxes,
    encode,
    lay_out,
    position,
)
from tests.test_score import plan

FOOTER = Footer("a cat wearing neon-glasses", ("approach 1", "score 0.3"))


def plain(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (16, 16), colour)


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


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


def test_files_and_pictures_side_by_side_make_the_same_sheet() -> None:
    found = plan(2)
    pictures: dict[str, Image.Image | bytes] = {
        cell.cell: plain((10 * i, 100, 255 - 10 * i)) for i, cell in enumerate(found.cells)
    }
    mixed = {cell: png(picture) if cell < "C1" else picture for cell, picture in pictures.items()}

    sheets = [lay_out(found, each, cell_px=32, footer=FOOTER) for each in (pictures, mixed)]

    assert sheets[0].tobytes() == sheets[1].tobytes()


def test_a_missing_picture_is_drawn_as_an_empty_cell_that_is_crossed_out() -> None:
    found = plan(1)

    sheet = lay_out(found, {}, cell_px=32, footer=FOOTER)

    left, top, right, bottom = boxes(1, 32)["A1"]
    assert sheet.getpixel((left + 20, top + 4)) == sheet.getpixel((right - 1, top)) == EMPTY
    assert sheet.getpixel((left + 16, top + 16)) == WITHHELD
    assert sheet.getpixel((right, top + 4)) == sheet.getpixel((left + 4, bottom)) == CARD


@pytest.mark.parametrize("cell", [24, 64])
def test_letters_above_and_numbers_at_the_left_stand_at_the_middle_of_their_cells(cell: int) -> None:
    m = Measures(2, cell)
    expected = Image.new("RGB", (m.width, m.width), PAPER)
    draw = ImageDraw.Draw(expected)
    for at, (letter, number) in enumerate(zip("ABCD", "1234", strict=True)):
        left, top, _, _ = boxes(2, cell)[address(at, at)]
        for place, text in (((left + cell // 2, m.margin // 2), letter), ((m.margin // 2, top + cell // 2), number)):
            draw.text(place, text, fill=INK, font=font(max(11, cell // 6)), anchor="mm")

    sheet = lay_out(plan(2), {}, cell_px=cell, footer=FOOTER)

    for strip in ((0, 0, m.width, m.margin), (0, 0, m.margin, m.width - m.margin)):
        assert sheet.crop(strip).tobytes() == expected.crop(strip).tobytes()


def test_every_block_stands_on_a_card_of_its_own_and_paper_is_between_them() -> None:
    sheet = lay_out(plan(3), {}, cell_px=40, footer=FOOTER)

    found = boxes(3, 40)
    for column in range(5):
        for row in range(6):
            _, top, right, bottom = found[address(column, row)]
            between = CARD if column % 2 == 0 else PAPER
            assert sheet.getpixel((right + (0 if column % 2 == 0 else 3), top + 20)) == between
            left, _, _, bottom = found[address(row, column)]
            assert sheet.getpixel((left + 20, bottom + (0 if column % 2 == 0 else 3))) == between


def test_the_footer_stands_line_under_line_below_the_pictures_the_prompt_darker() -> None:
    sheet = lay_out(plan(1), {}, cell_px=200, footer=Footer("a cat", ("approach 1", "score 0.3")))

    below = sheet.crop((0, boxes(1, 200)["A2"][3] + 20, *sheet.size))
    inks = [
        {colour for _, colour in below.crop((0, y, below.width, y + 1)).getcolors() or ()} for y in range(below.height)
    ]
    lines = [[*rows] for written, rows in groupby(inks, lambda colours: colours != {PAPER}) if written]
    assert [INK in set().union(*rows) for rows in lines] == [True, False, False]
    assert [FAINT in set().union(*rows) for rows in lines] == [False, True, True]
    assert len(lines[0]) > len(lines[2])
    assert inks[-1] == {PAPER}


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


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_a_lower_quality_makes_a_smaller_file(form: str) -> None:
    sheet = Image.effect_noise((200, 200), 60).convert("RGB")

    assert len(encode(sheet, form, {}, quality=80)) < len(encode(sheet, form, {}, quality=92))


@pytest.mark.parametrize(("letters", "kept"), [(65_533, 65_533), (65_534, 0)])
def test_a_recipe_that_is_too_long_for_a_jpeg_costs_the_recipe_and_not_the_sheet(letters: int, kept: int) -> None:
    sheet = lay_out(plan(1), {}, cell_px=32, footer=FOOTER)

    data = encode(sheet, "JPEG", {"p": "x" * (letters - len('{"p": ""}'))})

    assert len(Image.open(io.BytesIO(data)).info.get("comment", b"")) == kept
