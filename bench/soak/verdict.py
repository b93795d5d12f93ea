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
class HistoryRows:
    """What the database says when all is over."""

    jobs: list[dict[str, Any]]
    open: int


def read_history(history: Path) -> HistoryRows:
    with sqlite3.connect(history) as database:
        database.row_factory = sqlite3.Row
        jobs = [dict(row) for row in database.execute("SELECT * FROM jobs ORDER BY number")]
        (unanswered,) = database.execute("SELECT COUNT(*) FROM received WHERE body IS NOT NULL").fetchone()
    database.close()
    return HistoryRows(jobs, unanswered)


def unfinished(history: Path) -> int:
    """Jobs and answers that are still under way."""
    rows = read_history(history)
    alive = sum(job["state"] in {"waiting", "lent", "made"} or not job["told"] for job in rows.jobs)
    return alive + rows.open


def faults_of_rows(rows: HistoryRows, shown: Sequence[Shown]) -> list[str]:
    """Jobs that never ended, that came twice or not at all, and messages that say something else than the row."""
    sheets = defaultdict(list)
    for each in shown:
        if each.sheet:
            sheets[each.job].append(each)
    own_counts = Counter(each.job for each in shown if each.own)
    failed_jobs = {each.job for each in shown if each.failed}
    faults = [f"{rows.open} commands were heard and never answered"] if rows.open else []
    for job in rows.jobs:
        faults += _of_row(job, sheets.get(job["id"], []), own_counts[job["id"]], told=job["id"] in failed_jobs)
    return faults + [f"a message still says “{_line(each.text)}”" for each in shown if _stale(each)]


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


def faults_of_asks(asks: Sequence[Ask], rows: HistoryRows) -> list[str]:
    """Orders that were heard and made no job, jobs that nobody ordered, and private answers that never came.

    What came of a job is told by its row, also where the person had lost patience by then.
    """
    orders = Counter(ask.mark for ask in asks if ask.mark)
    heard_counts = Counter(ask.mark for ask in asks if ask.mark and ask.acknowledged)
    job_counts = Counter(mark for job in rows.jobs if (mark := _mark(job["work"])))
    faults = [f"{mark} was heard {count} times and made {job_counts[mark]} jobs" for mark, count in heard_counts.items()
              if job_counts[mark] < count]  # fmt: skip
    faults += [f"{mark} was ordered {orders[mark]} times and made {count} jobs" for mark, count in job_counts.items()
               if count > orders[mark]]  # fmt: skip
    return faults + [
        f"{ask.person} on {ask.platform} waited in vain for an answer to {ask.what} ({ask.at:.0f} s)"
        for ask in asks
        if ask.acknowledged and ask.answered is None and not ask.mark
    ]


def faults_of_leaks(before: dict[str, Sample], after: dict[str, Sample], spare: int = 2) -> list[str]:
    """Open files and tasks at rest, before and after all work; and results that an engine still keeps."""
    faults = []
    for who, first in before.items():
        last = after.get(who)
        if last is None:
            faults.append(f"the {who} does not answer at the end")
            continue
        if last.files > first.files + spare:
            faults.append(f"the {who} has {last.files} files open at rest, {first.files} before")
        if last.tasks > first.tasks + spare:
            faults.append(f"the {who} has {last.tasks} tasks at rest, {first.tasks} before")
        if last.kept:
            faults.append(f"the {who} still keeps {last.kept} jobs that are over")
    return faults


def _mark(work: str | None) -> str | None:
    match = MARK.search(json.loads(work)["prompt"]) if work else None
    return match[0] if match else None


def _stale(each: Shown) -> bool:
    return each.own and bool(each.mark) and any(words in each.text for words in UNDER_WAY)


def _line(text: str) -> str:
    return text.replace("\n", " / ")[:160]
