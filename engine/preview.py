"""What a grid looks like so far: a small sheet of finished pictures, and of previews of the others."""

import base64
import io
from collections.abc import Mapping

from PIL import Image

from engine.contract.grid import Plan
from engine.contract.sheet import Footer, lay_out
from engine.painter import Pixels

CELL = 32


def preview(plan: Plan, pictures: Mapping[str, Pixels]) -> str:
    """A JPEG in base64, laid out like the sheet."""
    images = {cell: Image.fromarray(pixels) for cell, pixels in pictures.items()}
    out = io.BytesIO()
    lay_out(plan, images, cell_px=CELL, footer=Footer("", ())).save(out, "JPEG", quality=80)
    return base64.b64encode(out.getvalue()).decode()


def small(pixels: Pixels) -> Pixels:
    """A picture thinned to about a preview's cell, so that keeping it costs little."""
    step = max(1, pixels.shape[0] // CELL)
    return pixels[::step, ::step].copy()
