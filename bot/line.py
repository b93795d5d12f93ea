"""The line as a person sees it: one's place, the expected time and why. The order is the lending rule, played ahead."""

import heapq
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bot.history import Database, Row

# Before anything was measured: a small model on a processor.
FIRST_GUESS_S = 0.5


@dataclass(frozen=True)
class InLine:
    """`place` counts from 1; `ahead` is the number of pictures painted before this job's own.

    `moving`: somebody paints it in turn, so that a time can be told; a training's is not known.
    """

    id: str
    person: int
    place: int
    ahead: int
    cost: int
    why: str
    moving: bool

    def eta(self, pace: float) -> float | None:
        """Seconds until this job is done at `pace` seconds a picture."""
        return (self.ahead + self.cost) * pace if self.moving else None


class Line:
    """`absent` says why nothing is painted at all, if so."""

    def __init__(self, database: Database, absent: Callable[[], str | None] = lambda: None) -> None:
        self._database, self._absent = database, absent

    async def places(self) -> dict[str, InLine]:
        """Everybody who waits, by job, in the order of lending."""
        rows = await self._database.read(WAITING)
        first = await self._database.one(UNDER_WAY)
        clock = await self._database.one("SELECT charged, turn FROM clock")
        ahead, trains = (int(first["ahead"]), bool(first["trains"])) if first else (0, False)
        charged, turn = (clock["charged"], clock["turn"]) if clock else (0.0, 0)
        order = ahead_order(rows, charged, turn)
        # Trainings come last whenever they came, so no grid goes before one for any other reason.
        by_arrival = sorted(rows, key=lambda row: row["training"])
        ranks = {row["id"]: rank for rank, row in enumerate(by_arrival, start=1)}
        lately = {row["person"] for row in rows if row["charged"] > charged}
        absent = self._absent()
        places: dict[str, InLine] = {}
        for place, row in enumerate(order, start=1):
            moving = not absent and not row["training"]
            why = absent or _why(place, ranks[row["id"]], row, order[: place - 1], turn, lately, trains=trains)
            places[row["id"]] = InLine(row["id"], row["person"], place, ahead, row["cost"], why, moving=moving)
            ahead += row["cost"]
        return places

    async def pace(self) -> float:
        """Seconds per picture: the median of the last grids, as machines sleep in one and clocks are put back."""
        paces = [float(row["pace"]) for row in await self._database.read(PACE)]
        return max(median(paces), 0.0) if paces else FIRST_GUESS_S


def ahead_order(rows: list[Row], clock: float, turn: int) -> list[Row]:
    """The rows of WAITING in the order in which LEND will take them, if nobody else comes."""
    order: list[Row] = []
    charged: dict[int, float] = {}
    served: dict[int, int] = {}
    for training in (False, True):
        same_kind = [row for row in rows if bool(row["training"]) is training]
        order += sorted((row for row in same_kind if row["suspect"]), key=lambda row: row["turn"])
        lines: defaultdict[int, deque[Row]] = defaultdict(deque)
        for row in same_kind:
            if not row["suspect"]:
                lines[row["person"]].append(row)
                charged.setdefault(row["person"], row["charged"])
                served.setdefault(row["person"], row["served"])
        heap = [(max(charged[p], clock), served[p], line[0]["number"], p) for p, line in lines.items()]
        heapq.heapify(heap)
        while heap:
            start, _, _, person = heapq.heappop(heap)
            row = lines[person].popleft()
            clock, turn = max(clock, start), turn + 1
            charged[person], served[person] = start + row["cost"], turn
            order.append(row)
            if lines[person]:
                heapq.heappush(heap, (charged[person], turn, lines[person][0]["number"], person))
    return order


def _why(  # noqa: PLR0911  # a table of reasons
    place: int, rank: int, row: Row, before: list[Row], turn: int, lately: set[int], *, trains: bool
) -> str:
    """`turn` is the last one, `lately` those for whom more was painted; `trains`: a training is under way."""
    if row["training"] and (before or trains):
        return "trainings start when no grid is waiting, one at a time"
    if row["suspect"]:
        return "it runs alone, because the engine stopped while working on it"
    if place > rank and row["served"] == turn and turn:
        return "somebody else goes first because you had the last turn"
    if place > rank and row["person"] in lately:
        return "others go first because more was painted for you lately"
    if place < rank and lately - {row["person"]}:
        return "you go before people for whom more was painted lately"
    if before and all(other["person"] == row["person"] for other in before):
        return "your own grids come first"
    return "everybody in turn" if before else ""


WAITING = """
SELECT j.id, j.number, j.person, j.cost, j.turn, j.suspect, j.training, p.charged, p.served
FROM jobs AS j JOIN people AS p ON p.id = j.person WHERE j.state = 'waiting' ORDER BY j.number
"""
UNDER_WAY = """
SELECT COALESCE(SUM(MAX(cost - painted, 0)) FILTER (WHERE NOT training), 0) AS ahead,
    COALESCE(MAX(training), 0) AS trains
FROM jobs WHERE state = 'lent'
"""
# Until it was painted: a platform that was away says nothing about the engine.
PACE = """
SELECT (COALESCE(made_at, ended_at) - lent_at) / MAX(painted, 1) AS pace FROM jobs INDEXED BY jobs_ended
WHERE ended_at IS NOT NULL AND state = 'delivered' AND lent_at IS NOT NULL AND NOT training
ORDER BY ended_at DESC LIMIT 20
"""
