"""What a Start button will start: orders whose cost was told, as rows. A proposal's id becomes the job's."""

import time
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from bot.history import Database
from engine.contract.ids import new_id
from engine.contract.order import Order

_Order = TypeVar("_Order", bound=Order)

DAY_S = 86_400.0
# A cost that was told longer ago says little about today.
PROPOSED_DAYS = 7


class Proposals:
    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    async def propose(self, person: int, order: Order, cost: int = 0) -> str:
        """Keep an order and how many pictures it paints; its id. Old ones are forgotten meanwhile."""
        now, work, proposal = self._clock(), order.model_dump_json(exclude_none=True), new_id()
        async with self._database.transaction() as rows:
            await rows.write("DELETE FROM proposals WHERE at < :old", old=now - PROPOSED_DAYS * DAY_S)
            sql = "INSERT INTO proposals (id, person, work, at, cost) VALUES (:id, :person, :work, :now, :cost)"
            await rows.write(sql, id=proposal, person=person, work=work, now=now, cost=cost)
        return proposal

    async def find(self, proposal: str, person: int, kind: type[_Order]) -> tuple[_Order, int] | None:
        """The order and its cost; None where this person was told nothing of this kind, or too long ago."""
        sql = "SELECT work, cost FROM proposals WHERE id = :id AND person = :person AND at >= :old"
        row = await self._database.one(sql, id=proposal, person=person, old=self._clock() - PROPOSED_DAYS * DAY_S)
        try:
            return (kind.model_validate_json(row["work"]), int(row["cost"])) if row else None
        except ValidationError:
            # A press names its proposal by the id alone, so it may be another kind's.
            return None

    async def withdraw(self, proposal: str, person: int) -> None:
        await self._database.write(
            "DELETE FROM proposals WHERE id = :id AND person = :person", id=proposal, person=person
        )
