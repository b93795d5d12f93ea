"""What a soak found as a table to read, and as JSON beside it."""

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.soak.soak import Found
from bench.soak.strikes import Struck

MEGA = 1e6


def write(found: Found, folder: Path, name: str = "soak") -> None:
    """`name`.json and `name`.md."""
    folder.mkdir(parents=True, exist_ok=True)
    whole: dict[str, Any] = {"machine": _machine(), "date": datetime.now(UTC).date().isoformat(), **asdict(found)}
    (folder / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(table(found), encoding="utf-8")


def table(found: Found) -> str:
    """Markdown: the verdict first, then every fault, then what the processes used."""
    parts = [_verdict(found), _asked(found), _faults(found.struck), _memory(found), _rest(found)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(found: Found) -> str:
    size, endings = found.size, ", ".join(f"{count} {state}" for state, count in sorted(found.endings.items()))
    head = (
        f"# Soak: {sum(found.endings.values())} jobs by {size.people} people,"
        f" seed {size.seed}, {size.painter} painter\n\n"
        f"{datetime.now(UTC).date().isoformat()}, {_machine()}. {found.seconds:.0f} s{_wanted(found)}; {endings};"
        f" the bot was started {found.starts} times."
    )
    if not found.wrong:
        return f"{head}\n\n**Nothing lost, nothing doubled, nothing left over.**"
    count = "1 thing is" if len(found.wrong) == 1 else f"{len(found.wrong)} things are"
    return f"{head}\n\n**{count} wrong:**\n\n" + "\n".join(f"- {each}" for each in found.wrong)


def _wanted(found: Found) -> str:
    """Where the time was over before everything was ordered, how much was wanted."""
    size = found.size
    return f" ({size.jobs} jobs were wanted, and {size.minutes:g} minutes for ordering them)" if size.minutes else ""


def _asked(found: Found) -> str:
    asked = ", ".join(f"{what} {count}" for what, count in sorted(found.asked.items()))
    return f"Heard and answered: {asked}."


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


def _memory(found: Found) -> str:
    rows = []
    for who, flat in found.flat.items():
        if flat.growth is None or flat.third is None or flat.last is None:
            rows.append(f"| {who} | too few samples of a warm process | | |")
        else:
            rows.append(f"| {who} | {flat.third / MEGA:.1f} | {flat.last / MEGA:.1f} | {flat.growth:+.1%} |")
    return "\n".join(["| memory, MB | third quarter | last quarter | growth |", "|---|---|---|---|", *rows])


def _rest(found: Found) -> str:
    rows = [
        f"| {who} | {first.files} → {last.files} | {first.tasks} → {last.tasks} | {last.kept} |"
        for who, (first, last) in found.rest.items()
    ]
    head = ["| at rest, before → after | open files | tasks | jobs still kept |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, load {load:.1f} at the end"
    )
