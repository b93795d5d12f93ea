"""`python -m bot`: the one place where the parts are put together.

All platforms that have a token, and the local web chat; `python -m bot console` is a chat in the terminal instead.
"""

import argparse
import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from filelock import Timeout

from adapters import PLATFORMS
from bot.app import App
from bot.budget import Edits
from bot.chat import Platform
from bot.commands import COMMANDS
from bot.deliveries import Deliveries
from bot.delivery import Delivery
from bot.engine_client import Engine
from bot.history import Database, Unusable
from bot.jobs import Jobs
from bot.numbers import Numbers
from bot.parts import Parts
from bot.people import People
from bot.pictures import Pictures
from bot.platforms import serve
from bot.preferences import PreferenceRows
from bot.proposals import Proposals
from bot.queue import Queue
from bot.received import Inbox
from bot.settings import Settings
from bot.trainings import Trainings
from engine.contract.client import EngineClient
from engine.contract.data_dir import hold
from engine.contract.errors import BadRequest
from engine.contract.jsonlog import log_json
from engine.contract.memory import keep_heap_small
from engine.contract.misspelt import misspelt
from engine.contract.settings import read

log = logging.getLogger("bot")

# Process supervisors such as honcho wait five seconds before they kill.
GRACE_S = 4.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 the world failed, 2 a bad argument or setting."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    parser.add_argument(
        "where", nargs="?", choices=["all", "console"], default="all", help="console: chat in this terminal only"
    )
    where = parser.parse_args(arguments).where
    try:
        settings = read(Settings)
        log_json(settings, settings.log_level)
        for sentence in misspelt(settings):
            log.warning(sentence)
        keep_heap_small()
        with hold(settings.data_dir, "bot.lock"):
            return asyncio.run(run(settings, platforms_of(settings, where)))
    except Timeout:
        return _print_error(
            f"Another bot is already using {settings.data_dir.absolute()}. Stop it, or set DATA_DIR to another folder."
        )
    except BadRequest as error:
        return _print_error(str(error), error.exit_status)
    except Unusable as error:
        return _print_error(str(error))


def _print_error(sentence: str, status: int = 1) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201  # for people
    return status


def platforms_of(settings: Settings, where: str) -> dict[str, Platform]:
    """The platforms that are configured. One whose library is missing is said so, and the others go on."""
    names = ["console"] if where == "console" else [name for name in PLATFORMS if name != "console"]
    platforms: dict[str, Platform] = {}
    for name in names:
        module, _, make = PLATFORMS[name].partition(":")
        try:
            platform: Platform | None = getattr(import_module(module), make)(settings)
        except ImportError as error:
            log.warning("%s is skipped: %s. Install it with: pip install 'tessera[%s]'", name, error, name)
            continue
        if platform is not None:
            platforms[platform.name] = platform
    return platforms


async def core(
    settings: Settings,
    platforms: Mapping[str, Platform],
    *,
    client: EngineClient | None = None,
    clock: Callable[[], float] = time.time,
) -> App:
    """The core over the database and the pictures of DATA_DIR; nothing runs before `App.start`."""
    database = await Database.open(settings.history_file)
    deliveries = Deliveries(database, clock)
    parts = Parts(
        settings=settings,
        database=database,
        people=People(database, settings.moderators),
        inbox=Inbox(database, clock),
        jobs=Jobs(database, clock),
        queue=Queue(database, clock),
        pictures=Pictures(database, settings.pictures_dir),
        deliveries=deliveries,
        delivery=Delivery(deliveries),
        trainings=Trainings(database),
        proposals=Proposals(database, clock),
        preferences=PreferenceRows(database),
        engine=Engine(settings, client),
        numbers=Numbers(),
        platforms=platforms,
        edits={name: Edits(platform.edits_per_minute) for name, platform in platforms.items()},
        commands=COMMANDS,
        clock=clock,
    )
    return App(parts)


async def run(settings: Settings, platforms: Mapping[str, Platform]) -> int:
    """Serve until a signal, or until every platform has ended; then stop hearing and keep the rest."""
    app = await core(settings, platforms)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await app.start()
        return await serve(platforms, app, stop)
    finally:
        log.info("stopping; waiting jobs are kept")
        await app.stop(GRACE_S)
        await app.parts.database.close()
        await app.parts.engine.client.close()


if __name__ == "__main__":
    sys.exit(main())
