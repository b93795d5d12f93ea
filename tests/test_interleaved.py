"""One command is paused at each of its operations while another runs through: what is left is what one after the other
leaves, in either order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fake_talk import ANNA, BERT, MODERATOR
from tests.mortal import GRID, Fate, Left, Mortal, left

Deed = Callable[[Mortal, str], Awaitable[None]]
# Seconds after which the second is taken to wait for the first.
PATIENCE_S = 0.1
_paused: ContextVar[bool] = ContextVar("paused", default=False)


class Pause(Fate):
    """Counts what the first command does, and holds it at operation `at` until `go_on`."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def meet(self, operation: str) -> None:
        if not _paused.get():
            return
        self.operations.append(operation)
        if len(self.operations) == self.at:
            self.reached.set()
            await self.go_on.wait()


def says(who: str, text: str) -> Deed:
    async def deed(r: Mortal, event: str) -> None:
        person = {"anna": ANNA, "bert": BERT}[who]
        await r.hear(person, text.replace("ID", await _first(r)), event=event)

    return deed


def presses(who: str, press: str, **values: str) -> Deed:
    async def deed(r: Mortal, event: str) -> None:
        person = {"anna": ANNA, "mora": MODERATOR, "mona": replace(MODERATOR, id="mona")}[who]
        await r.press(person, press.replace("ID", await _first(r)), event=event, values=values)

    return deed


async def made(r: Mortal) -> None:
    await r.hear(ANNA, GRID, event="before")
    await r.settled()


async def painting(r: Mortal) -> None:
    r.engine.hold(5)
    await r.hear(ANNA, GRID, event="before")
    await r.engine.reached.wait()
    await r.idle()


async def adopted(r: Mortal) -> None:
    for style in ("chalk", "ink"):
        r.engine.cards[style] = {"name": style, "summary": "WikiArt"}
    for style in ("sketch", "chalk", "ink"):
        await r.press(MODERATOR, f"adopt:{style}", event=style)
    await r.settled()


@pytest.mark.parametrize(
    ("before", "first", "second"),
    [
        (made, presses("anna", "delete:ID:yes"), says("bert", "/show ID")),
        (made, says("bert", "/show ID"), presses("anna", "delete:ID:yes")),
        (painting, presses("anna", "delete:ID:yes"), presses("mora", "cancel:ID")),
        (painting, presses("anna", "cancel:ID"), presses("anna", "mydata:delete")),
        (adopted, presses("mora", "rollback:ink"), presses("mona", "rollback:ink")),
        (adopted, presses("mora", "rename:ink", name="pen"), presses("mona", "rename:chalk", name="ink")),
        (adopted, presses("mora", "unstyle:ink:yes"), presses("mona", "rename:chalk", name="ink")),
        (adopted, presses("mora", "rename:ink", name="pen"), presses("mona", "adopt:ink")),
    ],
    ids=["delete show", "show delete", "delete cancel", "cancel mydata", "rollback", "rename", "unstyle", "adopt"],
)
async def test_two_commands_at_once_end_as_one_after_the_other(
    tmp_path: Path, before: Callable[[Mortal], Awaitable[None]], first: Deed, second: Deed
) -> None:
    orders = [await _done(tmp_path / "ab", before, first, second), await _done(tmp_path / "ba", before, second, first)]
    allowed, operations = [remains for remains, _ in orders], orders[0][1]

    for at in range(1, len(operations) + 1):
        remains, _ = await _done(tmp_path / str(at), before, first, second, at)
        assert remains in allowed, f"held {operations[at - 1]} ({at})"


async def _done(
    folder: Path, before: Callable[[Mortal], Awaitable[None]], first: Deed, second: Deed, at: int | None = None
) -> tuple[Left, list[str]]:
    """What is left; with `at`, of both at once, else of one after the other. And the operations of the first."""
    r = Mortal(folder, None)
    pause = r.fate = Pause()
    await r.start()
    try:
        await before(r)
        pause.at = at
        done = asyncio.create_task(_idle_after(r, _first_deed(first(r, "first")), "first"))
        held = asyncio.create_task(pause.reached.wait())
        await asyncio.wait({done, held}, return_when=asyncio.FIRST_COMPLETED)
        held.cancel()
        await asyncio.wait(
            {other := asyncio.create_task(_idle_after(r, second(r, "second"), "second"))}, timeout=PATIENCE_S
        )
        pause.go_on.set()
        await asyncio.gather(done, other)
        r.engine.go_on.set()
        await r.settled()
        # Whom is told what depends on who is first, in more ways than two.
        return replace(await left(r), answers=[]), pause.operations
    finally:
        with suppress(asyncio.CancelledError):
            await r.kill()


async def _first_deed(deed: Awaitable[None]) -> None:
    _paused.set(True)
    await deed


async def _idle_after(r: Mortal, deed: Awaitable[None], event: str) -> None:
    await deed
    await r.until("SELECT COUNT(*) = 0 FROM received WHERE body IS NOT NULL AND event = :event", event=event)


async def _first(r: Mortal) -> str:
    jobs = await r.jobs()
    return jobs[0].id if jobs else ""
