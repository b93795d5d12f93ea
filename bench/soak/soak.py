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
from bench.soak.world import World, running_world

GROWTH = 0.02
START_S, REST_S = 120.0, 30.0
TOLD_EVERY_S = 10.0
# Connections that are kept for reuse are closed by then.
AT_REST_S = 8.0


@dataclass
class Findings:
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


async def soak(size: Size, folder: Path, tell: Callable[[str], None] = sys.stderr.write) -> Findings:
    """Run it in this empty folder, telling now and then how far it is."""
    async with running_world(size, folder) as world:
        probe, arrivals = Probe(world), Arrivals(world.discord, world.slack, world.asks)
        crowd = Crowd(world, arrivals)
        world.discord.refresh()
        world.bot.start()
        await _up(world)
        strikes = Strikes(world, crowd, plan(size))
        crowd.room = strikes.room
        watch_task = asyncio.create_task(crowd.watch())
        before = await _warm(crowd, probe)
        world.asks.start = time.monotonic()
        works = (probe.run(), strikes.run(), _tell(world, strikes, tell))
        tasks = [watch_task, *(asyncio.create_task(work) for work in works)]
        await crowd.run()
        await _over(world, tasks, strikes)
        after = await settled(probe.idle, before, REST_S)
        return await _judge(world, arrivals, strikes, probe, before, after)


async def _judge(
    world: World,
    arrivals: Arrivals,
    strikes: Strikes,
    probe: Probe,
    before: dict[str, Sample],
    after: dict[str, Sample],
) -> Findings:
    arrivals.look()
    strikes.see_recoveries()
    rows, asks = verdict.read_history(world.history), world.asks.all
    findings = Findings(world.size, round(world.asks.now(), 1), starts=world.bot.starts, struck=strikes.struck)
    findings.endings = dict(Counter(job["state"] for job in rows.jobs))
    findings.asked = dict(Counter(f"{ask.what} on {ask.platform}" for ask in asks if ask.acknowledged))
    findings.flat = {who: flatness(probe.of(who), world.size.jobs) for who in ("bot", "engine")}
    findings.memory = {who: probe.curve(who) for who in findings.flat}
    findings.rest = {who: (before[who], after[who]) for who in before if who in after}
    findings.wrong = [
        *verdict.faults_of_rows(rows, list(everything(world.discord, world.slack))),
        *verdict.faults_of_asks(asks, rows),
        *verdict.faults_of_leaks(before, after),
        *(f"the bot ended by itself with status {status}" for status in world.bot.unwanted),
        *(f"{each.kind} at {each.at:.0f} s: {each.hit}" for each in findings.struck if each.whole is None),
        *(
            f"the {who}'s memory grew by {flat.growth:.1%} over the second half"
            for who, flat in findings.flat.items()
            if flat.growth is not None and flat.growth > GROWTH
        ),
    ]
    return findings


async def _up(world: World) -> None:
    async with asyncio.timeout(START_S):
        await world.discord.gateway.ready.wait()
        await world.slack.connected.wait()
        while await world.bot.engine_pid() is None:
            await asyncio.sleep(0.1)


async def _warm(crowd: Crowd, probe: Probe) -> dict[str, Sample]:
    """A grid for each platform, so that everything is loaded; then the samples of both processes at rest."""
    await asyncio.gather(crowd.visit(0, blocks=2, approach=3), crowd.visit(1, blocks=2, approach=1))
    await asyncio.sleep(AT_REST_S)
    return await probe.idle()


async def _over(world: World, tasks: list[asyncio.Task[None]], strikes: Strikes) -> None:
    """Wait until nothing is under way any more, or patience ends; then stop what ran beside the crowd."""
    deadline = time.monotonic() + world.size.patience
    while (verdict.unfinished(world.history) or _striking(strikes)) and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    for error in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(error, Exception):
            raise error


def _striking(strikes: Strikes) -> bool:
    return bool(strikes.struck) and strikes.struck[-1].whole is None and not strikes.struck[-1].hit


async def _tell(world: World, strikes: Strikes, tell: Callable[[str], None]) -> None:
    """A line now and then: how far, how fast, how long it may still take."""
    while True:
        await asyncio.sleep(TOLD_EVERY_S)
        done, jobs = world.asks.ended, world.size.jobs
        pace = done / max(world.asks.now(), 1)
        time_left = f"about {(jobs - done) / pace:.0f} s left" if pace else "no job has ended yet"
        count = len(strikes.planned)
        tell(f"{done} of {jobs} jobs, {len(strikes.struck)} of {count} faults, {pace:.1f} jobs a second, {time_left}\n")
