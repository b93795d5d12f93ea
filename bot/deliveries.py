"""Deliveries as rows: written before an attempt to post, and again with the platform's message id, the proof."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.disk import until_kept
from bot.history import Database, Row


@dataclass(frozen=True)
class DeliveryRow:
    """`tries` counts the attempts that were begun, this one included; `message` is None until it is proved."""

    key: str
    talk: str
    tries: int
    noted: str | None
    message: str | None


class Deliveries:
    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    async def begin(
        self, key: str, *, kind: str, job: int | None, talk: str, server: str | None, person: int | None = None
    ) -> DeliveryRow | None:
        """One more attempt; None where the job was cancelled meanwhile, so that nothing may be posted for it."""
        rows = await self._database.write(
            BEGIN, key=key, kind=kind, job=job, talk=talk, server=server, person=person, now=self._clock()
        )
        return _row(rows[0]) if rows else None

    async def note(self, key: str, noted: str) -> None:
        await self._database.write("UPDATE deliveries SET noted = :noted WHERE key = :key", key=key, noted=noted)

    async def posted(self, key: str, message: str, talk: str) -> None:
        """The message is there. In the same transaction a post ends its job, whose talk is kept as it is now."""
        await until_kept(lambda: self._posted(key, message, talk))

    async def find(self, key: str) -> DeliveryRow | None:
        row = await self._database.one("SELECT * FROM deliveries WHERE key = :key", key=key)
        return _row(row) if row else None

    async def of_job(self, job: int) -> list[DeliveryRow]:
        """Every message that shows this grid."""
        sql = "SELECT * FROM deliveries WHERE job = :job AND message IS NOT NULL ORDER BY begun_at"
        return [_row(row) for row in await self._database.read(sql, job=job)]

    async def seen_in(self, job: int, server: str) -> bool:
        """Whether the grid was posted openly in this server."""
        sql = "SELECT 1 FROM deliveries WHERE job = :job AND server = :server AND kind <> 'say' AND message IS NOT NULL"
        return await self._database.one(sql, job=job, server=server) is not None

    async def _posted(self, key: str, message: str, talk: str) -> None:
        now = self._clock()
        async with self._database.transaction() as rows:
            sql = "UPDATE deliveries SET message = :message, talk = :talk, posted_at = :now WHERE key = :key"
            await rows.write(sql, key=key, message=message, talk=talk, now=now)
            await rows.write(DELIVERED, key=key, now=now)
            await rows.write(SAID, key=key, talk=talk)


def _row(row: Row) -> DeliveryRow:
    return DeliveryRow(row["key"], row["talk"], row["tries"], row["noted"], row["message"])


# A post needs its job to be made still: a cancel that came first wins, one that comes later takes the post back.
BEGIN = """
INSERT INTO deliveries (key, job, kind, talk, server, person, tries, begun_at)
SELECT :key, :job, :kind, :talk, :server, (SELECT id FROM people WHERE id = :person), 1, :now
WHERE :kind <> 'post' OR EXISTS (SELECT 1 FROM jobs WHERE number = :job AND state = 'made')
ON CONFLICT (key) DO UPDATE SET tries = tries + 1 RETURNING *
"""
DELIVERED = """
UPDATE jobs SET state = 'delivered', ended_at = :now
WHERE state = 'made' AND number = (SELECT job FROM deliveries WHERE key = :key AND kind = 'post')
"""
# The talk knows by now where the job's own message is, and the thread of its result.
SAID = """
UPDATE jobs SET talk = :talk WHERE number = (SELECT job FROM deliveries WHERE key = :key AND kind IN ('say', 'post'))
"""
