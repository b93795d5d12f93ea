"""The core: what is heard is committed, acknowledged and answered in a task of its own. It knows no platform."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from bot import texts
from bot.actions import ACTIONS, Action
from bot.answering import Answering, command_and_arguments
from bot.chat import Heard, Home, Offers, Person, Place, Pressed, Talk
from bot.command import Command
from bot.completion import complete
from bot.courier import Courier
from bot.disk import NotKept, until_kept
from bot.errors import BadCommand, DeliveryError
from bot.home import home
from bot.lender import Lender
from bot.line import Line
from bot.parts import Parts
from bot.received import Received
from bot.showing import visible_picture
from bot.teller import Teller
from bot.upkeep import Upkeep
from bot.watch import Watch

log = logging.getLogger(__name__)

# Seconds before a loop that failed goes on.
LOOP_PAUSE_S = 1.0


class App:
    """Implements `bot.chat.Core`. `start` takes up everything that an earlier process left."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.commands: Sequence[Command] = parts.commands
        self.teller = Teller(parts)
        self.courier = Courier(parts, self.teller)
        self.watch = Watch(parts, self.teller, self.courier)
        self.line = Line(parts.database, lambda: parts.engine.absent)
        self._answering = Answering(parts, self.teller, self.watch, self.line)
        self._upkeep = Upkeep(parts)
        self._lender = Lender(parts, self.teller, self.watch, self.courier, self.line, self.spawn)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take up what is unfinished, then serve."""
        lender = self._lender
        loops = (self.parts.engine.run, lender.run, lender.tell_places, lender.tell_ends, self._upkeep.run)
        await self.parts.engine.renew()
        await self._lender.resume()
        for received in await self.parts.inbox.open():
            self.spawn(self._answer_again(received))
        for run in (*loops, *(edits.run for edits in self.parts.edits.values())):
            self._loops.add(asyncio.create_task(_for_ever(run)))

    async def stop(self, grace_s: float = 0.0) -> None:
        """Give answers `grace_s` seconds to end; what is left is kept in the rows and taken up at the next start."""
        if self._tasks and grace_s:
            await asyncio.wait(self._tasks, timeout=grace_s)
        tasks = [*self._loops, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside everything else; a failure is logged and ends nothing but itself."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def hear(self, heard: Heard) -> None:
        start = time.monotonic()
        received = await self.parts.inbox.heard(heard)
        if received is None:
            return
        try:
            private = command_and_arguments(received, self.commands)[0].private
        except BadCommand:
            private = True
        await self._acknowledge(received, heard.talk, private=private, start=start)
        self.spawn(self._answering.answer(received, heard.talk))

    async def press(self, pressed: Pressed) -> None:
        start = time.monotonic()
        action = ACTIONS.get(pressed.press.partition(":")[0])
        once = action is not None and action.orders and not _opens_form(action, pressed)
        received = await self.parts.inbox.pressed(pressed, once=once)
        if received is None:
            if not await self.parts.inbox.seen(pressed.platform, pressed.event):
                await self._answering.whisper(pressed.talk, texts.AGAIN_SOON)
            return
        if not _opens_form(action, pressed):
            private = action is None or action.private
            await self._acknowledge(received, pressed.talk, private=private, start=start)
        self.spawn(self._answering.answer(received, pressed.talk))

    async def complete(
        self,
        person: Person,
        place: Place,  # noqa: ARG002  # completions are the person's own, wherever they type
        command: str,
        option: str,
        typed: str,
    ) -> Offers:
        return await complete(self.parts, person, command, option, typed)

    async def home(self, person: Person) -> Home:
        return await home(self.parts, self.line, person)

    async def picture(self, person: Person, job: str, cell: str) -> bytes | None:
        return await visible_picture(self.parts, person, job, cell)

    def metrics(self) -> bytes:
        return self.parts.numbers.as_text()

    async def _acknowledge(self, received: Received, talk: Talk, *, private: bool, start: float) -> None:
        try:
            await talk.acknowledge(private=private)
        except DeliveryError as error:
            # It is committed, so it is answered all the same, by other means than a reply.
            log.warning("not acknowledged: %s", error, extra={"received": received.number})
        self.parts.numbers.heard.labels(received.platform).inc()
        self.parts.numbers.acknowledged.observe(time.monotonic() - start)
        if talk.address == received.talk:
            return
        try:
            await self.parts.inbox.moved(received.number, talk.address)
        except NotKept:
            # The row is there, so it is answered now, and its address follows.
            self.spawn(until_kept(lambda: self.parts.inbox.moved(received.number, talk.address)))

    async def _answer_again(self, received: Received) -> None:
        try:
            talk = await self.parts.reopen(received.platform, received.talk)
        except DeliveryError as error:
            log.warning("cannot be answered any more: %s", error, extra={"received": received.number})
            return
        await self._answering.answer(received, talk)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("a task failed", exc_info=task.exception())


async def _for_ever(run: Callable[[], Awaitable[None]]) -> None:
    """Run a loop until it is cancelled, again after each failure: without it everybody would wait for ever."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("%s failed; next try in %s s", getattr(run, "__qualname__", run), LOOP_PAUSE_S)
            if _told_to_end():
                return
        await asyncio.sleep(LOOP_PAUSE_S)


def _told_to_end() -> bool:
    """Whether this task was cancelled: a failure on the way out hides the cancel itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _opens_form(action: Action | None, pressed: Pressed) -> bool:
    """Opening a form is the acknowledgement; a platform opens none after another one."""
    return action is not None and action.asks and not pressed.values
