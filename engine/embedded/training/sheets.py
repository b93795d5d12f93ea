"""Pictures side by side, as the model card shows them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

_COLUMNS, _SIDE, _GAP, _WORDS = 8, 128, 2, 30
Pixels = npt.NDArray[np.uint8]


def contact_sheet(pictures: Pixels) -> Image.Image:
    return labelled_sheet(pictures, [""] * len(pictures), words=0)


def labelled_sheet(pictures: Pixels, labels: Sequence[str], words: int = _WORDS) -> Image.Image:
    """Each picture with its label in two short lines below."""
    rows = max(1, -(-len(pictures) // _COLUMNS))
    sheet = Image.new("RGB", (_COLUMNS * (_SIDE + _GAP), rows * (_SIDE + words + _GAP)), "white")
    canvas, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for index, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        row, column = divmod(index, _COLUMNS)
        x, y = column * (_SIDE + _GAP), row * (_SIDE + words + _GAP)
        sheet.paste(Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC), (x, y))
        canvas.multiline_text((x + 2, y + _SIDE + 2), _two_lines(label), "black", font, spacing=1)
    return sheet


def _two_lines(label: str) -> str:
    middle = len(label) // 2
    cut = label.find(" ", middle)
    return label if cut < 0 else label[:cut] + "\n" + label[cut + 1 :]
