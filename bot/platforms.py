"""Platforms side by side: one that fails is tried again with a back-off, and never stops another."""

import asyncio
import logging
from collections.abc import Mapping

from bot.chat import Core, Platform
from bot.errors import BotError, DeliveryError

log = logging.getLogger(__name__)

BACK_OFF_S = (1.0, 5.0, 15.0, 60.0)


async def serve(platforms: Mapping[str, Platform], core: Core, stop: asyncio.Event) -> int:
    """Run all of them until `stop` is set or none is left; 1 where each ended by a failure, else 0."""
    if not platforms:
        log.error("no platform is configured; set DISCORD_TOKEN or SLACK_BOT_TOKEN, or leave the web chat on")
        return 1
    tasks = [asyncio.create_task(_run_for_ever(name, platform, core)) for name, platform in platforms.items()]
    stop_task = asyncio.create_task(stop.wait())
    try:
        pending = set(tasks)
        while pending and not stop.is_set():
            await asyncio.wait({*pending, stop_task}, return_when=asyncio.FIRST_COMPLETED)
            pending = {task for task in pending if not task.done()}
        return 0 if stop.is_set() or any(task.result() for task in tasks) else 1
    finally:
        for task in (*tasks, stop_task):
            task.cancel()
        await asyncio.gather(*tasks, stop_task, return_exceptions=True)


async def _run_for_ever(name: str, platform: Platform, core: Core) -> bool:
    """Run one for ever; True where it ended by itself (a console's end of input), False where it can never work."""
    failures = 0
    while True:
        try:
            await platform.run(core)
        except Exception as error:
            if _never_works(error):
                log.error("%s cannot run: %s", name, error)  # noqa: TRY400  # the sentence says it all
                return False
            wait = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
            failures += 1
            log.exception("%s failed; next try in %s s", name, wait)
            await asyncio.sleep(wait)
        else:
            return True


def _never_works(error: Exception) -> bool:
    """A refused token, a port that is taken: trying again changes nothing. A platform that is away comes back."""
    return isinstance(error, BotError | ValueError) and not isinstance(error, DeliveryError)
