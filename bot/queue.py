"""An asyncio queue over the rows of the jobs: put, lend in fair turns, lose an engine. Its rules are SQL statements.

Fair turns: every person has a clock of pictures painted. Whose clock is furthest behind is served next; who was away
comes back at the clock of the line, so nobody saves up turns; ties go to the one served longest ago, then to the oldest
job. So A1 A2 A3 B1 C1 are lent as A1 B1 C1 A2 A3, and sixteen small grids weigh as much as one large one.
(Start-time fair queueing: P. Goyal, H. M. Vin, H. Cheng, 1996.)
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.allowance import HOUR
from bot.history import Database
from bot.jobs import JobRow, job_row
from bot.migrations import NEXT
from engine.contract.grid import Plan

# Two deaths while alone in the engine end a job.
DEATHS = 2


@dataclass(frozen=True)
class NewJob:
    """What is to be put. `received` is the row it came from: one row makes at most one job."""

    id: str
    received: int | None
    person: int
    platform: str
    server: str | None
    channel: str
    private: bool
    unsafe_ok: bool
    talk: str
    work: str
    prompt: str
    cost: int
    parent: str | None = None
    training: bool = False
    comparison: bool = False


@dataclass(frozen=True)
class Caps:
    """How much may be asked for. None is no limit."""

    waiting_per_person: int | None = None
    waiting_per_server: int | None = None
    pictures_per_hour: int | None = None


class Queue:
    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._changed = asyncio.Event()

    async def put(self, job: NewJob, caps: Caps, plan: Plan | None = None) -> JobRow | None:
        """The waiting job, or None where a limit is reached. The same received row or id again finds the first job.

        With a `plan` the engine plans nothing: the very grid that it describes is painted.
        """
        async with self._database.transaction() as changes:
            rows = await changes.write(PUT, **vars(job), **vars(caps), now=self._clock())
            if rows and plan:
                sql = "INSERT INTO plans (job, plan) VALUES (:job, :plan)"
                await changes.write(sql, job=rows[0]["number"], plan=plan.model_dump_json())
        if rows:
            self.touch()
            return job_row(rows[0])
        sql = "SELECT * FROM jobs WHERE received = :received OR id = :id"
        row = await self._database.one(sql, received=job.received, id=job.id)
        return job_row(row) if row else None

    async def lend(self, cover: Callable[[], int], engine: Callable[[], str | None]) -> JobRow:
        """Wait for the next job in turn. It is lent while fewer than `cover()` pictures are under way in the engine.

        As many again may be lent in small jobs, of half as many at most, so that these can cut into a large one.
        """
        while True:
            self._changed.clear()
            instance = engine()
            job = await self.lend_now(cover(), instance) if instance else None
            if job:
                return job
            await self._changed.wait()

    async def lend_now(self, cover: int, engine: str) -> JobRow | None:
        """The next job in turn, or None where none may be lent now."""
        async with self._database.transaction() as rows:
            jobs = await rows.write(LEND, cover=cover, engine=engine, now=self._clock())
            if not jobs:
                return None
            job = job_row(jobs[0])
            if job.turn is None:
                await rows.write(CHARGE_CLOCK, person=job.person)
                await rows.write(CHARGE_PERSON, person=job.person, cost=job.cost)
                jobs = await rows.write(TURN, number=job.number)
            return job_row(jobs[0])

    async def died(self, engine: str, *, blame: bool) -> list[JobRow]:
        """The engine process `engine` is gone. Its jobs wait again as suspects; the ones that are ended are returned.

        Only a job that was alone in it is blamed, and only where `blame` says that nobody stopped the engine.
        """
        async with self._database.transaction() as rows:
            await rows.write(DIED, engine=engine, blame=blame)
            jobs = await rows.write(END_DEADLY, deaths=DEATHS, now=self._clock())
        self.touch()
        return [job_row(row) for row in jobs]

    async def taken_over(self, job: str, engine: str) -> bool:
        """The engine process `engine` has the job from now on; False where it is not lent any more."""
        sql = "UPDATE jobs SET engine = :engine WHERE id = :id AND state = 'lent' RETURNING id"
        return bool(await self._database.write(sql, id=job, engine=engine))

    def touch(self) -> None:
        """Something changed that may let a job be lent."""
        self._changed.set()


PUT = f"""
WITH hour AS ({HOUR})
INSERT INTO jobs (number, id, received, person, platform, server, channel, private, unsafe_ok, talk, training,
    comparison, work, prompt, parent, cost, state, queued_at)
