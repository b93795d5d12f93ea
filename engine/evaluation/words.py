"""An evaluation in text for a terminal: a table, the verdicts, and what they rest on."""

from collections.abc import Sequence

from engine.contract.estimate import Estimate, number, signed
from engine.evaluation.results import Evaluation, Row
from engine.evaluation.tables import HEADLINE
from engine.metrics import metric

READ_BY = (
    "Each column's style is measured by the pictures of its own style, and so is the baseline when compared with it;"
    " columns without a style are measured by those of “{}”. Scores by different styles are on different scales."
)
GAP = "  "


def table(evaluation: Evaluation, metrics: Sequence[str] = HEADLINE) -> str:
    """Lines of equal width: the baseline's means first, then differences with their intervals; a star tells apart."""
    names = [name for name in metrics if any(name in row.plain_means for row in evaluation.rows)]
    head = ["", *(metric(name).title for name in names)]
    lines = [head, *([row.label, *(_cell(row, name) for name in names)] for row in evaluation.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(GAP.join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines)


def verdicts(evaluation: Evaluation) -> list[str]:
    return [row.verdict for row in evaluation.rows if row.verdict]


def footnotes(evaluation: Evaluation) -> list[str]:
    """What the table rests on, and the sentences behind each dash."""
    estimates = [estimate for row in evaluation.rows for estimate in row.differences.values()]
    methods = dict.fromkeys(estimate.method for estimate in estimates if estimate.method)
    name = evaluation.baseline.label
    detailed = f", of other columns with details from {name} with details," if len(evaluation.variants) > 1 else ""
    base = (
        f"First line: means of {name}; below: paired differences from it{detailed} with 95 % intervals"
        f"{' (' + '; '.join(methods) + ')' if methods else ''}. * differs from 0 after Holm's correction. "
        f"Judged by {evaluation.judged_by}."
    )
    return [base, *unmeasured(evaluation.rows), *evaluation.notes]


def read_by(styles: Sequence[str]) -> list[str]:
    """By which style's pictures the style of a column is measured, where there are several."""
    return [READ_BY.format(styles[0])] if len(styles) > 1 else []


def unmeasured(rows: Sequence[Row], *, also_intervals: bool = True) -> list[str]:
    """The sentences behind missing numbers and, unless only these are asked for, missing intervals; each with the
    metrics that it is about, where it is not about all of them."""
    by_note: dict[str, dict[str, None]] = {}
    names = {name for row in rows for name in row.differences}
    for row in rows:
        for name, estimate in row.differences.items():
            missing = also_intervals or estimate.value is None or "left out" in (estimate.note or "")
            if estimate.note and not estimate.ties and missing:
                by_note.setdefault(estimate.note, {})[metric(name).title] = None
    return [note if len(titles) == len(names) else f"{', '.join(titles)}: {note}" for note, titles in by_note.items()]


def left_out(rows: Sequence[Row]) -> list[str]:
    """The sentences on pairs without two scores, behind numbers that are there."""
    return [sentence for sentence in unmeasured(rows, also_intervals=False) if "left out" in sentence]


def _cell(row: Row, name: str) -> str:
    estimate = row.differences.get(name)
    if estimate is None:
        mean = row.plain_means.get(name)
        return "-" if mean is None else number(mean)
    return _difference(estimate)


def _difference(estimate: Estimate) -> str:
    if estimate.ties:
        return "no difference"
    if estimate.value is None:
        return "-"
    star = "*" if estimate.differs else ""
    return f"{signed(estimate.value)}{star} ({signed(estimate.low or 0.0)} … {signed(estimate.high or 0.0)})"
