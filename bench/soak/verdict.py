"""What is wrong at the end, in sentences: each job's row beside what stands in the chats, and missing answers."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.soak.asks import Ask
from bench.soak.probe import Sample
from bench.soak.shown import MARK, Shown

# What only stands in the message of a job that has not ended.
UNDER_WAY = ("▰", "▱", "You are next", "Waiting for the engine", "Posting the sheet", "does not answer. This continues")


@dataclass(frozen=True)
class Kept:
    """What the database says when all is over."""

    jobs: list[dict[str, Any]]
    open: int


def kept(history: Path) -> Kept:
    with sqlite3.connect(history) as database:
        database.row_factory = sqlite3.Row
        jobs = [dict(row) for row in database.execute("SELECT * FROM jobs ORDER BY number")]
        (left,) = database.execute("SELECT COUNT(*) FROM received WHERE body IS NOT NULL").fetchone()
    database.close()
    return Kept(jobs, left)


def unfinished(history: Path) -> int:
    """Jobs and answers that are still under way."""
    found = kept(history)
    alive = sum(job["state"] in {"waiting", "lent", "made"} or not job["told"] for job in found.jobs)
    return alive + found.open


def faults_of_rows(found: Kept, shown: Sequence[Shown]) -> list[str]:
    """Jobs that never ended, that came twice or not at all, and messages that say something else than the row."""
    sheets = defaultdict(list)
    for each in shown:
        if each.sheet:
            sheets[each.job].append(each)
    own = Counter(each.job for each in shown if each.own)
    failed = {each.job for each in shown if each.failed}
    wrong = [f"{found.open} commands were heard and never answered"] if found.open else []
    for job in found.jobs:
        wrong += _of_row(job, sheets.get(job["id"], []), own[job["id"]], told=job["id"] in failed)
    return wrong + [f"a message still says “{_line(each.text)}”" for each in shown if _stale(each)]


def _of_row(job: dict[str, Any], sheets: Sequence[Shown], own: int, *, told: bool) -> Iterable[str]:
    name, state = f"job {job['id']} ({job['platform']})", job["state"]
    if state not in {"delivered", "failed", "cancelled"}:
        yield f"{name} never ended: it is {state}"
    elif state == "delivered" and len(sheets) != 1:
        where = "".join(f"; {each.id}: “{_line(each.text)}”" for each in sheets)
        yield f"{name} was delivered {len(sheets)} times{where}"
    elif state != "delivered" and sheets:
        yield f"{name} is {state} but its sheet stands there"
    elif state == "failed":
        yield f"{name} failed: {job['reason']}, {job['detail']}"
    if state in {"failed", "cancelled"} and not told:
        yield f"{name} is {state} and its message does not say so"
    if own > 1:
        yield f"{name} has {own} messages of its own"


def faults_of_asks(asks: Sequence[Ask], found: Kept) -> list[str]:
    """Orders that were heard and made no job, jobs that nobody ordered, and private answers that never came.

    What came of a job is told by its row, also where the person had lost patience by then.
    """
    orders = Counter(ask.mark for ask in asks if ask.mark)
    heard = Counter(ask.mark for ask in asks if ask.mark and ask.acknowledged)
    made = Counter(mark for job in found.jobs if (mark := _mark(job["work"])))
    wrong = [f"{mark} was heard {count} times and made {made[mark]} jobs" for mark, count in heard.items()
             if made[mark] < count]  # fmt: skip
    wrong += [f"{mark} was ordered {orders[mark]} times and made {count} jobs" for mark, count in made.items()
              if count > orders[mark]]  # fmt: skip
    return wrong + [
        f"{ask.person} on {ask.platform} waited in vain for an answer to {ask.what} ({ask.at:.0f} s)"
        for ask in asks
        if ask.acknowledged and ask.answered is None and not ask.mark
    ]


def faults_of_leaks(before: dict[str, Sample], after: dict[str, Sample], spare: int = 2) -> list[str]:
    """Open files and tasks at rest, before and after all work; and results that an engine still keeps."""
    wrong = []
    for who, first in before.items():
        last = after.get(who)
        if last is None:
            wrong.append(f"the {who} does not answer at the end")
            continue
        if last.files > first.files + spare:
            wrong.append(f"the {who} has {last.files} files open at rest, {first.files} before")
        if last.tasks > first.tasks + spare:
            wrong.append(f"the {who} has {last.tasks} tasks at rest, {first.tasks} before")
        if last.kept:
            wrong.append(f"the {who} still keeps {last.kept} jobs that are over")
    return wrong


def _mark(work: str | None) -> str | None:
    found = MARK.search(json.loads(work)["prompt"]) if work else None
    return found[0] if found else None


def _stale(each: Shown) -> bool:
    return each.own and bool(each.mark) and any(words in each.text for words in UNDER_WAY)


def _line(text: str) -> str:
    return text.replace("\n", " / ")[:160]
