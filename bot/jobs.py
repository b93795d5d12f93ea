"""Jobs as rows: what is known of one grid, and how it moves from state to state. It knows no chat and no engine.

waiting → lent → made → delivered | failed | cancelled; `deleted` keeps the row's counts and nothing of its content.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bot.history import Database, Row
from engine.contract.comparison import Compare, Compared, ComparisonPlan
from engine.contract.grid import GridScore, Judged, Plan, as_json
from engine.contract.orders import MakeGrid
from engine.contract.training import TrainStyle

ENDED = ("delivered", "failed", "cancelled", "deleted")
CORRECT = """
UPDATE people SET charged = charged + :cost - (SELECT cost FROM jobs WHERE number = :job) WHERE id = :id
"""
WORN = "UPDATE jobs SET work = json_set(work, '$.style', :style) WHERE number = :job AND work IS NOT NULL"
ALIVE = "state IN ('waiting', 'lent', 'made')"
REFUND = """
UPDATE people SET charged = charged - (SELECT MAX(cost - painted, 0) FROM jobs WHERE id = :id AND turn IS NOT NULL)
WHERE id = (SELECT person FROM jobs WHERE id = :id AND turn IS NOT NULL)
"""


@dataclass(frozen=True)
class JobRow:
    """One row of `jobs`. Times are Unix seconds; `server` is platform:id, None in a direct message."""

    number: int
    id: str
    person: int
    platform: str
    server: str | None
    channel: str
    private: bool
    unsafe_ok: bool
    talk: str
    training: bool
    comparison: bool
    work: str | None
    prompt: str | None
    parent: str | None
    cost: int
    painted: int
    state: str
    turn: int | None
    engine: str | None
    suspect: bool
    deaths: int
    score: str | None
    reason: str | None
    detail: str | None
    told: bool
    pruned: bool
    bytes: int
    queued_at: float
    lent_at: float | None
    ended_at: float | None

    @property
    def order(self) -> MakeGrid:
        """The order of a grid."""
        return MakeGrid.model_validate_json(self.work or "{}")

    @property
    def training_order(self) -> TrainStyle:
        """The order of a row with `training` set; its `prompt` is the style's name."""
        return TrainStyle.model_validate_json(self.work or "{}")

    @property
    def comparison_order(self) -> Compare:
        """The order of a row with `comparison` set."""
        return Compare.model_validate_json(self.work or "{}")

    @property
    def compared(self) -> Compared | None:
        """What came of a comparison; it stands where a grid has its score."""
        return Compared.model_validate_json(self.score) if self.score and self.comparison else None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def grid_score(self) -> GridScore | None:
        return GridScore.model_validate_json(self.score) if self.score and not self.comparison else None


def job_row(row: Row) -> JobRow:
    values = {field.name: row[field.name] for field in fields(JobRow)}
    for name in ("private", "unsafe_ok", "training", "comparison", "suspect", "told", "pruned"):
        values[name] = bool(values[name])
    return JobRow(**values)


