"""Answers one received row: what was typed is parsed and run, and its answer told. Failures become sentences here."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from bot import spoken, texts
from bot.actions import ACTIONS
from bot.arguments import values
from bot.asked import Asked
from bot.chat import Message, Talk
from bot.command import Command
from bot.disk import NotKept, until_kept
from bot.errors import BadCommand, BotError, DeliveryError, NoCommand, PlatformAway
from bot.grammar import command_and_rest, parse
from bot.history import Orphan
from bot.line import Line
from bot.parts import Parts
from bot.received import Received
from bot.teller import Teller
from bot.watch import Watch
from engine.contract.errors import EngineAway, TesseraError

log = logging.getLogger(__name__)
T = TypeVar("T")

# Seconds between tries at an answer, ten minutes in all: longer, and an interaction of Discord could not be used.
WAITS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, *[60.0] * 9)
# Answers of one person under way at a time; the others wait. An export of one's data takes tens of megabytes.
AT_ONCE = 10


def command_and_arguments(received: Received, commands: Sequence[Command]) -> tuple[Command, dict[str, Any]]:
    """The command that was meant and its checked arguments. Raises BadCommand."""
    if received.options is None:
        command, options = parse(received.text, commands)
    else:
        (command, _), options = command_and_rest(received.text, commands), received.options
    return command, values(command, options)


class Answering:
    def __init__(self, parts: Parts, teller: Teller, watch: Watch, line: Line) -> None:
        self._parts, self._teller, self._watch, self._line = parts, teller, watch, line
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Semaphore] = WeakValueDictionary()

    async def answer(self, received: Received, talk: Talk) -> None:
        """Answer a row and close it. Whatever goes wrong, the person reads a sentence and the log has the mark."""
        turns = self._turns.setdefault((received.platform, received.person.id), asyncio.Semaphore(AT_ONCE))
        try:
            async with turns:
                await self._answer(received, talk)
        except EngineAway as error:
            # Its own sentence names a place on the host, which is nothing for a chat.
            log.warning("an answer needs the engine, which is away: %s", error, extra={"received": received.number})
            await self.whisper(talk, texts.ENGINE_AWAY)
        except (BotError, TesseraError) as error:
            if isinstance(error, DeliveryError):
                log.warning("an answer could not be given: %s", error, extra={"received": received.number})
            await self.whisper(talk, str(error))
        except Orphan:
            await self.whisper(talk, texts.FORGOTTEN)
        except Exception:
            log.exception("a command failed", extra={"received": received.number})
            await self.whisper(talk, texts.BROKEN.format(mark=received.mark))
        await until_kept(lambda: self._parts.inbox.answered(received.number))

    async def whisper(self, talk: Talk, sentence: str) -> None:
        try:
            await _patiently(lambda: talk.whisper(Message(sentence)))
        except DeliveryError as error:
            log.warning("nobody could be told: %s", error)

    async def _answer(self, received: Received, talk: Talk) -> None:
        """Running the command and telling its answer are retried apart, so that none runs twice only to be told."""
        person = self._parts.people.with_rights(received.person)
        who = await _patiently(lambda: self._parts.people.row(received.person))
        asked = Asked(person, who, received.place, talk, received, self._parts, self._teller, self._watch, self._line)
        message = await self._with_engine(asked)
        if message is not None:
            await _patiently(lambda: talk.whisper(message))

    async def _with_engine(self, asked: Asked) -> Message | None:
        """As `_run`; an engine that is on its way is waited for, and the person is told so at once."""
        engine = self._parts.engine
        try:
            return await _patiently(lambda: self._run(asked))
        except EngineAway:
            if not (await engine.check() or engine.coming):
                raise
        if engine.instance is None:
            await self.whisper(asked.talk, texts.ENGINE_COMES)
            await engine.wait_for_start()
        return await _patiently(lambda: self._run(asked))

    async def _run(self, asked: Asked) -> Message | None:
        """What is to be told to the person alone; what all may see is posted by whoever makes it."""
        if asked.received.press is not None:
            return await self._press(asked, asked.received.press)
        try:
            command, arguments = command_and_arguments(asked.received, self._parts.commands)
        except NoCommand as error:
            return await spoken.offer(asked, error)
        if command.moderators and not asked.person.moderator:
            raise BadCommand(texts.MODERATORS)
        message: Message | None = await command.run(asked, **arguments)
        return message

    async def _press(self, asked: Asked, press: str) -> Message | None:
        name, _, rest = press.partition(":")
        if name not in ACTIONS:
            raise BadCommand("This version of the bot does not know that button. /help lists what it knows.")
        action = ACTIONS[name]
        if action.moderators and not asked.person.moderator:
            raise BadCommand(texts.MODERATORS_PRESS)
        subject, _, more = rest.partition(":")
        return await action.run(asked, subject, more)


async def _patiently(work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, tried again while the platform or the disk is away; raises what the last try raised."""
    for wait in WAITS:
        try:
            return await work()
        except (PlatformAway, NotKept) as error:
            log.info("an answer has to wait, next try in %s s: %s", wait, error)
        await asyncio.sleep(wait)
    return await work()
