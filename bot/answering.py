"""One received row is answered: understood, run, and told openly or privately. Failures become sentences here."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from bot import texts
from bot.actions import ACTIONS
from bot.arguments import values
from bot.asked import Asked
from bot.chat import Delivery as Attempt
from bot.chat import Message, Talk
from bot.command import Command
from bot.errors import BadCommand, BotError, DeliveryError
from bot.grammar import parse
from bot.line import Line
from bot.parts import Parts
from bot.people import server_of
from bot.received import Received
from bot.teller import Teller
from bot.watch import Watch
from engine.contract.errors import EngineAway, TesseraError

log = logging.getLogger(__name__)


def understood(received: Received, commands: Sequence[Command]) -> tuple[Command, dict[str, Any]]:
    """The command that was meant and its checked arguments. Raises BadCommand."""
    if received.options is None:
        command, options = parse(received.text, commands)
    else:
        command, _ = parse(received.text.split(maxsplit=1)[0] if received.text.strip() else "", commands)
        options = received.options
    return command, values(command, options)


class Answering:
    def __init__(self, parts: Parts, teller: Teller, watch: Watch, line: Line) -> None:
        self._parts, self._teller, self._watch, self._line = parts, teller, watch, line

    async def answer(self, received: Received, talk: Talk) -> None:
        """Answer a row and close it. Whatever goes wrong, the person reads a sentence and the log has the mark."""
        try:
            await self._run(received, talk)
        except EngineAway as error:
            # Its own sentence names a place on the host, which is nothing for a chat.
            log.warning("an answer needs the engine: %s", error, extra={"received": received.number})
            await self.refuse(talk, texts.ENGINE_AWAY)
        except (BotError, TesseraError) as error:
            if isinstance(error, DeliveryError):
                log.warning("an answer could not be given: %s", error, extra={"received": received.number})
            await self.refuse(talk, str(error))
        except Exception:
            log.exception("a command failed", extra={"received": received.number})
            await self.refuse(talk, texts.BROKEN.format(mark=received.mark))
        await self._parts.inbox.answered(received.number)

    async def refuse(self, talk: Talk, sentence: str) -> None:
        try:
            await talk.whisper(Message(sentence))
        except DeliveryError as error:
            log.warning("nobody could be told: %s", error)

    async def _run(self, received: Received, talk: Talk) -> None:
        person = self._parts.people.known(received.person)
        who = await self._parts.people.row(received.person)
        asked = Asked(person, who, received.place, talk, received, self._parts, self._teller, self._watch, self._line)
        if received.press is not None:
            message, private = await self._press(asked, received.press)
        else:
            command, arguments = understood(received, self._parts.commands)
            if command.moderators and not person.moderator:
                raise BadCommand(texts.MODERATORS)
            message, private = await command.run(asked, **arguments), command.private
        if message is not None:
            await self._tell(asked, message, private=private)

    async def _press(self, asked: Asked, press: str) -> tuple[Message | None, bool]:
        name, _, rest = press.partition(":")
        if name not in ACTIONS:
            raise BadCommand("This version of the bot does not know that button. /help lists what it knows.")
        action = ACTIONS[name]
        if action.moderators and not asked.person.moderator:
            raise BadCommand(texts.MODERATORS_PRESS)
        subject, _, more = rest.partition(":")
        return await action.run(asked, subject, more), action.private

    async def _tell(self, asked: Asked, message: Message, *, private: bool) -> None:
        if private:
            await asked.talk.whisper(message)
            return
        post = partial(_post, asked.talk, message)
        server = None if asked.place.private else server_of(asked.received.platform, asked.place)
        await self._parts.delivery.answer(asked.talk, asked.received.mark, None, server, post)


async def _post(talk: Talk, message: Message, attempt: Attempt) -> str:
    return await talk.post(message, attempt)
