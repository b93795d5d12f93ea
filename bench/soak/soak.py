"""One soak from the first process to the verdict."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.soak import verdict
from bench.soak.arrivals import Arrivals
from bench.soak.crowd import Crowd
from bench.soak.flat import Flat, flatness
from bench.soak.plan import plan
from bench.soak.probe import Probe, Sample, settled
from bench.soak.shown import everything
from bench.soak.size import Size
from bench.soak.strikes import Strikes, Struck
from bench.soak.world import World, world

GROWTH = 0.02
START_S, REST_S = 120.0, 30.0
TOLD_EVERY_S = 10.0
# Connections that are kept for reuse are closed by then.
AT_REST_S = 8.0


@dataclass
class Found:
    """What a soak found; `wrong` is empty where all is well."""

    size: Size
    seconds: float = 0.0
    endings: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    struck: list[Struck] = field(default_factory=list)
    flat: dict[str, Flat] = field(default_factory=dict)
    memory: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    rest: dict[str, tuple[Sample, Sample]] = field(default_factory=dict)
    starts: int = 0
    wrong: list[str] = field(default_factory=list)


async def soak(size: Size, folder: Path, tell: Callable[[str], None] = sys.stderr.write) -> Found:
    """Run it in this empty folder, telling now and then how far it is."""
    async with world(size, folder) as here:
        probe, arrivals = Probe(here), Arrivals(here.discord, here.slack, here.asks)
        crowd = Crowd(here, arrivals)
        here.discord.refresh()
        here.bot.start()
        await _up(here)
        strikes = Strikes(here, crowd, plan(size))
        crowd.room = strikes.room
        watching = asyncio.create_task(crowd.watch())
        before = await _warm(crowd, probe)
        here.asks.began = time.monotonic()
        works = (probe.run(), strikes.run(), _tell(here, strikes, tell))
        beside = [watching, *(asyncio.create_task(work) for work in works)]
        await crowd.run()
        await _over(here, beside, strikes)
        after = await settled(probe.idle, before, REST_S)
        return await _judged(here, arrivals, strikes, probe, before, after)


async def _judged(
    here: World, arrivals: Arrivals, strikes: Strikes, probe: Probe, before: dict[str, Sample], after: dict[str, Sample]
) -> Found:
    arrivals.look()
    strikes.see_recoveries()
    rows, asks = verdict.kept(here.history), here.asks.all
    found = Found(here.size, round(here.asks.now(), 1), starts=here.bot.starts, struck=strikes.struck)
    found.endings = dict(Counter(job["state"] for job in rows.jobs))
    found.asked = dict(Counter(f"{ask.what} on {ask.platform}" for ask in asks if ask.acknowledged))
    found.flat = {who: flatness(probe.of(who), here.size.jobs) for who in ("bot", "engine")}
    found.memory = {who: probe.curve(who) for who in found.flat}
    found.rest = {who: (before[who], after[who]) for who in before if who in after}
    found.wrong = [
        *verdict.faults_of_rows(rows, list(everything(here.discord, here.slack))),
        *verdict.faults_of_asks(asks, rows),
        *verdict.faults_of_leaks(before, after),
        *(f"the bot ended by itself with status {status}" for status in here.bot.unwanted),
        *(f"{each.kind} at {each.at:.0f} s: {each.hit}" for each in found.struck if each.whole is None),
        *(
            f"the {who}'s memory grew by {flat.growth:.1%} over the second half"
            for who, flat in found.flat.items()
            if flat.growth is not None and flat.growth > GROWTH
        ),
    ]
    return found


async def _up(here: World) -> None:
    async with asyncio.timeout(START_S):
        await here.discord.gateway.ready.wait()
        await here.slack.connected.wait()
        while await here.bot.engine_pid() is None:
            await asyncio.sleep(0.1)


async def _warm(crowd: Crowd, probe: Probe) -> dict[str, Sample]:
    """A grid for each platform, so that everything is loaded; then the samples of both processes at rest."""
    await asyncio.gather(crowd.visit(0, blocks=2, approach=3), crowd.visit(1, blocks=2, approach=1))
    await asyncio.sleep(AT_REST_S)
    return await probe.idle()


async def _over(here: World, beside: list[asyncio.Task[None]], strikes: Strikes) -> None:
    """Wait until nothing is under way any more, or patience ends; then stop what ran beside the crowd."""
    deadline = time.monotonic() + here.size.patience
    while (verdict.unfinished(here.history) or _striking(strikes)) and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    for task in beside:
        task.cancel()
    for ended in await asyncio.gather(*beside, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


def _striking(strikes: Strikes) -> bool:
    return bool(strikes.struck) and strikes.struck[-1].whole is None and not strikes.struck[-1].hit


async def _tell(here: World, strikes: Strikes, tell: Callable[[str], None]) -> None:
    """A line now and then: how far, how fast, how long it may still take."""
    while True:
        await asyncio.sleep(TOLD_EVERY_S)
        done, jobs = here.asks.ended, here.size.jobs
        pace = done / max(here.asks.now(), 1)
        left = f"about {(jobs - done) / pace:.0f} s left" if pace else "no job has ended yet"
        planned = len(strikes.planned)
        tell(f"{done} of {jobs} jobs, {len(strikes.struck)} of {planned} faults, {pace:.1f} jobs a second, {left}\n")
