"""Discord over loopback: REST and gateway as discord.py uses them, stricter and nastier than the real thing."""

from tests.stand_ins.discord_server.server import DiscordServer
from tests.stand_ins.discord_server.world import RIGHTS, Posted, Room, Talker, Told

__all__ = ["RIGHTS", "DiscordServer", "Posted", "Room", "Talker", "Told"]
