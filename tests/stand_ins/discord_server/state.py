"""The stand-in's memory and its clock; it knows ids and rights, and nothing of HTTP."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import discord

from tests.stand_ins.discord_server import refusals as no
from tests.stand_ins.discord_server.world import DIRECT, THREAD, Posted, Room, Snowflakes, Talker, Told

_MOST_WAITED = 20.0


class State:
    def __init__(self, *, ack_within: float, token_lives: float, nonce_lives: float, file_bytes: int) -> None:
        """Times in seconds; `file_bytes`: the largest file in the server."""
        self.ack_within = ack_within
        self.token_lives = token_lives
        self.nonce_lives = nonce_lives
        self.file_bytes = file_bytes
        self.ids = Snowflakes()
        self.bot = Talker(self.ids.new(), "Tessera", bot=True)
        self.guild = self.ids.new()
        self.base = ""
        self.cdn: dict[str, bytes] = {}
        self.rooms: dict[int, Room] = {}
        self.posted: dict[int, Posted] = {}
        self.told: dict[str, Told] = {}
        self.most_threads = 1000
        self.commands: list[dict[str, Any]] = []
        self.nonces: dict[tuple[int, str], tuple[float, int]] = {}
        self.log: list[str] = []
        self._changed = asyncio.Event()

    def changed(self) -> None:
        self._changed.set()

    async def until(self, fits: Callable[[], Any]) -> Any:
        """Wait until `fits` gives something true, and give that; looked at again after each request."""
        async with asyncio.timeout(_MOST_WAITED):
            while not (found := fits()):
                self._changed.clear()
                await self._changed.wait()
        return found

    def room(self, channel: int) -> Room:
        room = self.rooms.get(channel)
        if room is None:
            raise no.UNKNOWN_CHANNEL
        if not self.rights(room).view_channel or (room.private and not room.invited):
            raise no.MISSING_ACCESS
        return room

    def rights(self, room: Room) -> discord.Permissions:
        """The bot's rights; a thread has those of its parent."""
        owner = self.rooms.get(room.parent or 0, room)
        return discord.Permissions(owner.rights)

    def may_send(self, room: Room, *, files: bool) -> None:
        if room.kind == DIRECT:
            if room.person is not None and not room.person.takes_direct:
                raise no.NO_DIRECT
            return
        rights = self.rights(room)
        send = rights.send_messages_in_threads if room.kind == THREAD else rights.send_messages
        if not send or (files and not rights.attach_files):
            raise no.MISSING_RIGHTS
        if room.locked:
            raise no.LOCKED

    def message(self, channel: int, message: int) -> Posted:
        """A message that all can see; a private answer is unknown to the channel's routes."""
        posted = self.posted.get(message)
        if posted is None or posted.room != channel or posted.ephemeral:
            raise no.UNKNOWN_MESSAGE
        return posted

    def changeable(self, posted: Posted) -> None:
        """docs.discord.com/developers/topics/threads: nothing is changed in what is locked or archived."""
        room = self.rooms[posted.room]
        if room.locked:
            raise no.LOCKED
        if room.archived:
            raise no.ARCHIVED

    def in_room(self, room: int) -> list[Posted]:
        """Oldest first."""
        return sorted((post for post in self.posted.values() if post.room == room), key=lambda post: post.id)

    def interaction(self, token: str) -> Told:
        """For webhook routes: it must have been answered first, and its token must still live."""
        told = self.told.get(token)
        if told is None or told.answer is None:
            raise no.UNKNOWN_WEBHOOK
        if time.time() - told.born > self.token_lives:
            raise no.TOKEN_EXPIRED
        return told
