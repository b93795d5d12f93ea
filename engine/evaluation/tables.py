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
        heading = f"{escape(row.label)}<small>{_whom(row)}</small>"
        lines.append(f"<tr><th scope=row>{heading}</th>{cells}</tr>")
    return (
        f"<div class=wide><table class=numbers><thead><tr><td></td>{heads}</tr></thead>{''.join(lines)}</table></div>"
    )


def originals(evaluation: Evaluation) -> str:
    heads = ("", "the original", "ours, all prompts", "ours, the flagship prompt alone")
    lines = [
        f"<tr><th scope=row>{escape(comparison.title)}</th><td>about {comparison.reported.score:.2f}"
        f"<small>{escape(comparison.reported.model)}</small></td><td>{_our_score(comparison)}</td><td>{_flagship(comparison)}</td></tr>"
        for comparison in beside(evaluation)
    ]
    head = "".join(f"<th scope=col>{words}</th>" if words else "<td></td>" for words in heads)
    return f'<div class=wide><table class="numbers beside"><thead><tr>{head}</tr></thead>{"".join(lines)}</table></div>'


def _whom(row: Row) -> str:
    pictures = counted(row.n, "picture") + (f" and {row.withheld} withheld" if row.withheld else "")
    return f"{pictures}, against {escape(row.against)}" if row.against else f"{pictures}, the baseline"


def _cell(row: Row, name: str, reach: float) -> str:
    mean = _mean(row, name)
    estimate = row.differences.get(name)
    if estimate is None:
        return mean
    if estimate.value is None:
        return f"<span class=sentence>{escape(estimate.note or 'not measured')}</span>{mean}"
    kind = "told" if estimate.differs else "open"
    interval = f"<span class=interval>{signed(estimate.low or 0.0)} … {signed(estimate.high or 0.0)}</span>"
    return (
        f"<span class=found><b class={kind}>{signed(estimate.value)}</b>{bar(estimate, reach)}</span>{interval}{mean}"
    )


def _mean(row: Row, name: str) -> str:
    mean = row.plain_means.get(name)
    if name not in row.plain_means:
        return "<small>1 by definition</small>"
    return "<small>no mean</small>" if mean is None else f"<small>mean {number(mean, metric(name).digits)}</small>"


def _reach(rows: Sequence[Row], name: str) -> float:
    """The farthest end of any interval of this metric: all bars of a column have the same scale."""
    estimates = (row.differences[name] for row in rows if name in row.differences)
    ends = [abs(end) for estimate in estimates for end in (estimate.low, estimate.high) if end is not None]
    return max(ends, default=0.0) or 1.0


def _our_score(comparison: Beside) -> str:
    if comparison.row is None:
        return "not painted"
    name = comparison.reported.metric
    mean, estimate = comparison.row.plain_means.get(name), comparison.row.means.get(name)
    if mean is None:
        return "not measured"
    return f"<b>{number(mean)}</b>{_interval(estimate)}<small>{comparison.row.n} pictures</small>"


def _interval(estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"<span class=interval>{number(estimate.low)} … {number(estimate.high)}</span>"


def _flagship(comparison: Beside) -> str:
    if comparison.flagship is None:
        return "not painted"
    return f"<b>{number(comparison.flagship)}</b><small>{comparison.flagship_n} pictures</small>"
