"""Trainings as rows: what is known of each epoch, the curve and the end. It knows no chat."""

import base64
import binascii

from bot.history import Database
from bot.jobs import JobRow
from engine.contract.training import Epoch, EpochEnded, StyleTrained


class Trainings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, job: JobRow) -> bool:
        """The engine is given the job; whether it is for the first time."""
        return bool(await self._database.write(BEGIN, job=job.number))

    async def keep(self, job: JobRow, event: EpochEnded) -> None:
        """An epoch's losses and the newest curve."""
        losses = Epoch.model_validate(event.model_dump()).model_dump_json()
        async with self._database.transaction() as rows:
            await rows.write(EPOCH, job=job.number, epoch=event.epoch, told=losses)
            sql = "UPDATE trainings SET plot = COALESCE(:plot, plot) WHERE job = :job"
            await rows.write(sql, job=job.number, plot=event.plot)

    async def proved(self, job: JobRow) -> None:
        """The engine bears this training, so that grids need not stay away from it."""
        await self._database.write("UPDATE jobs SET suspect = 0 WHERE number = :job AND suspect", job=job.number)

    async def epochs(self, job: JobRow) -> list[Epoch]:
        """What was told of each epoch, in order."""
        rows = await self._database.read("SELECT told FROM epochs WHERE job = :job ORDER BY epoch", job=job.number)
        return [Epoch.model_validate_json(row["told"]) for row in rows]

    async def plot(self, job: JobRow) -> bytes | None:
        """The newest curve as PNG."""
        row = await self._database.one("SELECT plot FROM trainings WHERE job = :job", job=job.number)
        return decode_picture(row["plot"]) if row else None

    async def stop(self, job: JobRow) -> None:
        """Somebody wants the end; it is kept, so that no later engine goes on with it."""
        await self._database.write(STOP, job=job.number)

    async def stopping(self, job: JobRow) -> bool:
        row = await self._database.one("SELECT stopping FROM trainings WHERE job = :job", job=job.number)
        return bool(row and row["stopping"])

    async def trained(self, job: JobRow, event: StyleTrained) -> None:
        """The style is saved, so the job is made, unless it ended meanwhile."""
        async with self._database.transaction() as rows:
            sql = "UPDATE trainings SET trained = :trained WHERE job = :job"
            await rows.write(sql, job=job.number, trained=event.model_dump_json())
            sql = "UPDATE jobs SET state = 'made', suspect = 0 WHERE number = :job AND state = 'lent'"
            await rows.write(sql, job=job.number)

    async def result(self, job: JobRow) -> StyleTrained | None:
        row = await self._database.one("SELECT trained FROM trainings WHERE job = :job", job=job.number)
        return StyleTrained.model_validate_json(row["trained"]) if row and row["trained"] else None


def decode_picture(picture: str | None) -> bytes | None:
    """A picture's bytes from base64; None where there is none that can be read."""
    try:
        return base64.b64decode(picture, validate=True) if picture else None
    except binascii.Error:
        return None


BEGIN = """
INSERT INTO trainings (job, begun) VALUES (:job, 1)
ON CONFLICT (job) DO UPDATE SET begun = 1 WHERE NOT begun RETURNING job
"""
STOP = "INSERT INTO trainings (job, stopping) VALUES (:job, 1) ON CONFLICT (job) DO UPDATE SET stopping = 1"
EPOCH = """
INSERT INTO epochs VALUES (:job, :epoch, :told) ON CONFLICT (job, epoch) DO UPDATE SET told = excluded.told
"""
