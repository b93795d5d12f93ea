"""The report: one HTML page that needs nothing besides itself. What it says stands in its chapters."""

from html import escape
from pathlib import Path

from engine.evaluation import chapters, particulars
from engine.evaluation.files import put, save
from engine.evaluation.plot import png
from engine.evaluation.results import Evaluation
from engine.evaluation.tradeoff import tradeoff

STYLE_SHEET = Path(__file__).parent / "report.css"
ALONE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The page may load nothing from anywhere and run no script; browsers hold it to that."""


def write(evaluation: Evaluation, folder: Path) -> Path:
    """report.html, report.json, cells.csv and, where a style was asked about, plot.png. Raises OSError."""
    save(evaluation, folder)
    page = folder / "report.html"
    put(page, html(evaluation, folder).encode())
    points = tradeoff(evaluation)
    if points:
        put(folder / "plot.png", png(points))
    return page


def html(evaluation: Evaluation, folder: Path) -> str:
    """The page. `folder` is where the cells' files lie; everything that a person typed is escaped."""
    body = (
        chapters.head(evaluation),
        chapters.short(evaluation),
        chapters.tradeoff(tradeoff(evaluation)),
        chapters.differences(evaluation),
        particulars.measured(evaluation),
        chapters.original(evaluation),
        chapters.pictures(evaluation, folder),
        chapters.copies(evaluation, folder),
        chapters.limits(),
        particulars.repeat(evaluation),
    )
    style = STYLE_SHEET.read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{ALONE}">'
        f"<title>{escape(evaluation.title)}</title><style>{style}</style></head><body>{''.join(body)}</body></html>\n"
    )
