"""A small scripted core for the tests of the web chat and the console: it hears, reports progress, posts a sheet."""

import asyncio
import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

from bot.chat import (
    Attempt,
    Button,
    Field,
    Form,
    Heard,
    Home,
    Menu,
    Message,
    Offers,
    Person,
    Picture,
    Place,
    Pressed,
    Talk,
)
from bot.command import Command, Option

JOB = "k3x9tq2m7d"
SIDE = 4


async def _nothing() -> None:
    """The scripted core runs nothing by its commands."""


def _command(name: str, words: str, *options: Option, moderators: bool = False) -> Command:
    return Command(name, words, options, _nothing, moderators=moderators)


COMMANDS = (
    _command(
        "grid",
        "paint a grid from a prompt",
        Option("prompt", "text", "what to paint", required=True, completes="prompts"),
        Option("approach", "whole", "which model", choices=(("pre-trained", "1"), ("fine-tuned", "2"))),
        Option("blocks", "whole", "blocks along a side", low=1, high=8),
        Option("seed", "whole", "the same seed gives the same grid"),
    ),
    _command("show", "bring a grid back", Option("id", "text", "a grid's id", required=True, completes="grids")),
    _command("history", "your grids, newest first"),
    _command("queue", "what runs and waits"),
    _command("help", "what can be asked"),
    _command("status", "how the engine is", moderators=True),
)


def png(side: int = 16, height: int | None = None, colour: tuple[int, int, int] = (200, 120, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, height or side), colour).save(out, "PNG")
    return out.getvalue()


def sheet_png(side: int = SIDE, cell: int = 64) -> bytes:
    image = Image.new("RGB", (side * cell, side * cell), (247, 246, 242))
    draw = ImageDraw.Draw(image)
    for row in range(side):
        for column in range(side):
            box = (column * cell + 2, row * cell + 2, (column + 1) * cell - 3, (row + 1) * cell - 3)
            draw.rectangle(box, fill=(40 + column * 50, 90 + row * 30, 160))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def grid(side: int = SIDE, prompt: str = "a cat wearing neon glasses") -> dict[str, Any]:
    """A grid as JSON: in each block the first cell is the prompt's, B2 was withheld."""
    places = [(column, row) for row in range(side) for column in range(side)]
    cells = [_cell(column, row, prompt) for column, row in places]
    boxes = {cell["cell"]: [c / side, r / side, 1 / side, 1 / side] for cell, (c, r) in zip(cells, places, strict=True)}
    return {"id": JOB, "prompt": prompt, "cells": cells, "boxes": boxes}


