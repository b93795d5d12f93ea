"""From a person's command to the posted sheet: when what is seen, and what all besides painting adds to it.

The real core and the real engine in a process of its own; the chat platform is a fake that answers at once.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench import contenders, parts, report, served, work
from bench.grids import settings_in
from bench.rounds import Contender, Marks, alternate, spread
from bench.size import Size
from bench.work import PROMPT, SEED
from bot.__main__ import core
from bot.app import App
from bot.chat import Attempt, Heard, Message
from bot.settings import Settings as BotSettings
from engine.contract.client import EngineClient
from engine.contract.events import Event, GridMade, PicturePainted
from engine.contract.orders import Job
from engine.diffusion import DiffusionPainter
from engine.planner import Planner
from engine.quiet import quiet
from tests.fake_talk import ANNA, LOBBY, FakeChat, FakePlatform, FakeTalk

APPROACH = 3
MOMENTS = {
    "acknowledged": "acknowledged",
    "preview": "first preview",
    "first": "first picture",
    "painted": "last picture",
    "kept": "all pictures on the disk",
    "sheet": "sheet laid out",
    "posted": "sheet posted",
}
# Of a preview: one is due when a wave takes longer than a second and a half.
NEVER = "none: the waves were painted before one was due"


@dataclass
class Watch:
    """Notes when something happens first, in seconds since the command."""

    start: float = 0.0
    marks: Marks = field(default_factory=dict)
    failure: str = ""
    """What a person read instead of a sheet."""

    def begin(self) -> None:
        self.start, self.marks, self.failure = time.perf_counter(), {}, ""

    def see(self, moment: str) -> None:
        self.marks.setdefault(moment, time.perf_counter() - self.start)


class WatchedClient(EngineClient):
    watch: Watch

    async def run(self, job: Job) -> AsyncGenerator[Event]:
        async for event in super().run(job):
            if isinstance(event, PicturePainted | GridMade):
                self.watch.see("first" if isinstance(event, PicturePainted) else "painted")
            yield event

    async def cancel(self, job: str) -> None:
        # The engine is told to forget a grid when it is made.
        self.watch.see("kept")
        await super().cancel(job)


class WatchedTalk(FakeTalk):
    watch: Watch

    async def acknowledge(self, *, private: bool) -> None:
        self.watch.see("acknowledged")
        await super().acknowledge(private=private)

    async def update(self, message: Message) -> None:
        if message.pictures:
            self.watch.see("preview")
        if any(button.press.startswith("again:") for button in message.buttons):
            self.watch.failure = message.text
        await super().update(message)

    async def post(self, message: Message, attempt: Attempt) -> str:
        self.watch.see("sheet")
        message_id = await super().post(message, attempt)
        self.watch.see("posted")
        return message_id


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Seconds; `besides` is a share of the time that painting alone takes."""
    quiet()
    settings, watch = settings_in(folder), Watch()
    grid_work = await work.plan(Planner(settings, "embedded"), APPROACH, size.blocks)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(served.engine(settings))
        app, chat = await bot(folder, watch, stack)
        painter = DiffusionPainter(settings, "embedded")
        stack.push_async_callback(painter.close)
        entrants = {"chain": ordering(app, chat, watch, size.blocks), "painter": contenders.painter(painter, grid_work)}
        marks = await alternate(entrants, size.rounds, size.limit_s)
        part_seconds = await parts.measure(painter, grid_work, size.rounds)
    alone = [mark["painted"] for mark in marks["painter"]]
    return {
        "grid": str(grid_work),
        "pictures": len(grid_work.rows),
        "moments": {
            moment: spread([mark[moment] for mark in marks["chain"] if moment in mark])
            for moment in MOMENTS
            if any(moment in mark for mark in marks["chain"])
        },
        "painting_alone": spread(alone),
        "besides": spread([mark["posted"] / s - 1 for mark, s in zip(marks["chain"], alone, strict=True)]),
        "parts": {name: round(seconds, 4) for name, seconds in part_seconds.items()},
        "parts_share": round(sum(part_seconds.values()) / median(alone), 4),
    }


def table(results: dict[str, Any]) -> str:
    body = [
        (name, report.spread(results["moments"][key], digits=3) if key in results["moments"] else NEVER)
        for key, name in MOMENTS.items()
        if key in results["moments"] or key == "preview"
    ]
    part_times = "; ".join(f"{name} {seconds * 1e3:.0f} ms" for name, seconds in results["parts"].items())
    head = f"{results['grid'].capitalize()}, {results['pictures']} painted pictures."
    tail = (
        f"Painting alone takes {report.spread(results['painting_alone'])} s; bot, transport, planning, encoding, "
        f"scoring and posting add {report.percent(results['besides'])} to it. Timed apart, for the whole grid: "
        f"{part_times}, together {results['parts_share']:.1%}."
    )
    return "\n\n".join([head, report.rows(("seconds from the command to", ""), body), tail])


async def bot(folder: Path, watch: Watch, stack: AsyncExitStack) -> tuple[App, FakeChat]:
    settings = BotSettings(data_dir=folder, _env_file=None)  # type: ignore[call-arg] # pydantic's own
    client = WatchedClient(None, settings.engine_socket)
    client.watch = watch
    chat = FakeChat()
    app = await core(settings, {"fake": FakePlatform(chat)}, client=client)
    stack.push_async_callback(client.close)
    stack.push_async_callback(app.parts.database.close)
    await app.start()
    stack.push_async_callback(app.stop, 1.0)
    await app.parts.engine.ready()
    return app, chat


def ordering(app: App, chat: FakeChat, watch: Watch, blocks: int, steps: int | None = None) -> Contender:
    """`steps`: where nothing is said, those of the approach. Raises RuntimeError where there is no grid in the end."""
    steps_option = f" steps:{steps}" if steps else ""

    async def run() -> Marks:
        before = len(chat.posts())
        talk = WatchedTalk(chat, LOBBY.channel, ANNA.id)
        talk.watch = watch
        words = f'/grid "{PROMPT}" approach:{APPROACH} blocks:{blocks} seed:{SEED + before}{steps_option}'
        watch.begin()
        await app.hear(Heard("fake", f"bench{before}-{watch.start}", ANNA, LOBBY, talk, words))
        await chat.until(lambda: len(chat.posts()) > before or watch.failure, seconds=900)
        if watch.failure:
            raise RuntimeError(watch.failure)
        with suppress(TimeoutError):
            await chat.until(lambda: "posted" in watch.marks, seconds=10)
        return dict(watch.marks)

    return run
