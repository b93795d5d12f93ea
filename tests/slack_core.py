"""A small scripted core for the Slack adapter's tests: it keeps what it hears and answers as a test tells it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.slack.platform import Slack
from adapters.slack.talk import SlackTalk
from adapters.slack.timing import Timing
from bot.chat import Attempt, Heard, Home, Offers, Person, Picture, Place, Pressed
from bot.command import Command, Option
from tests.stand_ins.slack_person import SlackPerson
from tests.stand_ins.slack_server import APP_TOKEN, BOT_TOKEN, SECRET, SlackServer
from tests.stand_ins.slack_workspace import Times

QUICK = Timing(
    ack=0.5, person=0.3, settle=0.05, poll=0.005, picture=0.0, processing=2.0, retry=0.005, backoff=0.01,
    backoff_most=0.02, ping=0.1,
)  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
SHEET = Picture("k3x9tq2m7d.png", PNG, "A grid of 64 pictures")


async def _run() -> None: ...


GRID = Command(
    "grid",
    "Make a grid",
    (
        Option("prompt", "text", "what to paint", required=True, completes="prompts"),
        Option("approach", "whole", "how", choices=(("1 pre-trained", "1"), ("2 fine-tuned", "2"))),
        Option("blocks", "whole", "blocks along a side", low=1, high=8),
        Option("guidance", "number", "guidance scale", low=0, high=20),
        Option("style", "text", "a style", completes="styles"),
        Option("details", "yesno", "add details"),
    ),
    _run,
)


@dataclass
class ScriptedCore:
    commands: Sequence[Command] = (GRID,)
    heard: list[Heard] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)
    answer: Callable[[Any], Awaitable[None]] | None = None
    page: Home = field(default_factory=lambda: Home((), ()))

    async def hear(self, heard: Heard) -> None:
        self.heard.append(heard)
        if self.answer:
            await self.answer(heard)

    async def press(self, pressed: Pressed) -> None:
        self.pressed.append(pressed)
        if self.answer:
            await self.answer(pressed)

    async def complete(self, person: Person, place: Place, command: str, option: str, typed: str) -> Offers:
        return [(f"{command} · {'x' * 100}", f"{command}-{option}-{typed}"), ("too long", "x" * 151)]

    async def home(self, person: Person) -> Home:
        return self.page

    async def picture(self, person: Person, job: str, cell: str) -> bytes | None:
        return None

    def metrics(self) -> bytes:
        return b""


@dataclass
class Scene:
    """A running adapter between a stand-in and a scripted core, and Ada (U1), who is a member everywhere."""

    slack: SlackServer
    platform: Slack
    core: ScriptedCore
    ada: SlackPerson
    running: asyncio.Task[None]

    async def talk(self, channel: str = "C1") -> Any:
        """The talk of a `/grid` in this channel."""
        await self.ada.command(channel, "/grid", "a cat")
        return self.core.heard[-1].talk

    async def again(self, talk: SlackTalk) -> Any:
        """The same talk in a bot that was started anew."""
        return await adapter(self.slack).reopen(talk.address)


def adapter(slack: SlackServer, **settings: Any) -> Slack:
    how = {"signing_secret": SECRET} if settings.pop("requests", False) else {"app_token": APP_TOKEN}
    given: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "api_url": slack.api_url, "timing": QUICK} | how | settings
    return Slack(given.pop("bot_token", BOT_TOKEN), **given)


@asynccontextmanager
async def scene(slack: SlackServer, **settings: Any) -> AsyncIterator[Scene]:
    """Everything started and connected; stopped at the end."""
    platform, core = adapter(slack, **settings), ScriptedCore()
    running = asyncio.create_task(platform.run(core))
    ready = asyncio.create_task(platform.ready.wait())
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ready.cancel()
        running.result()
    if platform.listening:
        slack.events_url = f"http://127.0.0.1:{platform.listening}/slack/events"
    try:
        yield Scene(slack, platform, core, SlackPerson(slack), running)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


class Notes:
    """The deliveries table in small: what was noted survives the talk."""

    def __init__(self) -> None:
        self.noted: dict[str, str] = {}

    def attempt(self, key: str) -> Attempt:
        async def note(noted: str) -> None:
            self.noted[key] = noted

        return Attempt(key, note, self.noted.get(key))


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(Times(ack=2.0)) as server:
        server.channel("C1")
        yield server


@pytest.fixture(params=["socket", "requests"])
async def both(request: pytest.FixtureRequest, slack: SlackServer) -> AsyncIterator[Scene]:
    """Once by Socket Mode and once by signed requests."""
    async with scene(slack, requests=request.param == "requests") as made:
        yield made


@pytest.fixture
async def bot(slack: SlackServer) -> AsyncIterator[Scene]:
    async with scene(slack) as made:
        yield made