SELECT {NEXT.format("jobs", "number")},
    :id, :received, :person, :platform, :server, :channel, :private, :unsafe_ok, :talk, :training, :comparison,
    :work, :prompt, :parent, :cost, 'waiting', :now
WHERE (:waiting_per_person IS NULL
        OR (SELECT COUNT(*) FROM jobs WHERE state = 'waiting' AND person = :person) < :waiting_per_person)
    AND (:server IS NULL OR :waiting_per_server IS NULL
        OR (SELECT COUNT(*) FROM jobs WHERE state = 'waiting' AND server = :server) < :waiting_per_server)
    AND (:pictures_per_hour IS NULL OR :cost + (SELECT cost FROM hour) <= :pictures_per_hour)
ON CONFLICT DO NOTHING RETURNING *
"""  # noqa: S608  # constants

# A suspect runs alone, and first. Only suspects had their turn before, in the engine that went away, and keep it.
# Small ones, of one wave at most, are lent beside a large one: the engine may let them cut in, within its own bounds.
# Trainings come after all grids, suspects too: no grid waits for one that has not yet begun.
LEND = """
UPDATE jobs SET state = 'lent', engine = :engine, lent_at = :now WHERE number = (
    SELECT j.number FROM jobs AS j JOIN people AS p ON p.id = j.person JOIN clock AS c
    WHERE j.state = 'waiting'
        AND NOT EXISTS (SELECT 1 FROM jobs AS l WHERE l.state = 'lent' AND (l.suspect OR j.suspect))
        AND (j.suspect OR NOT EXISTS (SELECT 1 FROM jobs AS s
            WHERE s.state = 'waiting' AND s.suspect AND NOT s.training))
        AND (:cover > COALESCE(
            (SELECT SUM(MAX(l.cost - l.painted, 0)) FROM jobs AS l WHERE l.state = 'lent' AND NOT l.training), 0)
            OR (j.cost <= :cover / 2 AND NOT j.training AND :cover > COALESCE(
                (SELECT SUM(MAX(l.cost - l.painted, 0)) FROM jobs AS l
                    WHERE l.state = 'lent' AND NOT l.training AND l.cost <= :cover / 2), 0)))
        AND NOT (j.training AND EXISTS (SELECT 1 FROM jobs AS l WHERE l.state = 'lent' AND l.training))
    ORDER BY j.training, j.suspect DESC, j.turn, MAX(p.charged, c.charged), p.served, j.number
    LIMIT 1
) RETURNING *
"""
CHARGE_CLOCK = """
UPDATE clock SET turn = turn + 1, charged = MAX(charged, (SELECT charged FROM people WHERE id = :person))
"""
CHARGE_PERSON = """
UPDATE people SET charged = (SELECT charged FROM clock) + :cost, served = (SELECT turn FROM clock) WHERE id = :person
"""
TURN = "UPDATE jobs SET turn = (SELECT turn FROM clock) WHERE number = :number RETURNING *"
DIED = """
UPDATE jobs SET state = 'waiting', suspect = 1,
    deaths = deaths + (:blame AND (SELECT COUNT(*) FROM jobs WHERE state = 'lent' AND engine = :engine) = 1)
WHERE state = 'lent' AND engine = :engine
"""
END_DEADLY = """
UPDATE jobs SET state = 'failed', reason = 'engine_away', ended_at = :now,
    detail = 'The engine stopped twice while '
        || IIF(training, 'this training', IIF(comparison, 'this comparison', 'this grid'))
        || ' was its only job, so it is not tried again.'
WHERE state = 'waiting' AND deaths >= :deaths RETURNING *
"""
