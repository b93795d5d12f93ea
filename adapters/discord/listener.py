"""The client that hears: each interaction becomes one call of the core, and is acknowledged in time whatever else."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

import discord

from adapters.discord.commands import SCORE, completions, focused_option, registrations
from adapters.discord.failures import FOREIGN, translated
from adapters.discord.hearing import heard_of, is_press, person_of, place_of, pressed_of, talk_of
from adapters.discord.line import Line
from adapters.discord.talk import DiscordTalk
from adapters.discord.wire import connector
from bot.chat import Core, Message
from bot.errors import DeliveryError, PlatformAway

log = logging.getLogger(__name__)
_TYPES = discord.InteractionType
SORRY_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
COMPLETE_WITHIN = 2.5
"""Seconds; Discord wants completions within three, and none rather than late ones."""
LONGEST_WAIT = 30.0
"""Seconds for which discord.py itself waits where Discord asks for fewer requests; the core waits for more."""


class Listener(discord.Client):
    def __init__(self, core: Core, line: Line, **options: Any) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody misses voice here
        intents = discord.Intents(guilds=True)
        mentions = discord.AllowedMentions.none()
        options = {"connector": connector(), "max_ratelimit_timeout": LONGEST_WAIT, **options}
        super().__init__(intents=intents, allowed_mentions=mentions, **options)
        self._core = core
        self._line = line
        self._private = {command.name: command.private for command in core.commands} | {SCORE: True}
        self._options = {(command.name, option.name): option for command in core.commands for option in command.options}
        self._tasks: set[asyncio.Task[None]] = set()
        self.came_up = False

    async def setup_hook(self) -> None:
        """Tell Discord the commands. Where it refuses them it keeps the old: said in the log, no reason to stop."""
        await self._tell_commands()

    async def _tell_commands(self) -> None:
        try:
            payloads: Any = registrations(self._core.commands)
            await self.http.bulk_upsert_global_commands(self.application_id or 0, payloads)
        except discord.DiscordServerError:
            raise
        except discord.RateLimited as error:
            self._spawn(self._tell_later(error.retry_after))
        except discord.HTTPException as error:
            log.error("Discord refused the commands: %s", error)  # noqa: TRY400 (the trace adds nothing to what Discord says)

    async def _tell_later(self, wait: float) -> None:
        await asyncio.sleep(wait)
        try:
            await self._tell_commands()
        except FOREIGN as error:
            log.warning("Discord keeps the commands of before: %s", error)

    async def on_ready(self) -> None:
        self.came_up = True
        log.info("Connected to Discord.")

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        data: Mapping[str, Any] = interaction.data or {}
        if interaction.type is _TYPES.autocomplete:
            await self._complete(interaction, data)
        elif interaction.type in (_TYPES.application_command, _TYPES.component, _TYPES.modal_submit):
            await self._hear(interaction, data)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await super().close()

    async def _hear(self, interaction: discord.Interaction, data: Mapping[str, Any]) -> None:
        talk = talk_of(self._line, interaction)
        self._acknowledge_in_time(talk, private=self._private.get(data.get("name", ""), False))
        try:
            if is_press(interaction, data):
                await self._core.press(pressed_of(interaction, data, talk))
            else:
                await self._core.hear(heard_of(interaction, data, talk))
        except Exception:
            log.exception("event %s could not be answered", interaction.id)
            await self._apologise(talk, interaction.id)

    async def _apologise(self, talk: DiscordTalk, event: int) -> None:
        sorry = Message(f"Something went wrong here. Tell the person who runs me this number: `{event}`.")
        for wait in SORRY_PAUSES:
            try:
                await talk.whisper(sorry)
            except PlatformAway:
                await asyncio.sleep(wait)
            except DeliveryError as error:
                log.warning("event %s: the person could not be told either: %s", event, error)
                return
            else:
                return
        log.warning("event %s: the person could not be told either, as Discord was away", event)

    def _acknowledge_in_time(self, talk: Any, *, private: bool) -> None:
        self._spawn(talk.acknowledge_in_time(private=private))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _complete(self, interaction: discord.Interaction, data: Mapping[str, Any]) -> None:
        name, typed = focused_option(data)
        option = self._options.get((data["name"], name))
        if option is None:
            return
        try:
            if option.choices:
                values = [choice for choice in option.choices if typed.lower() in choice[0].lower()]
            else:
                call = self._core.complete(person_of(interaction), place_of(interaction), data["name"], name, typed)
                values = await asyncio.wait_for(call, COMPLETE_WITHIN)
            with translated():
                await interaction.response.autocomplete(completions(values, option))
        except (TimeoutError, ValueError, DeliveryError) as error:
            log.warning("no suggestions for %s of /%s: %s", name, data["name"], type(error).__name__)
