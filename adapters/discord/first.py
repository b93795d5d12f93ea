"""The first answer to an interaction, wanted within three seconds: heard, a private sentence, or a form."""

import asyncio
import logging

import discord

from adapters.discord.address import Address
from adapters.discord.controls import modal_of
from adapters.discord.failures import ALREADY_ACKNOWLEDGED, FOREIGN, UNKNOWN_INTERACTION, banned, retry, session_closed
from adapters.discord.line import Line
from adapters.discord.parts import Parts
from bot.chat import Form

log = logging.getLogger(__name__)
FAILURES = (*FOREIGN, RuntimeError, KeyError)


class FirstAnswer:
    """Exists only in the process that heard the interaction. Whoever is first wins; the others find `acknowledged`."""

    def __init__(self, line: Line, address: Address, interaction: discord.Interaction) -> None:
        self._line = line
        self._at = address
        self._interaction = interaction
        self._lock = asyncio.Lock()

    async def acknowledge(self, *, private: bool) -> None:
        """Heard. A command's reply then says that the bot is thinking; a press shows nothing."""
        async with self._lock:
            if self._at.acknowledged:
                return
            try:
                message = await self._defer(private=private)
            except FAILURES as error:
                if not self._went_through(error):
                    return
                message = None
            quiet = self._at.kind == "press" and not private
            self._at.acknowledged = "private" if private else "quiet" if quiet else "public"
            self._at.message, self._at.replied = message, self._at.kind != "press"

    async def acknowledge_in_time(self, *, private: bool) -> None:
        """Heard, if nobody answered while there was time: a person is not left with "did not respond"."""
        await asyncio.sleep(self._line.ack_within)
        await self.acknowledge(private=private)

    async def whisper(self, parts: Parts) -> bool:
        """A private sentence as the first answer; False if there was one before."""
        async with self._lock:
            if self._at.acknowledged:
                return False
            try:
                arguments = parts.to_send()
                answer = await self._interaction.response.send_message(ephemeral=True, **arguments)
            except FAILURES as error:
                if not self._went_through(error):
                    return False
                answer = None
            self._at.acknowledged, self._at.said = "private", True
            self._at.message, self._at.replied = answer.message_id if answer else None, True
            return True

    async def ask(self, form: Form) -> bool:
        """A form as the first answer; False if it comes too late for one."""
        async with self._lock:
            if self._at.acknowledged or self._at.kind == "form":
                return False
            try:
                await self._interaction.response.send_modal(modal_of(form))
            except FAILURES as error:
                return self._went_through(error)
            self._at.acknowledged = "form"
            return True

    async def _defer(self, *, private: bool) -> int | None:
        response = self._interaction.response
        thinking = self._at.kind != "press"
        callback = await retry(lambda: response.defer(ephemeral=private, thinking=thinking), self._line.first_pauses)
        return callback.message_id if callback and thinking else None

    def _went_through(self, error: Exception) -> bool:
        """Whether Discord had the answer already, such as when only its response was lost."""
        if isinstance(error, RuntimeError) and not session_closed(error):
            raise error
        if isinstance(error, KeyError) and not banned(error):
            raise error
        code = getattr(error, "code", 0)
        if code == ALREADY_ACKNOWLEDGED or isinstance(error, discord.InteractionResponded):
            return True
        if code == UNKNOWN_INTERACTION:
            self._at.token = None
        log.warning("Discord did not accept the first answer to event %s: %s", self._at.event, type(error).__name__)
        return False