class Jobs:
    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    async def find(self, job: str) -> JobRow | None:
        row = await self._database.one("SELECT * FROM jobs WHERE id = :id", id=job)
        return job_row(row) if row else None

    async def in_state(self, state: str) -> list[JobRow]:
        rows = await self._database.read("SELECT * FROM jobs WHERE state = :state ORDER BY number", state=state)
        return [job_row(row) for row in rows]

    async def untold(self, for_s: float = 0.0) -> list[JobRow]:
        """Jobs that ended, at least so many seconds ago, without their own message showing it."""
        now = self._clock()
        # One that ends in the future ended long ago, before the clock was put back.
        sql = "SELECT * FROM jobs WHERE told = 0 AND (ended_at <= :before OR ended_at > :now) ORDER BY number"
        return [job_row(row) for row in await self._database.read(sql, before=now - for_s, now=now)]

    async def told(self, job: str) -> None:
        await self._database.write("UPDATE jobs SET told = 1 WHERE id = :id", id=job)

    async def plan(self, job: JobRow) -> Plan | None:
        row = await self._database.one("SELECT plan FROM plans WHERE job = :job", job=job.number)
        return Plan.model_validate_json(row["plan"]) if row else None

    async def comparison_plan(self, job: JobRow) -> ComparisonPlan | None:
        row = await self._database.one("SELECT plan FROM plans WHERE job = :job", job=job.number)
        return ComparisonPlan.model_validate_json(row["plan"]) if row else None

    async def planned(self, job: JobRow, plan: Plan | ComparisonPlan) -> None:
        """Keep the plan; from now on the cost is what is really painted, and the person is charged for that.

        Nothing where the job is gone.
        """
        cost = plan.pictures if isinstance(plan, ComparisonPlan) else _cost(plan)
        async with self._database.transaction() as rows:
            sql = """
                INSERT INTO plans (job, plan) SELECT :job, :plan WHERE EXISTS (SELECT 1 FROM jobs WHERE number = :job)
                ON CONFLICT (job) DO NOTHING RETURNING job
            """
            if await rows.write(sql, job=job.number, plan=plan.model_dump_json()):
                await rows.write(CORRECT, cost=cost, job=job.number, id=job.person)
                await rows.write("UPDATE jobs SET cost = :cost WHERE number = :job", cost=cost, job=job.number)
                style = plan.recipe.style if isinstance(plan, Plan) else None
                if style:
                    # Also one that nobody named: what is made of this order later wears it, too.
                    await rows.write(WORN, style=style, job=job.number)

    async def made(self, job: str, score: GridScore | Compared) -> None:
        """Everything is painted and kept, so the job is made, unless it was cancelled meanwhile."""
        sql = (
            "UPDATE jobs SET state = 'made', suspect = 0, score = :score, made_at = :now"
            " WHERE id = :id AND state = 'lent'"
        )
        await self._database.write(sql, id=job, score=score.model_dump_json(), now=self._clock())

    async def failed(self, job: str, reason: str, detail: str) -> bool:
        """End it with a sentence; False where it had ended already."""
        return await self._end(job, "failed", reason, detail) is not None

    async def cancelled(self, job: str) -> str | None:
        """End it at somebody's wish; the state it was in, None where it had ended already."""
        return await self._end(job, "cancelled", "cancelled", None)

    async def _end(self, job: str, state: str, reason: str, detail: str | None) -> str | None:
        async with self._database.transaction() as rows:
            states = await rows.write(f"SELECT state FROM jobs WHERE id = :id AND {ALIVE}", id=job)  # noqa: S608  # a constant
            if not states:
                return None
            # What was not painted is not paid for.
            await rows.write(REFUND, id=job)
            sql = "UPDATE jobs SET state = :state, reason = :reason, detail = :detail, ended_at = :now WHERE id = :id"
            await rows.write(sql, id=job, state=state, reason=reason, detail=detail, now=self._clock())
            return str(states[0]["state"])

    async def emptied(self, job: str) -> None:
        """Delete everything that the person made of it; what is left is a number in the counts."""
        async with self._database.transaction() as rows:
            await rows.write("DELETE FROM plans WHERE job = (SELECT number FROM jobs WHERE id = :id)", id=job)
            await rows.write("DELETE FROM pictures WHERE job = (SELECT number FROM jobs WHERE id = :id)", id=job)
            await rows.write(EMPTIED, id=job, now=self._clock())


# A sheet may be there of whose posting nothing is known yet: it is still to be taken back.
EMPTIED = """
UPDATE jobs SET state = 'deleted', work = NULL, prompt = NULL, score = NULL, detail = NULL, bytes = 0,
    ended_at = COALESCE(ended_at, :now), told = NOT EXISTS (
        SELECT 1 FROM deliveries WHERE job = jobs.number AND kind = 'post' AND message IS NULL
    ) WHERE id = :id
"""


def grid_json(job: JobRow, plan: Plan, judged: Mapping[str, Judged]) -> dict[str, Any]:
    """A grid as the engine's command line prints it too."""
    order = job.order
    return as_json(job.id, order.prompt, order.approach, order.blocks, plan, dict(judged), job.grid_score)


def _cost(plan: Plan) -> int:
    """How many pictures of a plan are painted for it: no photos, nothing that was painted ahead."""
    return sum(cell.photo is None and cell.stocked is None for cell in plan.cells)
