"""The people: each orders grids one after the other, waits for the sheet, and does what people do in between."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Protocol

from bench.soak.arrivals import Arrivals
from bench.soak.asks import Ask
from bench.soak.discord_person import DiscordPerson
from bench.soak.slack_person import SlackOne
from bench.soak.world import World

LOOK_S = 0.2
AGAIN_S, TRIES = 1.0, 100
# What somebody does once a sheet is there, and how often in a hundred.
DEEDS = {"nothing": 45, "again": 15, "recipe": 10, "queue": 10, "history": 10, "export": 3}
# Orders that are taken back at once.
CANCELLED = 0.06
# Their orders have numbers of their own.
VISITS = 1_000_000


class Person(Protocol):
    platform: str
    name: str

    async def grid(self, prompt: str, rng: random.Random, **options: int | str) -> bool: ...
    async def ask(self, name: str, **options: str) -> bool: ...
    async def press(self, mark: str, label: str, times: int = 1) -> bool: ...
    def answered(self) -> bool: ...
    def apologies(self) -> int: ...


class Crowd:
    def __init__(self, world: World, arrivals: Arrivals) -> None:
        self._world, self._arrivals = world, arrivals
        self._order_count = 0
        self.room: Callable[[], int] = lambda: world.size.jobs
        self.people: list[Person] = [
            (DiscordPerson if number % 2 else SlackOne)(
                world.discord if number % 2 else world.slack, arrivals, f"P{number}"  # type: ignore[arg-type]
            )
            for number in range(world.size.people)
        ]  # fmt: skip

    async def run(self) -> None:
        """Until everything is ordered, or the time is over, and everybody has got theirs or given up."""
        await asyncio.gather(*(self._day(number, person) for number, person in enumerate(self.people)))

    async def watch(self) -> None:
        """See what arrives, until cancelled."""
        while True:
            self._arrivals.look()
            await asyncio.sleep(LOOK_S)

    async def visit(self, number: int, **options: int | str) -> bool:
        """One more grid for somebody who comes by, besides all others; whether the sheet came."""
        rng = random.Random(number)  # noqa: S311  # lots, no secrets
        ask = await self._order(self.people[number % 2], VISITS + number, rng, **options)
        return ask is not None and bool(self._arrivals.sheets[ask.mark])

    async def take(self) -> int | None:
        """The number of the next order, once there is room for it; None where there is none any more."""
        while self._order_count < self._world.size.jobs and not self._late():
            if self._order_count < self.room():
                self._order_count += 1
                return self._order_count
            await asyncio.sleep(LOOK_S)
        return None

    def _late(self) -> bool:
        minutes = self._world.size.minutes
        return minutes is not None and self._world.asks.now() > 60 * minutes

    async def _day(self, number: int, person: Person) -> None:
        rng = random.Random(f"{self._world.size.seed}:{number}")  # noqa: S311  # lots, no secrets
        await asyncio.sleep(rng.random() * 2)
        while (order := await self.take()) is not None:
            blocks = rng.choices((1, 2, 3, 4), (5, 3, 1, 1))[0]
            ask = await self._order(person, order, rng, blocks=blocks, approach=rng.choice((1, 2, 3)))
            self._world.asks.ended += 1
            if ask:
                await self._deed(person, ask.mark, rng)

    async def _order(self, person: Person, number: int, rng: random.Random, **options: int | str) -> Ask | None:
        """Order one grid, again and again until it is heard, and wait until it ends; None where it never is."""
        for attempt in range(TRIES):
            ask = self._add_ask(person, "grid", f"n{number}x{attempt}")
            if await self._once(person, ask, rng, cancels=number < VISITS and rng.random() < CANCELLED, **options):
                return ask
            await asyncio.sleep(AGAIN_S)
        return None

    async def _once(self, person: Person, ask: Ask, rng: random.Random, *, cancels: bool, **options: int | str) -> bool:
        """Whether it was heard and not apologised for; then it has ended, or patience has."""
        sorry = person.apologies()
        ask.acknowledged = await person.grid(f"a cat wearing neon-glasses {ask.mark}", rng, **options)
        if not ask.acknowledged:
            return False
        if cancels:
            await self._privately(person, "cancel", lambda: person.ask("cancel"))
        await self._wait(ask, lambda: self._endings(ask.mark) > 0 or person.apologies() > sorry)
        ask.acknowledged = self._endings(ask.mark) > 0 or person.apologies() == sorry
        return ask.acknowledged

    def _endings(self, mark: str) -> int:
        """How many jobs with this mark have a sheet or say why they have none."""
        return len(self._arrivals.sheets[mark]) + self._arrivals.failed(mark)

    async def _wait(self, ask: Ask, came: Callable[[], bool]) -> None:
        """Wait until it came, or patience ends."""
        deadline = time.monotonic() + self._world.size.patience
        while not came():
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(LOOK_S)
        ask.answered = self._world.asks.now()

    async def _deed(self, person: Person, mark: str, rng: random.Random) -> None:
        deed = rng.choices(list(DEEDS), list(DEEDS.values()))[0]
        if deed == "queue":
            await self._privately(person, deed, lambda: person.ask("queue"))
        elif deed == "history":
            await self._privately(person, deed, lambda: person.ask("history", search=mark))
        elif deed == "export":
            await self._privately(person, deed, lambda: person.ask("mydata", action="export"))
        elif deed == "recipe" and self._arrivals.sheets[mark]:
            await self._privately(person, deed, lambda: person.press(mark, "Recipe"))
        elif deed == "again" and self._arrivals.sheets[mark] and await self.take() is not None:
            await self._again(person, mark, twice=rng.random() < 0.4)

    async def _again(self, person: Person, mark: str, *, twice: bool) -> None:
        ask, sorry, before = self._add_ask(person, "again", mark), person.apologies(), self._endings(mark)
        ask.acknowledged = await person.press(mark, "Again, new seed", 2 if twice else 1)
        if ask.acknowledged:
            await self._wait(ask, lambda: self._endings(mark) > before or person.apologies() > sorry)
            ask.acknowledged = person.apologies() == sorry
        self._world.asks.ended += 1

    async def _privately(self, person: Person, what: str, act: Callable[[], "asyncio._CoroutineLike[bool]"]) -> None:
        """Something whose answer is for the person alone; not heard, it is given up, as after a lost connection."""
        ask, sorry = self._add_ask(person, what, ""), person.apologies()
        ask.acknowledged = await act()
        if ask.acknowledged:
            await self._wait(ask, lambda: person.answered() or person.apologies() > sorry)
            ask.acknowledged = person.apologies() == sorry

    def _add_ask(self, person: Person, what: str, mark: str) -> Ask:
        return self._world.asks.add(person.platform, person.name, what, mark)
