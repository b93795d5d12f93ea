"""The plots as inline SVG; colours come from the page's style sheet, so they follow dark, light and print."""

from html import escape

from engine.contract.estimate import Estimate, signed
from engine.evaluation.layout import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Layout, Mark, layout
from engine.evaluation.tradeoff import Tradeoff
from engine.evaluation.verdict import MARGIN

X_TITLE = "content: difference from the baseline in CLIP score →"
Y_TITLE = "style: difference from the baseline in style score →"
BAR_WIDTH, BAR_HEIGHT = 132, 14


def plot(tradeoff: Tradeoff) -> str:
    """Content to the right, style upwards, the baseline at the crossing of the two lines."""
    plot_layout = layout(tradeoff)
    marks = (part for mark in plot_layout.marks for part in _mark(mark))
    parts = [_band(plot_layout), *_grid(plot_layout), *_paths(plot_layout), *marks, *map(_label, plot_layout.marks)]
    description = "; ".join(f"{p.label}: content {signed(p.x)}, style {signed(p.y)}" for p in tradeoff.points)
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(description)}">'
        f"{''.join(parts)}</svg>"
    )


def bar(estimate: Estimate, reach: float) -> str:
    """An interval as a small bar about zero; `reach` is the value at either end, the same for a whole column."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return ""

    def at(value: float) -> float:
        return BAR_WIDTH / 2 * (1 + max(-1.0, min(1.0, value / reach)) * 0.94)

    kind = "told" if estimate.differs else "open"
    return (
        f'<svg class="bar {kind}" viewBox="0 0 {BAR_WIDTH} {BAR_HEIGHT}" aria-hidden="true">'
        f"{_line(BAR_WIDTH / 2, 0, BAR_WIDTH / 2, BAR_HEIGHT, 'zero')}"
        f"{_line(at(estimate.low), 7, at(estimate.high), 7, 'interval')}"
        f'<circle cx="{at(estimate.value):.1f}" cy="7" r="3.6"/></svg>'
    )


def _band(layout: Layout) -> str:
    """Where content counts as kept."""
    left, right = layout.x.at(-MARGIN), layout.x.at(MARGIN)
    return f'<rect class="band" x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" height="{BOTTOM - TOP}"/>' + _text(
        (left + right) / 2, TOP - 9, f"content kept within {MARGIN:g}", "faint", "middle"
    )


def _grid(layout: Layout) -> list[str]:
    parts = []
    for value in layout.x.ticks():
        x = layout.x.at(value)
        parts += [_line(x, TOP, x, BOTTOM, "zero" if value == 0 else "tick")]
        parts += [_text(x, BOTTOM + 19, signed(value, 2), "faint", "middle")]
    for value in layout.y.ticks():
        y = layout.y.at(value)
        parts += [_line(LEFT, y, RIGHT, y, "zero" if value == 0 else "tick")]
        parts += [_text(LEFT - 9, y + 4, signed(value, 2), "faint", "end")]
    middle = (TOP + BOTTOM) / 2
    title = f'<text class="title" transform="translate(20 {middle}) rotate(-90)" text-anchor="middle">{Y_TITLE}</text>'
    return [*parts, _text((LEFT + RIGHT) / 2, BOTTOM + 50, X_TITLE, "title", "middle"), title]


def _paths(layout: Layout) -> list[str]:
    lines = [" ".join(f"{layout.marks[i].x:.1f},{layout.marks[i].y:.1f}" for i in path) for path in layout.paths]
    return [f'<polyline class="path" points="{line}"/>' for line in lines]


def _mark(mark: Mark) -> list[str]:
    kind, x, y = mark.point.kind, mark.x, mark.y
    parts = [_line(mark.wide[0], y, mark.wide[1], y, f"interval {kind}")] if mark.wide else []
    parts += [_line(x, mark.high[0], x, mark.high[1], f"interval {kind}")] if mark.high else []
    return [*parts, _shape(kind, x, y)]


def _label(mark: Mark) -> str:
    return _text(mark.text[0], mark.text[1] + 4, mark.label, f"label {mark.point.kind}")


def _shape(kind: str, x: float, y: float) -> str:
    """A shape for each kind, so that nothing depends on colour."""
    if kind == "baseline":
        return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="7"/>'
    if kind == "compared":
        return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5.5"/>'
    side = 6 if kind == "control" else 5
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if kind == "control" else ""
    return f'<rect class="{kind}" x="{x - side:.1f}" y="{y - side:.1f}" width="{2 * side}" height="{2 * side}"{turn}/>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