def _cell(column: int, row: int, prompt: str) -> dict[str, Any]:
    unique, address = column % 2 == 0 and row % 2 == 0, f"{chr(65 + column)}{row + 1}"
    return {
        "cell": address,
        "block": [column // 2, row // 2],
        "unique": unique,
        "source": "prompt" if unique else "album",
        "prompt": prompt if unique else None,
        "seed": 1000 + column + 10 * row if unique else None,
        "score": 0.25 + column / 100,
        "withheld": "unsafe" if address == "B2" else None,
    }


def compared(found: dict[str, Any]) -> dict[str, Any]:
    """The same cells as those of a comparison: each has a column and two scores."""
    for cell in found["cells"]:
        cell |= {"column": f"sketch x {cell['block'][0]}", "scores": [("content", cell["score"]), ("style ink", 0.5)]}
    return found


class Keeper:
    """The deliveries of a job, as the bot keeps them."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def delivery(self, key: str) -> Attempt:
        async def note(text: str) -> None:
            self.notes.append(text)

        return Attempt(key, note)


class ScriptedCore:
    """Answers by the first word: /grid makes a job, /ask opens a form, /whisper whispers; else the line comes back.

    Gated, a job takes each of its four steps when a test releases `steps`.
    """

    def __init__(self, *, gated: bool = False) -> None:
        self.commands: Sequence[Command] = COMMANDS
        self.heard: list[Heard] = []
        self.pressed: list[Pressed] = []
        self.talks: list[Talk] = []
        self.completed: list[tuple[str, str, str]] = []
        self.steps: asyncio.Semaphore | None = asyncio.Semaphore(0) if gated else None
        self.keeper = Keeper()
        self.tasks: set[asyncio.Task[None]] = set()

    async def hear(self, heard: Heard) -> None:
        if any(before.event == heard.event for before in self.heard):
            return
        self.heard.append(heard)
        self.talks.append(heard.talk)
        await heard.talk.acknowledge(private=False)
        self._spawn(self._answer(heard))

    async def press(self, pressed: Pressed) -> None:
        if any(before.event == pressed.event for before in self.pressed):
            return
        self.pressed.append(pressed)
        if pressed.press.startswith("edit:"):
            await pressed.talk.ask(
                Form("Edit and run again", "edited:1", (Field("prompt", "Prompt", "a cat", required=True),))
            )
        else:
            await pressed.talk.whisper(Message(f"You pressed `{pressed.press}`."))

    async def complete(self, person: Person, place: Place, command: str, option: str, typed: str) -> Offers:
        self.completed.append((command, option, typed))
        if option == "id":
            return [("k3x9tq2m7d · a red cat", "k3x9tq2m7d")]
        return [(value, value) for value in ("a cat wearing neon glasses", "a dog at night") if value.startswith(typed)]

    async def home(self, person: Person) -> Home:
        return Home((), ())

    async def picture(self, person: Person, job: str, cell: str) -> bytes | None:
        return png(64, colour=(30, 120, 200)) if job == JOB and cell != "B2" else None

    def metrics(self) -> bytes:
        return b"tessera_jobs_total 3\n"

    async def answers(self) -> None:
        """Wait until everything that was heard is answered; raises what an answer raised."""
        await asyncio.gather(*self.tasks)

    async def _answer(self, heard: Heard) -> None:
        word = heard.text.split()[0]
        if word in {"/grid", "/compare"}:
            await self._paint(heard)
        elif word == "/ask":
            await heard.talk.ask(
                Form("A form", "formed", (Field("name", "Name", "x"), Field("more", "More", long=True)))
            )
        elif word == "/plots":
            images = {"curve": png(80, 48), "samples": png(90, 46), "cell": png()}
            pictures = tuple(Picture(f"{name}.png", data, name) for name, data in images.items())
            await heard.talk.say(Message("Two plots and a cell.", pictures), self.keeper.delivery("plots"))
        elif word == "/whisper":
            await heard.talk.whisper(Message("*Only* for you."))
        else:
            await heard.talk.say(Message(heard.text), self.keeper.delivery(f"said:{heard.event}"))

    async def _paint(self, heard: Heard) -> None:
        number = len(self.heard)
        talk, cancel = heard.talk, (Button("Cancel", f"cancel:{JOB}", "danger"),)
        waiting = Message("You are *1st* in the line.", buttons=cancel, progress=0.0)
        await talk.say(waiting, self.keeper.delivery(f"said:{number}"))
        for done in (4, 8, 12):
            await self._step()
            preview = Picture(f"{JOB}-preview.png", png(colour=(done * 20, 60, 90)), f"A preview, {done} of 16 painted")
            words = f"Painting, {done} of 16 pictures"
            await talk.update(Message(words, (preview,), cancel, progress=done / 16))
        await self._step()
        await talk.update(Message("Done: the sheet is below.", progress=1.0))
        sheet = self.sheet(compares=heard.text.startswith("/compare"))
        await talk.post(sheet, self.keeper.delivery(f"posted:{number}"))

    def sheet(self, *, compares: bool = False) -> Message:
        return Message(
            f"*a cat wearing neon glasses* · approach 1 · `{JOB}`\nScore 0.262 (n = 4)",
            (Picture(f"{JOB}.png", sheet_png(), "A sheet of 4 x 4 cells: a cat wearing neon glasses"),),
            (Button("Again", f"again:{JOB}", "primary"), Button("Edit and run again", f"edit:{JOB}")),
            Menu("Cells", f"cell:{JOB}", (("A1", "A1"), ("C1", "C1"))),
            grid=compared(grid()) if compares else grid(),
        )

    async def _step(self) -> None:
        if self.steps is not None:
            await self.steps.acquire()

    def _spawn(self, work: Any) -> None:
        self.tasks.add(asyncio.create_task(work))
