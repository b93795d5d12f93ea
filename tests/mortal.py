"""A bot that is killed at its n-th operation: before or after a commit, before a call of the chat, around one of the
engine. Told in stories, whose steps are heard again after a restart, as a platform delivers them again.

`python -m tests.mortal` kills it at every operation of every story, and prints the kills after which something else is
left than without one.
"""

import asyncio
import re
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import App
from bot.chat import Person
from bot.history import Transaction
from engine.contract.events import Event
from engine.contract.orders import Job
from tests.bot_rig import OPEN, Rig
from tests.fake_talk import ANNA, BERT, MODERATOR, Posted

ENGINE_CALLS = ("picture", "cancel", "styles", "rename_style", "delete_style")
GRID = "/grid prompt:a cat blocks:1 seed:3"
FINETUNE = "/finetune name:ink style:Impressionism images:100"
Step = Callable[["Mortal", str], Coroutine[Any, Any, None]]


class Fate:
    """Counts what a bot does. From operation `at` on it is as after SIGKILL: nothing it does has an effect any more."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.operations: list[str] = []
        self.death = asyncio.Event()

    async def meet(self, operation: str) -> None:
        await self.alive()
        self.operations.append(operation)
        if len(self.operations) == self.at:
            self.death.set()
            await self.alive()

    async def alive(self) -> None:
        """Returns to the living only."""
        if not self.death.is_set():
            return
        task = asyncio.current_task()
        if task and task.cancelling():
            # It was told to end before, and nobody tells it twice.
            raise asyncio.CancelledError
        await asyncio.Event().wait()


class Mortal(Rig):
    """The core over a folder, which dies at operation `at`, once."""

    def __init__(self, folder: Path, at: int | None) -> None:
        super().__init__(folder, wave=1)
        self.fate = Fate(at)
        self._bind_chat()
        self._bind_engine()

    async def core(self) -> App:
        app = await super().core()
        self._bind_database(app)
        return app

    async def through(self, step: Coroutine[Any, Any, None]) -> bool:
        """Whether the bot lived to the end of it. If not, it is killed and another one started."""
        task, death = asyncio.create_task(step), asyncio.create_task(self.fate.death.wait())
        await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
        if not self.fate.death.is_set():
            death.cancel()
            await task
            return True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.kill()
        self.fate = Fate()
        await self.start()
        return False

    def _bind_chat(self) -> None:
        enter = self.chat.enter

        async def entered(call: str) -> None:
            await self.fate.meet(f"before the chat's {call}")
            await enter(call)

        self.chat.enter = entered  # type: ignore[method-assign]

    def _bind_engine(self) -> None:
        for name in ENGINE_CALLS:
            setattr(self.engine, name, self._watched(name, getattr(self.engine, name)))
        run = self.engine.run

        async def watched(job: Job) -> AsyncGenerator[Event]:
            await self.fate.meet("before the engine's run")
            async for event in run(job):
                await self.fate.meet(f"at {type(event).__name__}")
                yield event

        self.engine.run = watched  # type: ignore[method-assign]

    def _watched(self, name: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*given: Any) -> Any:
            await self.fate.meet(f"before the engine's {name}")
            result = await call(*given)
            await self.fate.meet(f"after the engine's {name}")
            return result

        return watched

    def _bind_database(self, app: App) -> None:
        database: Any = app.parts.database
        read, write, transaction = database.read, database.write, database.transaction

        async def watched_read(sql: str, **values: Any) -> Any:
            await self.fate.alive()
            return await read(sql, **values)

        async def watched_write(sql: str, **values: Any) -> Any:
            await self.fate.meet(f"before {_short(sql)}")
            rows = await write(sql, **values)
            await self.fate.meet(f"after {_short(sql)}")
            return rows

        @asynccontextmanager
        async def watched_transaction() -> AsyncIterator[Transaction]:
            async with transaction() as rows:
                yield rows
                await self.fate.meet("before a commit")
            await self.fate.meet("after a commit")

        database.read, database.write, database.transaction = watched_read, watched_write, watched_transaction


@dataclass(frozen=True)
class Left:
    """What a story leaves behind, without ids and times."""

    jobs: list[tuple[str, str | None]]
    messages: list[tuple[str, str, str]]
    doubled: list[str]
    answers: list[tuple[str, str]]
    styles: list[str]
    preferences: list[tuple[str, ...]]
    people: int
    unfinished: tuple[int, int, int]
    """Rows that are open, jobs that the engine still works at, entries of the bot's memory about them."""


async def left(r: Mortal) -> Left:
    parts, teller = r.app.parts, r.app.teller
    memory = (teller._message_ids, teller._locks, teller._unshown_messages, parts._talks, parts.small_images)
    at_work = sum(not r.engine._ended(job) for job in r.engine.alive.values())
    preferences = await parts.database.read("SELECT scope, name, value FROM preferences ORDER BY 1, 2, 3")
    keys = Counter(posted.key for posted in r.chat.messages.values())
    return Left(
        jobs=[(job.state, job.reason) for job in await r.jobs()],
        messages=sorted(_told(posted) for posted in r.chat.messages.values()),
        doubled=[key for key, count in keys.items() if count > 1],
        answers=sorted({(who, _nameless(message.text)) for who, message in r.chat.whispers}),
        styles=sorted(r.engine.cards),
        preferences=[tuple(row) for row in preferences],
        people=await r.count("SELECT COUNT(*) FROM people"),
        unfinished=(await r.count(OPEN), at_work, sum(len(part) for part in memory)),
    )


@dataclass(frozen=True)
class Story:
    name: str
    steps: tuple[Step, ...]


