"""The plan carried out: each fault in its turn, when it struck, how long until the next sheet reached somebody."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bench.soak.crowd import Crowd
from bench.soak.faults import FAULTS
from bench.soak.plan import Planned
from bench.soak.world import World

LOOK_S = 0.2


@dataclass
class Struck:
    """Times in seconds since the start. `whole`: what was broken is whole again; `sheet`: the next one after that."""

    kind: str
    jobs: int
    at: float
    hit: str = ""
    whole: float | None = None
    sheet: float | None = None

    @property
    def recovery(self) -> float | None:
        return None if self.sheet is None else self.sheet - self.at


class Strikes:
    def __init__(self, world: World, crowd: Crowd, planned: Sequence[Planned]) -> None:
        self._world, self._crowd, self.planned = world, crowd, planned
        self.struck: list[Struck] = []

    async def run(self) -> None:
        """All of the plan, one after the other, until cancelled."""
        asks = self._world.asks
        for each in self.planned:
            while asks.ended < each.after:
                await asyncio.sleep(LOOK_S)
            struck = Struck(each.kind, asks.ended, asks.now())
            self.struck.append(struck)
            try:
                struck.hit = await FAULTS[each.kind].strike(self._world, self._crowd)
            except TimeoutError:
                struck.hit = "it was never whole again"
                continue
            struck.whole = asks.now()

    def room(self) -> int:
        """How many orders may be taken by now: while faults are still to come, so few that some are left to follow."""
        begun = sum(struck.whole is not None or bool(struck.hit) for struck in self.struck)
        if begun >= len(self.planned):
            return self._world.size.jobs
        return self.planned[begun].after + 2 * self._world.size.people

    def see_recoveries(self) -> None:
        """When the first sheet came after each fault, to a platform whose people could notice it."""
        for struck in self.struck:
            if struck.whole is not None:
                struck.sheet = self._world.asks.next_sheet(FAULTS[struck.kind].platforms, struck.whole)
