"""All that a soak needs around the bot: Discord, Slack and Flickr8k on loopback, the people, the bot's process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.soak.asks import Asks
from bench.soak.processes import Bot, environment
from bench.soak.size import Size
from tests.stand_ins.discord_server import DiscordServer
from tests.stand_ins.flickr8k import Flickr8kServer, archive
from tests.stand_ins.slack_server import APP_TOKEN, BOT_TOKEN, SlackServer
from tests.stand_ins.slack_workspace import Times

PHOTOS = 230
CHANNEL = "C1"


@dataclass
class World:
    size: Size
    discord: DiscordServer
    slack: SlackServer
    photos: Flickr8kServer
    bot: Bot
    asks: Asks

    @property
    def history(self) -> Path:
        return self.bot.folder / "data" / "history.sqlite"


@asynccontextmanager
async def running_world(size: Size, folder: Path) -> AsyncIterator[World]:
    """Everything but the bot runs when this is entered; the bot and its engine are gone when it is left."""
    (folder / "data").mkdir(parents=True)
    # Real Slack gives 100 messages a page; the tests' two would make every search after a restart a crowd of calls.
    times = Times(page=100)
    with Flickr8kServer(archive(PHOTOS)) as photos:
        async with DiscordServer(ack_within=3.0, edits=(5, 5.0)) as discord, SlackServer(times) as slack:
            slack.channel(CHANNEL)
            settings = environment(
                PROFILE="embedded",
                ENGINE_PAINTERS=size.painter,
                DISCORD_TOKEN=discord.token,
                DISCORD_API_URL=discord.url,
                SLACK_BOT_TOKEN=BOT_TOKEN,
                SLACK_APP_TOKEN=APP_TOKEN,
                SLACK_API_URL=slack.api_url,
                FLICKR8K_URL=photos.url_of_zip,
                PICTURES_PER_HOUR="10000000",
                WAITING_PER_SERVER=str(max(100, size.people * 4)),
            )
            world = World(size, discord, slack, photos, Bot(folder, settings), Asks())
            try:
                yield world
            finally:
                await world.bot.stop()
