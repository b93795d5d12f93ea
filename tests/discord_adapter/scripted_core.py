"""A core for tests of adapters: it hears, acknowledges if told to, and hands what it heard to the test."""

import asyncio
from collections.abc import Sequence

from bot.chat import Attempt, Core, Heard, Home, Offers, Person, Place, Pressed
from bot.command import Command, Option


async def _nothing() -> None:
    pass


COMMANDS = (
    Command(
        "grid",
        "Paint a grid of pictures",
        (
            Option("approach", "whole", "how it is painted", choices=(("pre-trained", "1"), ("fine-tuned", "2"))),
            Option("prompt", "text", "what to paint", required=True, completes="prompts"),
            Option("guidance", "number", "how closely", low=0, high=30),
            Option("details", "yesno", "add words for details"),
            Option("seed", "whole", "the same seed, the same picture", low=0, high=2**32 - 1),
        ),
        _nothing,
    ),
    Command("status", "What the engine does", (), _nothing, moderators=True),
    Command("mydata", "What is kept of you", (), _nothing, private=True),
)


class ScriptedCore(Core):
    """`acknowledges`: None for never, else whether privately. What was heard is had, in order, with `next`."""

    def __init__(self, *, acknowledges: bool | None = False, commands: Sequence[Command] = COMMANDS) -> None:
        self.commands = commands
        self.acknowledges = acknowledges
        self.fails = False
        self.completions: Offers = []
        self.asked: list[tuple[str, str, str]] = []
        self._heard: asyncio.Queue[Heard] = asyncio.Queue()
        self._pressed: asyncio.Queue[Pressed] = asyncio.Queue()

    async def next(self) -> Heard:
        return await asyncio.wait_for(self._heard.get(), 10)

    async def next_press(self) -> Pressed:
        return await asyncio.wait_for(self._pressed.get(), 10)

    async def hear(self, heard: Heard) -> None:
        await self._take(heard)
        self._heard.put_nowait(heard)

    async def press(self, pressed: Pressed) -> None:
        await self._take(pressed)
        self._pressed.put_nowait(pressed)

    async def complete(self, person: Person, place: Place, command: str, option: str, typed: str) -> Offers:
        self.asked.append((command, option, typed))
        return self.completions

    async def home(self, person: Person) -> Home:
        return Home((), ())

    async def picture(self, person: Person, job: str, cell: str) -> bytes | None:
        return None

    def metrics(self) -> bytes:
        return b""

    async def _take(self, what: Heard | Pressed) -> None:
        if self.fails:
            raise LookupError("a secret of the inside")
        if self.acknowledges is not None:
            await what.talk.acknowledge(private=self.acknowledges)


def delivery(key: str) -> Attempt:
    """An attempt whose notes go nowhere."""

    async def note(_: str) -> None:
        pass

    return Attempt(key, note)
