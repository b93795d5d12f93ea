"""What a comparison looks like so far, put together from the previews of its columns."""

import base64
import io
from collections.abc import Iterable, Mapping

from PIL import Image

from engine.comparing.sharing import Share, blocks
from engine.contract.comparison import ComparisonPlan
from engine.contract.comparison_sheet import comparison
from engine.contract.sheet import boxes
from engine.painter import Pixels
from engine.preview import CELL

SIDE = 56


def preview(plan: ComparisonPlan, pictures: Mapping[str, Pixels], previews: Iterable[tuple[Share, str]]) -> str:
    """A JPEG in base64. `pictures` are finished; `previews` are the columns' own previews, laid out like a grid."""
    images: dict[str, Image.Image] = {}
    places = boxes(blocks(plan), CELL)
    for share, jpeg in previews:
        with Image.open(io.BytesIO(base64.b64decode(jpeg))) as sheet:
            for cell in share.cells:
                piece = sheet.crop(places[cell.cell])
                images |= {twin.cell: piece for twin in (cell, *share.twins[cell.cell])}
    images |= {cell: Image.fromarray(pixels) for cell, pixels in pictures.items()}
    rows = [[images.get(cell.cell) for cell in line] for line in plan.rows]
    out = io.BytesIO()
    labels = [column.label for column in plan.columns]
    comparison(labels, [str(number + 1) for number in range(len(rows))], rows, SIDE).save(out, "JPEG", quality=80)
    return base64.b64encode(out.getvalue()).decode()
