"""The sheet: a grid laid out as one image, with visible blocks and cell addresses. Needs Pillow only."""

import io
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from engine.contract.grid import Plan
from engine.contract.lettering import font, wrapped
from engine.contract.png import packed

PAPER, CARD, INK, FAINT = (247, 246, 242), (32, 36, 46), (32, 36, 46), (112, 116, 126)
EMPTY, WITHHELD = (214, 214, 210), (150, 120, 120)


@dataclass(frozen=True)
class Footer:
    """What stands under a sheet: the prompt, then smaller lines (approach, model, seed, score, id)."""

    prompt: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Measures:
    """All distances of a sheet in pixels, derived from the cell's side."""

    blocks: int
    cell: int

    @property
    def thin(self) -> int:
        return max(1, self.cell // 40)

    @property
    def wide(self) -> int:
        return max(6, self.cell // 7)

    @property
    def letters(self) -> int:
        """Height of the addresses; never under 11, so that they stay legible on the smallest sheet."""
        return max(11, self.cell // 6)

    @property
    def margin(self) -> int:
        return self.letters * 2

    @property
    def block(self) -> int:
        return 2 * self.cell + 3 * self.thin

    @property
    def width(self) -> int:
        return 2 * self.margin + self.blocks * self.block + (self.blocks - 1) * self.wide

    def corner(self, column: int, row: int) -> tuple[int, int]:
        """Upper left corner of the cell in this column and row."""
        return self._place(column), self._place(row)

    def _place(self, index: int) -> int:
        return self.margin + index // 2 * (self.block + self.wide) + self.thin + index % 2 * (self.cell + self.thin)


def address(column: int, row: int) -> str:
    """Column letter and row number: (0, 0) is A1, (15, 15) is P16."""
    return f"{chr(ord('A') + column)}{row + 1}"


def position(cell: str) -> tuple[int, int]:
    """Column and row of an address; the inverse of `address`."""
    return ord(cell[0]) - ord("A"), int(cell[1:]) - 1


def boxes(blocks: int, cell_px: int) -> dict[str, tuple[int, int, int, int]]:
    """Where each cell lies on the sheet: left, top, right, bottom in pixels."""
    m = Measures(blocks, cell_px)
    corners = {address(c, r): m.corner(c, r) for r in range(2 * blocks) for c in range(2 * blocks)}
    return {cell: (x, y, x + cell_px, y + cell_px) for cell, (x, y) in corners.items()}


def lay_out(plan: Plan, pictures: Mapping[str, Image.Image | bytes], *, cell_px: int, footer: Footer) -> Image.Image:
    """The sheet with cells of `cell_px` pixels. One without a picture is drawn as empty."""
    blocks = max(cell.block[0] for cell in plan.cells) + 1
    m = Measures(blocks, cell_px)
    text = footer_lines(footer, m.width - 2 * m.margin, m.letters)
    bottom = m.width - m.margin + m.letters // 2
    sheet = Image.new("RGB", (m.width, bottom + sum(line[1] for line in text) + m.letters), PAPER)
    draw = ImageDraw.Draw(sheet)
    _cards(draw, m)
    _addresses(draw, m)
    images = all_fitted(pictures, cell_px)
    for cell, box in boxes(blocks, cell_px).items():
        if cell in images:
            sheet.paste(images[cell], box[:2])
        else:
            draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=EMPTY)
            draw.line((box[0], box[1], box[2] - 1, box[3] - 1), fill=WITHHELD, width=m.thin)
    y = bottom
    for words, height, letters, ink in text:
        draw.text((m.margin, y), words, fill=ink, font=letters)
        y += height
    return sheet


def encode(sheet: Image.Image, form: str, recipe: Mapping[str, Any], *, quality: int = 92) -> bytes:
    """The file's bytes with the recipe inside: PNG in an iTXt chunk `tessera`, JPEG in its comment, WEBP in EXIF."""
    words = json.dumps(recipe, ensure_ascii=False)
    if form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("tessera", words)
        return packed(sheet, info)
    out = io.BytesIO()
    if form == "JPEG":
        # A JPEG comment holds at most 65,533 bytes; a longer recipe stays beside the sheet only.
        comment = words.encode()
        sheet.save(out, "JPEG", quality=quality, comment=comment if len(comment) < 2**16 - 2 else b"")
    else:
        exif = Image.Exif()
        # Pillow writes a "?" for what is not ASCII; JSON has another way to spell it.
        exif[0x9286] = json.dumps(recipe)
        sheet.save(out, form, quality=quality, exif=exif)
    return out.getvalue()


def footer_lines(
    footer: Footer, room: int, letters: int
) -> list[tuple[str, int, ImageFont.FreeTypeFont, tuple[int, int, int]]]:
    """Words, height in pixels, font and colour of each line, none wider than `room` pixels."""
    large, small = font(max(12, letters)), font(max(11, letters * 3 // 4))
    lines = [(words, int(large.size * 1.4), large, INK) for words in wrapped(footer.prompt, large, room, most=3)]
    for line in footer.lines:
        lines += [(words, int(small.size * 1.4), small, FAINT) for words in wrapped(line, small, room, most=3)]
    return lines


def _cards(draw: ImageDraw.ImageDraw, m: Measures) -> None:
    for row in range(m.blocks):
        for column in range(m.blocks):
            x, y = (place - m.thin for place in m.corner(2 * column, 2 * row))
            draw.rectangle((x, y, x + m.block - 1, y + m.block - 1), fill=CARD)


def _addresses(draw: ImageDraw.ImageDraw, m: Measures) -> None:
    letters = font(m.letters)
    for index in range(2 * m.blocks):
        middle = m.corner(index, 0)[0] + m.cell // 2
        draw.text((middle, m.margin // 2), address(index, 0)[0], fill=INK, font=letters, anchor="mm")
        draw.text((m.margin // 2, middle), str(index + 1), fill=INK, font=letters, anchor="mm")


def all_fitted(pictures: Mapping[str, Image.Image | bytes], side: int) -> dict[str, Image.Image]:
    """Each made `side` pixels square; files are read by as many threads as there are cores, 5 ms one of 512 pixels."""
    if not any(isinstance(picture, bytes) for picture in pictures.values()):
        return {cell: fitted(picture, side) for cell, picture in pictures.items()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(pictures, pool.map(lambda picture: fitted(picture, side), pictures.values()), strict=True))


def fitted(picture: Image.Image | bytes, side: int) -> Image.Image:
    """A picture, or the bytes of its file, made `side` pixels square."""
    image = Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture
    if image.mode == "RGB" and image.size == (side, side):
        # In this thread, not where it is pasted.
        image.load()
        return image
    return image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
