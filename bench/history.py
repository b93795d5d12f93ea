"""How answers grow with the history: /history, its search, /queue and opening the database, by rows of all people."""

import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench import plot, report
from bench.rounds import alternate, spread
from bench.size import Size
from bot.history import Database
from bot.words import own_words
from engine.contract.orders import MakeGrid
from tests.bot_rig import Rig
from tests.fake_talk import ANNA

# Rows belong to so many people in turn; who asks has her share.
PEOPLE = 200
SUBJECTS = ("cat", "car", "castle", "boat", "tree", "house", "robot", "fish", "bird", "moon")
LOOKS = ("red", "blue", "neon", "old", "tiny", "golden", "paper")
COMMANDS = {
    "/history": "/history",
    "/history, page 20": "/history page:20",
    "search by a word": "/history search:castle",
    "search by a beginning": "/history search:ca",
    "search in vain": "/history search:zebra",
    "/queue": "/queue",
}
OPENING = "opening"
DRAWN = {"history": "/history", "search": "search by a beginning", "queue": "/queue", "opening": OPENING}
GOAL_MS = 50.0
INSERT = """
INSERT INTO jobs (id, person, platform, server, channel, private, unsafe_ok, talk, work, prompt, cost, painted, state,
    told, turn, queued_at, lent_at, ended_at)
VALUES (?, ?, 'fake', 'fake:guild', 'lobby', 0, 0, '{}', ?, ?, 64, 64, 'delivered', 1, ?, ?, ?, ?)
"""


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Milliseconds by what is asked, by rows."""
    results: dict[str, Any] = {}
    for rows in size.rows:
        place = folder / str(rows)
        start = time.perf_counter()
        await _fill(place, rows)
        filled_s = round(time.perf_counter() - start, 1)
        results[str(rows)] = {"filled_s": filled_s, "ms": await _answer_times(place, size.rounds)}
    return results


def table(results: dict[str, Any]) -> str:
    names = next(iter(results.values()))["ms"]
    body = [(rows, *(report.spread(value["ms"][name], digits=1) for name in names)) for rows, value in results.items()]
    slow = [
        f"{name} ({rows} rows)"
        for rows, value in results.items()
        for name in names
        if value["ms"][name]["median"] >= GOAL_MS
    ]
    verdict = f"missed by {', '.join(slow)}" if slow else "reached by all medians"
    head = f"Milliseconds, from what was typed to the answer. The aim, less than {GOAL_MS:.0f}, is {verdict}."
    return "\n\n".join([head, report.rows(("rows", *names), body)])


def plots(results: dict[str, Any]) -> dict[str, str]:
    return {
        kind: plot.line(
            f"milliseconds of {name}, by rows",
            {int(rows): value["ms"][name]["median"] for rows, value in results.items()},
            unit=" ms",
            decades=True,
        )
        for kind, name in DRAWN.items()
    }


async def _fill(place: Path, rows: int) -> None:
    """A history as years of use leave it, written past the queue."""
    file = _rig(place).settings.history_file
    await (await Database.open(file)).close()
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.create_function("own_words", 2, own_words, deterministic=True)
        # Nothing here has to survive a power cut.
        database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN"
        )
        people = [(n + 1, ANNA.id if n == 0 else f"p{n}") for n in range(PEOPLE)]
        database.executemany("INSERT INTO people (id, platform, key, name) VALUES (?, 'fake', ?, 'P')", people)
        database.executemany(INSERT, (_row(number) for number in range(rows)))
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = WAL")


def _row(number: int) -> tuple[Any, ...]:
    count = number // PEOPLE
    prompt = f"a {LOOKS[count % len(LOOKS)]} {SUBJECTS[count % len(SUBJECTS)]} number {count}"
    work = MakeGrid.model_construct(prompt=prompt).model_dump_json(exclude_none=True)
    at = 1000.0 + number
    return (f"{number:010d}", number % PEOPLE + 1, work, prompt, number, at, at, at + 1)


async def _answer_times(place: Path, rounds: int) -> dict[str, Any]:
    entrants: dict[str, Callable[[], Awaitable[dict[str, float]]]] = {OPENING: _opening(place)}
    rig = _rig(place)
    rig.engine.up = False
    await rig.start()
    try:
        entrants |= {name: _asking(rig, words) for name, words in COMMANDS.items()}
        marks = await alternate(entrants, rounds)
    finally:
        await rig.stop()
    return {name: spread([mark["ms"] for mark in all_]) for name, all_ in marks.items()}


def _rig(place: Path) -> Rig:
    return Rig(place, wave=1)


def _opening(place: Path) -> Callable[[], Awaitable[dict[str, float]]]:
    async def run() -> dict[str, float]:
        start = time.perf_counter()
        database = await Database.open(_rig(place).settings.history_file)
        took = time.perf_counter() - start
        await database.close()
        return {"ms": 1e3 * took}

    return run


def _asking(rig: Rig, words: str) -> Callable[[], Awaitable[dict[str, float]]]:
    async def run() -> dict[str, float]:
        before = len(rig.chat.whispers) + len(rig.chat.messages)
        start = time.perf_counter()
        await rig.hear(ANNA, words)
        await rig.chat.until(lambda: len(rig.chat.whispers) + len(rig.chat.messages) > before, seconds=60)
        return {"ms": 1e3 * (time.perf_counter() - start)}

    return run
