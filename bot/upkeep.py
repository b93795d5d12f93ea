"""What is done now and then: pictures pruned by age and by the disk budget, old events forgotten, numbers taken."""

import asyncio
import logging

from bot.allowance import forget_spent
from bot.parts import Parts

log = logging.getLogger(__name__)

EVERY_S = 5.0
PRUNE_EVERY = 60
DAY_S = 86_400.0
# No platform delivers an event again after a month.
EVENTS_DAYS = 30


class Upkeep:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def run(self) -> None:
        """Until cancelled; a failure is logged and tried again at the next round."""
        rounds = 0
        while True:
            try:
                await self.count()
                if rounds % PRUNE_EVERY == 0:
                    await self.prune()
            except Exception:
                log.exception("upkeep failed")
            rounds += 1
            await asyncio.sleep(EVERY_S)

    async def count(self) -> None:
        """Take the numbers that `/metrics` shows."""
        numbers, now = self._parts.numbers, self._parts.clock()
        rows = await self._parts.database.read(ALIVE)
        counts = {row["state"]: row["n"] for row in rows}
        for state in ("waiting", "lent", "made"):
            numbers.alive.labels(state).set(counts.get(state, 0))
        oldest = min((row["oldest"] for row in rows if row["state"] == "waiting"), default=now)
        numbers.oldest.set(now - oldest)
        numbers.engine_up.set(self._parts.engine.instance is not None)
        numbers.disk.set(await self._parts.pictures.used())
        for platform, edits in self._parts.edits.items():
            numbers.edits.labels(platform).set(edits.count)

    async def prune(self) -> None:
        """Remove pictures that are past their retention, then the oldest until the budget holds."""
        now = self._parts.clock()
        await self._parts.inbox.forget(now - EVENTS_DAYS * DAY_S)
        await forget_spent(self._parts.database, now)
        for job in await self._parts.pictures.past_retention(now, self._parts.settings.retention_days):
            await self._parts.pictures.prune(job)
        await self._parts.pictures.sweep()
        await self.fit_budget()

    async def fit_budget(self) -> None:
        """Oldest first; a grid that is not delivered yet is never touched."""
        budget = self._parts.settings.disk_budget_mb * 1_000_000
        used = await self._parts.pictures.used()
        while used > budget:
            oldest = await self._parts.pictures.oldest(100)
            if not oldest:
                return
            for job in oldest:
                if used <= budget:
                    return
                await self._parts.pictures.prune(job)
                used -= job.bytes
                log.info("pruned", extra={"job": job.id, "bytes": job.bytes})


ALIVE = """
SELECT state, COUNT(*) AS n, MIN(queued_at) AS oldest FROM jobs
WHERE state IN ('waiting', 'lent', 'made') GROUP BY state
"""
