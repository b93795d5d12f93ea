"""The table in Markdown, the same numbers as JSON, and the plots."""

import json
from pathlib import Path
from typing import Any

from bench import plot
from bench.machine import line

NAMES = {
    "engine": "Tessera, the whole way",
    "painter": "Tessera, painting alone",
    "fast": "Tessera, painting alone, `fast`",
    "one": "diffusers, one at a time",
    "batched": "diffusers, one batch",
}


def write(found: dict[str, Any], folder: Path, name: str) -> None:
    """`name`.json, `name`.md and an SVG of every grid."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    (folder / f"{name}.md").write_text(table(found))
    for grid in found["grids"]:
        bars = {NAMES[who]: grid["seconds"][who] for who in NAMES}
        floor = found["floor"]["fp32"]["floor"] * grid["pictures"]
        title = f"{grid['grid']}: seconds for {grid['pictures']} painted pictures"
        (folder / f"{name}-{grid['grid'].split(',')[0].replace(' ', '-')}.svg").write_text(
            plot.bars(title, bars, floor)
        )
    for what, grown in found["growth"].items():
        points = {int(key): value["seconds"] for key, value in grown.items()}
        (folder / f"{name}-{what}.svg").write_text(plot.line(f"seconds of painting by {what}", points))


def table(found: dict[str, Any]) -> str:
    parts = [_head(found), *(_grid(grid) for grid in found["grids"]), _parts(found), _growth(found), _starts(found)]
    return "\n\n".join(parts) + "\n"


def _head(found: dict[str, Any]) -> str:
    rates, cost, floor = found["rates"], found["floor"]["cost"], found["floor"]
    best = (
        f"At best this machine multiplies matrices at {rates['fp32']:.0f} GFLOP/s in fp32 and {rates['bf16']:.0f} "
        f"in bf16 and copies {rates['copy']:.0f} GB/s. A picture in 12 steps with guidance takes "
        f"{cost['gflop']:.1f} GFLOP and moves {cost['gbyte']:.2f} GB, so the floor is "
        f"{floor['fp32']['floor'] * 1e3:.0f} ms a picture in fp32, {floor['bf16']['floor'] * 1e3:.0f} ms in bf16."
    )
    how = "Medians of rounds in which all took turns, in brackets least and most; ratios are formed round by round."
    return "\n\n".join([f"# The embedded model, {found['machine']['date']}", f"{line(found['machine'])}.", best, how])


def _grid(grid: dict[str, Any]) -> str:
    head = "| who | seconds | pictures a second | share of the floor | times one at a time | times batched |"
    rows = [
        f"| {name} | {_spread(grid['seconds'][who])} | {grid['a_second'][who]['median']:.1f} "
        f"| {grid['share_of_floor'][who]['median']:.0%} "
        f"| {_times(grid['times_one'].get(who))} | {_times(grid['times_batched'].get(who))} |"
        for who, name in NAMES.items()
    ]
    moments = "; ".join(f"{name} {_spread(value)} s" for name, value in grid["moments"].items())
    besides = _percent(grid["besides_painting"])
    lines = [
        f"## {grid['grid'].capitalize()}: {grid['pictures']} painted pictures",
        "",
        head,
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *rows, "", f"Moments of the whole way: {moments}. Besides painting: {besides}."])


def _parts(found: dict[str, Any]) -> str:
    parts = "; ".join(f"{name} {seconds * 1e3:.0f} ms" for name, seconds in found["parts"].items())
    fast = found["fast"]
    return (
        f"Parts besides painting, for a whole grid: {parts}.\n\n"
        f"`quality: fast` against `reference`, {fast['n']} pictures with the same prompts and seeds: mean cosine "
        f"{fast['preset']:.4f} against {fast['reference']:.4f}, paired change {fast['change']:+.4f} "
        f"± {fast['change_95']:.4f}; pixels differ by {fast['pixels_mean']:.1f} of 255 on average."
    )


def _growth(found: dict[str, Any]) -> str:
    lines = ["## Growth", ""]
    for what, grown in found["growth"].items():
        lines += [f"| {what} | {' | '.join(grown)} |", "|---|" + "---|" * len(grown)]
        pictures = " | ".join(str(value["pictures"]) for value in grown.values())
        seconds = " | ".join(f"{value['seconds']:.2f}" for value in grown.values())
        lines += [f"| pictures | {pictures} |", f"| seconds of painting | {seconds} |", ""]
    return "\n".join(lines).strip()


def _starts(found: dict[str, Any]) -> str:
    names = {"ours": "Tessera", "one": NAMES["one"], "batched": NAMES["batched"]}
    rows = [
        f"| {names[who]} | {_spread(m['ready'])} | {_spread(m['first'])} | {_spread(m['painted'])} "
        f"| {m['peak_mib']['median']:.0f} MiB |"
        for who, m in found["fresh"].items()
    ]
    head = [
        "## A fresh process, approach 3 with 64 pictures",
        "",
        "| who | ready | first picture | painted | most memory |",
    ]
    return "\n".join([*head, "|---|---|---|---|---|", *rows])


def _spread(value: dict[str, Any]) -> str:
    return f"{value['median']:.2f} ({value['least']:.2f} … {value['most']:.2f})"


def _times(value: dict[str, Any] | None) -> str:
    return "1" if value is None else _spread(value)


def _percent(value: dict[str, Any]) -> str:
    return f"{value['median']:.1%} ({value['least']:.1%} … {value['most']:.1%})"
