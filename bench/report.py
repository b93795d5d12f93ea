"""Tables in Markdown, the same numbers as JSON, and the plots."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.machine import line
from bench.part import PARTS, part

HOW = "Medians of rounds in which all took turns, in brackets least and most; ratios are formed round by round."


def write(record: dict[str, Any], folder: Path) -> None:
    """JSON, Markdown and SVGs of one part, and the table of all parts that were measured at this size."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{record['part']}-{record['size']}"
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    for title, plot in part(record["part"]).plots(record["results"]).items():
        (folder / f"{name}-{title}.svg").write_text(plot)
    (folder / f"{record['size']}.md").write_text(joined(folder, record["size"]))


def joined(folder: Path, size: str) -> str:
    """One document of all parts that have been measured at this size."""
    records = [json.loads(file.read_text()) for name in PARTS if (file := folder / f"{name}-{size}.json").is_file()]
    return "\n\n".join(["# The embedded model on this machine", HOW, *map(table, records)]) + "\n"


def table(record: dict[str, Any]) -> str:
    """One part under its heading, with when and where it was measured."""
    entry = part(record["part"])
    where = f"{record['machine']['date']}, {record['took_s']:.0f} s. {line(record['machine'])}."
    return "\n\n".join([f"## {entry.title}", entry.table(record["results"]), where])


def rows(head: Sequence[str], body: Sequence[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, cells))} |" for cells in body)])


def spread(value: Mapping[str, Any], unit: float = 1.0, digits: int = 2) -> str:
    """`unit` 1000 turns seconds into milliseconds."""
    least, median, most = (f"{value[key] * unit:.{digits}f}" for key in ("least", "median", "most"))
    return f"{median} ({least} … {most})"


def percent(value: Mapping[str, Any]) -> str:
    return f"{value['median']:.1%} ({value['least']:.1%} … {value['most']:.1%})"