async def told(folder: Path, story: Story, at: int | None = None) -> tuple[Left, list[str]]:
    """What is left of a story whose bot dies at operation `at`; and its operations, or those until it died."""
    r = Mortal(folder, at)
    first = r.fate
    await r.start()
    try:
        for number, step in enumerate((*story.steps, _end)):
            while not await r.through(step(r, f"event {number}")):
                pass
        r.fate.at = None
        return await left(r), first.operations
    finally:
        await r.kill()


async def _end(r: Mortal, _event: str) -> None:
    await r.settled()


def _short(sql: str) -> str:
    return " ".join(sql.split())[:50]


def _told(posted: Posted) -> tuple[str, str, str]:
    labels = ", ".join(button.label for button in posted.message.buttons)
    return posted.kind, _nameless(posted.message.text), labels


def _nameless(text: str) -> str:
    return re.sub(r"`[a-z0-9]{10}`", "`ID`", re.sub(r"Done: \d+ grids?", "Done: grids", text))


def says(who: Person, text: str) -> Step:
    """A command, answered and its job ended."""

    async def step(r: Mortal, event: str) -> None:
        await r.hear(who, text, event=event)
        await r.settled()

    return step


def presses(who: Person, press: str, **values: str) -> Step:
    """A button of the newest job, ID, or START of the newest cost that was told."""

    async def step(r: Mortal, event: str) -> None:
        await r.press(who, await _named(r, press), event=event, values=values)
        await r.settled()

    return step


def shows(who: Person) -> Step:
    async def step(r: Mortal, event: str) -> None:
        await r.hear(who, await _named(r, "/show ID"), event=event)
        await r.settled()

    return step


def held(step: Step, after: int) -> Step:
    """Sent, and then the engine waits with its job after so many events."""

    async def until_held(r: Mortal, event: str) -> None:
        if not r.engine.reached.is_set():
            r.engine.hold(after)
        await step(r, event)
        await r.engine.reached.wait()
        await r.idle()

    return until_held


async def ordered(r: Mortal, event: str) -> None:
    await r.hear(ANNA, GRID, event=event)


async def started(r: Mortal, event: str) -> None:
    await r.press(MODERATOR, await _named(r, "START"), event=event)


async def stopped(r: Mortal, event: str) -> None:
    await r.until("SELECT COUNT(*) FROM epochs")
    await r.press(MODERATOR, await _named(r, "cancel:ID"), event=event)
    await r.engine.stop_asked.wait()
    await r.idle()


async def goes_on(r: Mortal, _event: str) -> None:
    r.engine.go_on.set()
    await r.settled()


async def _named(r: Mortal, press: str) -> str:
    jobs = await r.jobs()
    starts = [button.press for _, message in r.chat.whispers for button in message.buttons if button.label == "Start"]
    return press.replace("ID", jobs[-1].id if jobs else "").replace("START", starts[-1] if starts else "")


STORIES = (
    Story("a grid", (says(ANNA, GRID),)),
    Story("a grid of painted fillers", (says(ANNA, f"{GRID} approach:3"),)),
    Story("a grid with a withheld picture", (says(ANNA, "/grid prompt:a nude cat blocks:1 seed:3"),)),
    Story("two people", (says(ANNA, GRID), says(BERT, GRID))),
    Story("cancelled", (held(ordered, 5), presses(ANNA, "cancel:ID"))),
    Story("deleted while painted", (held(ordered, 5), presses(ANNA, "delete:ID:yes"))),
    Story("deleted", (says(ANNA, GRID), presses(ANNA, "delete:ID"), presses(ANNA, "delete:ID:yes"))),
    Story("again", (says(ANNA, GRID), presses(ANNA, "again:ID:same"))),
    Story("edited", (says(ANNA, GRID), presses(ANNA, "edit:ID", prompt="a dog", seed="5"))),
    Story("shown", (says(ANNA, GRID), shows(ANNA))),
    Story("a cell", (says(ANNA, GRID), presses(ANNA, "cell:ID:A1"))),
    Story("compared", (says(ANNA, "/compare a cat approaches:1,2 seeds:4"), presses(ANNA, "START"))),
    Story(
        "a style",
        (
            says(MODERATOR, FINETUNE),
            presses(MODERATOR, "START"),
            presses(MODERATOR, "adopt:ink"),
            says(ANNA, f"{GRID} approach:2"),
        ),
    ),
    Story("a training stopped", (says(MODERATOR, FINETUNE), held(started, 8), stopped, goes_on)),
    Story("renamed", (presses(MODERATOR, "adopt:sketch"), presses(MODERATOR, "rename:sketch", name="pencil"))),
    Story("a style deleted", (presses(MODERATOR, "adopt:sketch"), presses(MODERATOR, "unstyle:sketch:yes"))),
    Story("rolled back", (presses(MODERATOR, "adopt:sketch"), presses(MODERATOR, "rollback:sketch"))),
    Story("all data", (says(ANNA, GRID), says(ANNA, "/mydata export"), presses(ANNA, "mydata:delete"))),
    Story("all data while painted", (held(ordered, 5), presses(ANNA, "mydata:delete"))),
    Story(
        "rules",
        (
            says(MODERATOR, "/settings scope:server words:bad,ugly"),
            says(ANNA, "/settings approach:3"),
            says(ANNA, "/grid a bad cat"),
            says(ANNA, GRID),
        ),
    ),
)


async def main(*names: str) -> None:
    """All stories, or those of these names."""
    for story in STORIES:
        if names and story.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            unkilled, operations = await told(Path(folder) / "unkilled", story)
            sys.stdout.write(f"{story.name}: {len(operations)} operations\n")
            for at in range(1, len(operations) + 1):
                remains, lived = await told(Path(folder) / str(at), story, at)
                if remains != unkilled:
                    sys.stdout.write(f"  killed {lived[-1]} ({at}):\n    {remains}\n    instead of\n    {unkilled}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
