"""The pictures of the report: the same prompts and seeds in every column, then the best and the worst of each."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from engine.contract.estimate import number
from engine.evaluation.results import Cell, Evaluation, Row
from engine.evaluation.summary import CONTENT
from engine.evaluation.thumbnails import picture

ROWS = 8
EXTREMES = 4
MOST_ROWS = 12
"""Columns shown with their best and worst; a longer comparison would make the page too heavy to send."""


def examples(evaluation: Evaluation, folder: Path) -> str:
    """One table: a row for each chosen prompt (or each seed of a single one), a column for each of what is compared."""
    heads = "".join(f"<th scope=col>{escape(column.label)}</th>" for column in evaluation.columns)
    cells = {cell.key: cell for cell in evaluation.cells}
    lines = []
    for item, draw in _chosen(evaluation):
        line = [cells.get(f"{column.key}/plain/{item}/{draw}") for column in evaluation.columns]
        first_cell = next((cell for cell in line if cell), None)
        if first_cell:
            pictures = "".join(f"<td>{picture(cell, folder)}{_score(cell)}</td>" for cell in line)
            words = f"{escape(first_cell.prompt)}<small>seed {first_cell.seed}</small>"
            lines.append(f"<tr><th scope=row>{words}</th>{pictures}</tr>")
    return (
        f'<div class="wide"><table class="sheet"><thead><tr><td></td>{heads}</tr></thead>{"".join(lines)}</table></div>'
    )


def extremes(evaluation: Evaluation, folder: Path) -> str:
    """For every row its highest and its lowest CLIP scores, side by side."""
    return "".join(_extremes(evaluation, row, folder) for row in evaluation.rows[:MOST_ROWS])


def copies(evaluation: Evaluation, folder: Path) -> str:
    """The pictures nearest to what a style learned from, with the names of those pictures; empty without a style."""
    parts = []
    for column in evaluation.columns:
        key = f"copies:{column.style}"
        cells = [cell for cell in evaluation.cells if cell.column == column.key and cell.scores.get(key) is not None]
        closest = sorted(cells, key=lambda cell: cell.scores[key] or 0.0, reverse=True)[: 2 * EXTREMES]
        figures = "".join(
            f"<div class=cell>{picture(cell, folder)}<span class=score>{number(cell.scores[key] or 0.0)}</span>"
            f"<small>{escape(cell.nearest.get(column.style or '', ''))}</small></div>"
            for cell in closest
        )
        parts += [f"<h3>{escape(column.label)}</h3><figure class=row>{figures}</figure>"] if closest else []
    return "".join(parts)


def _chosen(evaluation: Evaluation) -> list[tuple[int, int]]:
    """The first prompt of each category, or the first draws of a single prompt."""
    if len(evaluation.prompts) == 1:
        return [(0, draw) for draw in range(min(ROWS, evaluation.draws))]
    first: dict[str, int] = {}
    for item, prompt in enumerate(evaluation.prompts):
        first.setdefault(prompt.category, item)
    return [(item, 0) for item in list(first.values())[:ROWS]]


def _extremes(evaluation: Evaluation, row: Row, folder: Path) -> str:
    cells = [cell for cell in evaluation.cells if (cell.column, cell.variant) == (row.column, row.variant)]
    ranked = sorted((cell for cell in cells if cell.scores.get(CONTENT) is not None), key=_content, reverse=True)
    if len(ranked) < 2 * EXTREMES:
        return ""
    best, worst = ranked[:EXTREMES], ranked[-EXTREMES:]
    return (
        f"<h3>{escape(row.label)}</h3><div class=ends>"
        f"<figure><figcaption>best</figcaption>{_strip(best, folder)}</figure>"
        f"<figure><figcaption>worst</figcaption>{_strip(worst, folder)}</figure></div>"
    )


def _strip(cells: Sequence[Cell], folder: Path) -> str:
    return "".join(
        f"<div class=cell>{picture(cell, folder)}{_score(cell)}<small>{escape(cell.asked)}</small></div>"
        for cell in cells
    )


def _score(cell: Cell | None) -> str:
    score = cell.scores.get(CONTENT) if cell else None
    return "" if score is None else f"<span class=score>{number(score)}</span>"


def _content(cell: Cell) -> float:
    return cell.scores[CONTENT] or 0.0
