"""Reads lines until there are no more and all is answered, so it works at a keyboard and at the end of a pipe.

A number presses the button that it stands before; a form asks for one line per field.
"""

import asyncio
import getpass
import io
import json
import secrets
import sys
import threading
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from rich.console import Console

from adapters.console.desk import Desk
from adapters.console.talk import ConsoleTalk
from bot.chat import Core, Heard, Person, Place, Pressed

NAME = "console"
PLACE = Place(server=None, channel="console", private=True)


class ConsolePlatform:
    name = NAME
    edits_per_minute = 600.0

    def __init__(self, folder: Path, lines: Iterable[str] | None = None, console: Console | None = None) -> None:
        self._lines = sys.stdin if lines is None else lines
        self._desk = Desk(folder, console or _terminal())
        # Whoever can start the bot here may do everything here.
        self._person = Person(NAME, "local", getpass.getuser(), moderator=True)

    async def run(self, core: Core) -> None:
        """Hear until cancelled, or until the lines have ended and the last job is answered."""
        self._desk.write("Type a prompt, or /help. Ctrl-D quits once everything is answered, Ctrl-C at once.")
        try:
            async for line in _read(self._lines):
                await self._take(line.strip(), core)
            await self._desk.wait_for_answers()
        finally:
            self._desk.rest()

    async def reopen(self, address: str) -> ConsoleTalk:
        return ConsoleTalk(self._desk, json.loads(address)["talk"])

    async def _take(self, line: str, core: Core) -> None:
        talk, event = ConsoleTalk(self._desk), secrets.token_hex(10)
        if self._desk.form:
            press_and_values = self._desk.fill(line)
            if press_and_values:
                await self._press(core, talk, event, *press_and_values)
        elif line in self._desk.choices:
            await self._press(core, talk, event, self._desk.choices[line], {})
        elif line.isdecimal() and self._desk.choices:
            self._desk.write(f"There is no choice {line}; the choices are {', '.join(self._desk.choices)}.")
        elif line:
            self._desk.expect(talk.name)
            text = line if line.startswith("/") else _as_command(line, core)
            await core.hear(Heard(NAME, event, self._person, PLACE, talk, text))

    async def _press(self, core: Core, talk: ConsoleTalk, event: str, press: str, values: dict[str, str]) -> None:
        self._desk.expect(talk.name)
        await core.press(Pressed(NAME, event, self._person, PLACE, talk, press, values))


def _terminal() -> Console:
    """Standard output. A letter that it has not is shown as ?, as an answer that cannot be written is waited for."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(soft_wrap=True, highlight=False)


def _as_command(line: str, core: Core) -> str:
    """A command's bare name is the command; every other sentence is a prompt."""
    return f"/{line.lower()}" if line.lower() in {command.name for command in core.commands} else f"/grid {line}"


async def _read(lines: Iterable[str]) -> AsyncIterator[str]:
    """The lines as they come. Reading blocks, so it has a thread, which must not keep the bot from ending."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        try:
            for line in lines:
                loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, None)
        except RuntimeError:
            return  # the loop was closed meanwhile: nobody listens any more

    threading.Thread(target=read, daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line
