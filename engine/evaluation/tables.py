"""The report's tables: differences to the baseline with their intervals, and the original's results beside ours."""

from collections.abc import Sequence
from html import escape

from engine.contract.estimate import Estimate, number, signed
from engine.evaluation.markup import counted
from engine.evaluation.original import Beside, beside
from engine.evaluation.results import Evaluation, Row
from engine.evaluation.svg import bar
from engine.metrics import metric

HEADLINE = ("clip_score", "style_score", "retrieval")


def differences(evaluation: Evaluation, metrics: Sequence[str]) -> str:
    """A row for each column and variant: the difference, its interval as a bar and in numbers, and the mean itself."""
    heads = "".join(
        f"<th scope=col>{escape(metric(name).title)}<small>{escape(metric(name).scale)}</small></th>"
        for name in metrics
    )
    reach = {name: _reach(evaluation.rows, name) for name in metrics}
    lines, variant = [], "plain"
    for row in evaluation.rows:
        if row.variant != variant:
            variant = row.variant
            lines.append(f"<tr><th class=group colspan={len(metrics) + 1}>With design elements in the prompt</th></tr>")
        cells = "".join(f"<td>{_cell(row, name, reach[name])}</td>" for name in metrics)
        who = f"{escape(row.label)}<small>{_whom(row)}</small>"
        lines.append(f"<tr><th scope=row>{who}</th>{cells}</tr>")
    return (
        f"<div class=wide><table class=numbers><thead><tr><td></td>{heads}</tr></thead>{''.join(lines)}</table></div>"
    )


def originals(evaluation: Evaluation) -> str:
    heads = ("", "the original", "ours, all prompts", "ours, the flagship prompt alone")
    lines = [
        f"<tr><th scope=row>{escape(found.title)}</th><td>about {found.reported.score:.2f}"
        f"<small>{escape(found.reported.model)}</small></td><td>{_ours(found)}</td><td>{_flagship(found)}</td></tr>"
        for found in beside(evaluation)
    ]
    head = "".join(f"<th scope=col>{words}</th>" if words else "<td></td>" for words in heads)
    return f'<div class=wide><table class="numbers beside"><thead><tr>{head}</tr></thead>{"".join(lines)}</table></div>'


def _whom(row: Row) -> str:
    pictures = counted(row.n, "picture") + (f" and {row.withheld} withheld" if row.withheld else "")
    return f"{pictures}, against {escape(row.against)}" if row.against else f"{pictures}, the baseline"


def _cell(row: Row, name: str, reach: float) -> str:
    mean = _mean(row, name)
    found = row.differences.get(name)
    if found is None:
        return mean
    if found.value is None:
        return f"<span class=sentence>{escape(found.note or 'not measured')}</span>{mean}"
    told = "told" if found.differs else "open"
    interval = f"<span class=interval>{signed(found.low or 0.0)} … {signed(found.high or 0.0)}</span>"
    return f"<span class=found><b class={told}>{signed(found.value)}</b>{bar(found, reach)}</span>{interval}{mean}"


def _mean(row: Row, name: str) -> str:
    mean = row.plain_means.get(name)
    if name not in row.plain_means:
        return "<small>1 by definition</small>"
    return "<small>no mean</small>" if mean is None else f"<small>mean {number(mean, metric(name).digits)}</small>"


def _reach(rows: Sequence[Row], name: str) -> float:
    """The farthest end of any interval of this metric: all bars of a column have the same scale."""
    found = (row.differences[name] for row in rows if name in row.differences)
    ends = [abs(end) for estimate in found for end in (estimate.low, estimate.high) if end is not None]
    return max(ends, default=0.0) or 1.0


def _ours(found: Beside) -> str:
    if found.row is None:
        return "not painted"
    name = found.reported.metric
    mean, estimate = found.row.plain_means.get(name), found.row.means.get(name)
    if mean is None:
        return "not measured"
    return f"<b>{number(mean)}</b>{_interval(estimate)}<small>{found.row.n} pictures</small>"


def _interval(estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"<span class=interval>{number(estimate.low)} … {number(estimate.high)}</span>"


def _flagship(found: Beside) -> str:
    if found.flagship is None:
        return "not painted"
    return f"<b>{number(found.flagship)}</b><small>{found.flagship_n} pictures</small>"
