"""What a soak found as a table to read, and as JSON beside it."""

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.soak.soak import Findings
from bench.soak.strikes import Struck

MEGA = 1e6


def write(findings: Findings, folder: Path, name: str = "soak") -> None:
    """`name`.json and `name`.md."""
    folder.mkdir(parents=True, exist_ok=True)
    record: dict[str, Any] = {"machine": _machine(), "date": datetime.now(UTC).date().isoformat(), **asdict(findings)}
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(table(findings), encoding="utf-8")


def table(findings: Findings) -> str:
    """Markdown: the verdict first, then every fault, then what the processes used."""
    parts = [_verdict(findings), _asked(findings), _faults(findings.struck), _memory(findings), _rest(findings)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(findings: Findings) -> str:
    size, endings = findings.size, ", ".join(f"{count} {state}" for state, count in sorted(findings.endings.items()))
    head = (
        f"# Soak: {sum(findings.endings.values())} jobs by {size.people} people,"
        f" seed {size.seed}, {size.painter} painter\n\n"
        f"{datetime.now(UTC).date().isoformat()}, {_machine()}. {findings.seconds:.0f} s{_wanted(findings)}; {endings};"
        f" the bot was started {findings.starts} times."
    )
    if not findings.wrong:
        return f"{head}\n\n**Nothing lost, nothing doubled, nothing left over.**"
    count = "1 thing is" if len(findings.wrong) == 1 else f"{len(findings.wrong)} things are"
    return f"{head}\n\n**{count} wrong:**\n\n" + "\n".join(f"- {each}" for each in findings.wrong)


def _wanted(findings: Findings) -> str:
    """Where the time was over before everything was ordered, how much was wanted."""
    size = findings.size
    return f" ({size.jobs} jobs were wanted, and {size.minutes:g} minutes for ordering them)" if size.minutes else ""


def _asked(findings: Findings) -> str:
    counts = ", ".join(f"{what} {count}" for what, count in sorted(findings.asked.items()))
    return f"Heard and answered: {counts}."


def _faults(struck: list[Struck]) -> str:
    rows = [_row(f"{each.at:.0f}", each.jobs, each.kind, each.hit, _since(each, each.whole), _since(each, each.sheet))
            for each in struck]  # fmt: skip
    head = (
        "| at, s | jobs ended | fault | what it hit | whole after, s | next sheet after, s |\n|---|---|---|---|---|---|"
    )
    return "\n".join([head, *rows])


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _since(each: Struck, moment: float | None) -> str:
    return "none followed" if moment is None else f"{moment - each.at:.1f}"


def _memory(findings: Findings) -> str:
    rows = []
    for who, flat in findings.flat.items():
        if flat.growth is None or flat.third is None or flat.last is None:
            rows.append(f"| {who} | too few samples of a warm process | | |")
        else:
            rows.append(f"| {who} | {flat.third / MEGA:.1f} | {flat.last / MEGA:.1f} | {flat.growth:+.1%} |")
    return "\n".join(["| memory, MB | third quarter | last quarter | growth |", "|---|---|---|---|", *rows])


def _rest(findings: Findings) -> str:
    rows = [
        f"| {who} | {first.files} → {last.files} | {first.tasks} → {last.tasks} | {last.kept} |"
        for who, (first, last) in findings.rest.items()
    ]
    head = ["| at rest, before → after | open files | tasks | jobs still kept |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, load {load:.1f} at the end"
    )
