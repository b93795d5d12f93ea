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


def preview(plan: ComparisonPlan, pictures: Mapping[str, Pixels], promised: Iterable[tuple[Share, str]]) -> str:
    """A JPEG in base64. `pictures` are finished; `promised` are the columns' own previews, laid out like a grid."""
    shown: dict[str, Image.Image] = {}
    places = boxes(blocks(plan), CELL)
    for share, data in promised:
        with Image.open(io.BytesIO(base64.b64decode(data))) as sheet:
            for cell in share.cells:
                piece = sheet.crop(places[cell.cell])
                shown |= {each.cell: piece for each in (cell, *share.twins[cell.cell])}
    shown |= {cell: Image.fromarray(pixels) for cell, pixels in pictures.items()}
    rows = [[shown.get(cell.cell) for cell in line] for line in plan.rows]
    out = io.BytesIO()
    labels = [column.label for column in plan.columns]
    comparison(labels, [str(number + 1) for number in range(len(rows))], rows, SIDE).save(out, "JPEG", quality=80)
    return base64.b64encode(out.getvalue()).decode()
