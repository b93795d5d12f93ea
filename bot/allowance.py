"""How much of the hour's allowance somebody has used, also after their data was deleted. All of it is SQL.

What is kept of a deleted person for an hour is how many pictures were ordered when, under a salted hash.
"""

from bot.history import Database, Transaction

HOUR_S = 3600.0


def _in_hour(at: str) -> str:
    """Whether the moment `at` counts. One further ahead is of a clock that was put back, and would count for ever."""
    return f"({at} > :now - {HOUR_S} AND {at} < :now + {HOUR_S})"


_MARK = "sha256((SELECT salt FROM salt) || p.platform || ':' || p.key)"
# Pictures that :person ordered in the last hour, as the column `cost`.
HOUR = f"""
SELECT COALESCE((SELECT SUM(cost) FROM jobs WHERE person = :person AND {_in_hour("queued_at")}), 0)
    + COALESCE((SELECT SUM(s.cost) FROM people AS p JOIN spent AS s ON s.mark = {_MARK}
        WHERE p.id = :person AND {_in_hour("s.at")}), 0) AS cost
"""  # noqa: S608  # constants
_KEEP = f"""
INSERT INTO spent SELECT {_MARK}, j.cost, j.queued_at FROM jobs AS j JOIN people AS p ON p.id = j.person
WHERE j.person = :person AND {_in_hour("j.queued_at")} AND j.cost > 0
"""  # noqa: S608  # constants


async def ordered_this_hour(database: Database, person: int, now: float) -> int:
    row = await database.one(HOUR, person=person, now=now)
    return int(row["cost"]) if row else 0


async def keep_spent(rows: Transaction, person: int, now: float) -> None:
    """Remember what this person has used, before the rows that say so are deleted."""
    await rows.write(_KEEP, person=person, now=now)


async def forget_spent(database: Database, now: float) -> None:
    """After an hour nothing is left of it."""
    await database.write(f"DELETE FROM spent WHERE NOT {_in_hour('at')}", now=now)  # noqa: S608  # constants
