"""Plots as SVG, written by hand so that a benchmark needs no plotting library."""

from html import escape
from math import log10
from typing import Any

WIDTH, ROW, LEFT, RIGHT = 720, 30, 230, 90
INK, BAR, FLOOR = "#20242e", "#5b7db1", "#b1495b"


def bars(title: str, values: dict[str, dict[str, Any]], floor: float | None = None) -> str:
    """One bar for each spread of seconds, with a whisker from least to most; a line at the floor where there is one."""
    most = max(value["most"] for value in values.values())
    scale = (WIDTH - LEFT - RIGHT) / most
    height = 50 + ROW * len(values) + 24
    body = []
    for index, (name, value) in enumerate(values.items()):
        y = 44 + ROW * index
        right = LEFT + scale * value["median"]
        body += [
            _text(LEFT - 8, y + 14, name.replace("`", ""), anchor="end"),
            f'<rect x="{LEFT}" y="{y}" width="{right - LEFT:.1f}" height="20" fill="{BAR}"/>',
            _rule(LEFT + scale * value["least"], y + 10, LEFT + scale * value["most"], y + 10, INK),
            _text(LEFT + scale * value["most"] + 8, y + 14, f"{value['median']:.2f} s"),
        ]
    if floor is not None:
        at, bottom = LEFT + scale * floor, 44 + ROW * len(values)
        body += [
            _rule(at, 38, at, bottom, FLOOR),
            _text(at, bottom + 16, f"floor in fp32 {floor:.2f} s", FLOOR, "middle"),
        ]
    return _svg(title, body, height)


def line(title: str, points: dict[int, float], unit: str = " s", digits: int = 1, *, decades: bool = False) -> str:
    """A line through points, both axes from zero; with `decades` the lower one counts digits, so that all are seen."""
    wide, high = WIDTH - 120, 220
    right = {x: log10(x) if decades else x for x in points}
    x_scale, y_scale = wide / max(right.values()), high / max(points.values())
    at = {x: (60 + right[x] * x_scale, 50 + high - y * y_scale) for x, y in points.items()}
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at.values())
    body = [_rule(60, 50 + high, 60 + wide, 50 + high, INK), _rule(60, 50, 60, 50 + high, INK)]
    body += [f'<polyline points="{path}" fill="none" stroke="{BAR}" stroke-width="2"/>']
    for x, (left, top) in at.items():
        body += [f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{BAR}"/>']
        body += [_text(left, top - 8, f"{points[x]:.{digits}f}{unit}", anchor="middle")]
        body += [_text(left, 66 + high, str(x), anchor="middle")]
    return _svg(title, body, 50 + high + 30)


def _svg(title: str, body: list[str], height: int) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
    paper = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, paper, _text(16, 24, title), *body, "</svg>"]) + "\n"


def _text(x: float, y: float, words: str, colour: str = INK, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="13" text-anchor="{anchor}">{escape(words)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="1.5"/>'
