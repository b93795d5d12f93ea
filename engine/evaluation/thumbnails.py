"""Painted pictures for the page: small, and part of the page itself, so that it works anywhere by itself."""

import base64
import io
from html import escape
from pathlib import Path

from PIL import Image

from engine.evaluation.results import Cell

SIDE = 176


def picture(cell: Cell | None, folder: Path) -> str:
    """The cell as an `img` with its picture inside, or a box that says why there is none."""
    if cell is None:
        return '<span class="none">not painted</span>'
    if cell.withheld:
        return f'<span class="none">withheld: {escape(cell.withheld)}</span>'
    data = _data(folder / cell.file, folder) if cell.file else None
    if data is None:
        return '<span class="none">the file is gone</span>'
    words = escape(f"{cell.asked}, seed {cell.seed}")
    return f'<img src="{data}" alt="{words}" title="{words}" width="{SIDE // 2 + 40}" height="{SIDE // 2 + 40}">'


def _data(path: Path, folder: Path) -> str | None:
    """At most 176 pixels wide, as JPEG in a data URI. None for a file that is gone, broken or outside the folder."""
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return None
        with Image.open(path) as image:
            small = image.convert("RGB")
    except (OSError, ValueError):
        return None
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=86, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
