"""RayPainters, the pool of a cluster: it finds easels, sets up new ones where a node has room, notices lost ones."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from engine.cluster import connection
from engine.cluster.easel import Easel, Make, diffusion_painter
from engine.cluster.far import FarPainter
from engine.cluster.messages import Claim, program_hash
from engine.cluster.outbox import Outbox
from engine.cluster.places import RESOURCE, Place, places
from engine.contract.approaches import Profile
from engine.contract.ids import new_id
from engine.painter import Painter, PainterLost
from engine.pool import Pool
from engine.settings import Settings
from engine.watchdog import Watchdog
from engine.watched import Watched

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the cluster is looked at: whether nodes came or went, whether easels live."""
SILENT_SECONDS = 60.0
"""An easel answers even while its painter paints; one that does not for so long is ended."""
SULK_SECONDS = 30.0
"""A place where no easel could be set up is not tried again so soon."""


@dataclass(eq=False)
class _Member:
    """A painter of the pool, with what watches over it."""

    far: FarPainter
    painter: Watched
    watchdog: Watchdog
    most: int | None


class RayPainters(Pool):
    """`make` makes the painter of a new easel, where that stands. Painters join when they are ready, seconds later."""

    def __init__(self, settings: Settings, profile: Profile, make: Make = diffusion_painter) -> None:
        super().__init__()
        connection.connect()
        self._settings, self._profile, self._make = settings, profile, make
        self._engine_id, self._program_hash = new_id(), program_hash()
        self._namespace = connection.namespace(settings)
        self._outbox = Outbox(settings)
        self._members: dict[str, _Member] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._not_before: dict[str, float] = {}

    def describe(self) -> str:
        """The cluster in words."""
        cluster_places = places(connection.nodes())
        gpus = sum(place.gpus for place in cluster_places)
        return f"Ray cluster with room for {len(cluster_places)} painters, {gpus} with a GPU"

    def most(self, painter: Painter) -> int | None:
        return next((member.most for member in self._members.values() if member.painter is painter), None)

    @property
    def far(self) -> list[FarPainter]:
        """The painters without their watchdogs."""
        return [member.far for member in self._members.values()]

    async def watch(self, came: Callable[[Painter], object], went: Callable[[], None]) -> None:
        self._went = went
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self._look(came, group)
                except (RayError, ConnectionError):
                    log.exception("the cluster does not answer")
                await asyncio.sleep(LOOK_SECONDS)

    def lose(self, painter: Painter) -> None:
        for name, member in list(self._members.items()):
            if member.painter is painter:
                del self._members[name]
        super().lose(painter)

    async def close(self) -> None:
        """Let go of the easels; they stay for the next engine."""
        for painter in self.painters:
            await painter.close()

    async def _look(self, came: Callable[[Painter], object], group: asyncio.TaskGroup) -> None:
        """Compare the painters with what the cluster is now; `came` is called, now or later, with every new one."""
        by_name = {place.name: place for place in places(await asyncio.to_thread(ray.nodes))}
        for name in self._members.keys() - by_name.keys():
            self._miss(self._members[name], "its node is gone")
        for name in by_name.keys() - self._members.keys() - self._opening.keys():
            if self._not_before.get(name, 0.0) <= time.monotonic():
                self._opening[name] = group.create_task(self._open(by_name[name], came, group))

    async def _open(self, place: Place, came: Callable[[Painter], object], group: asyncio.TaskGroup) -> None:
        """Find or set up the easel of a place, and claim it."""
        found = False
        try:
            easel, found = await asyncio.to_thread(self._easel, place)
            claim: Claim | None = await easel.claim.remote(self._engine_id)
            if claim is not None and self._fits(claim, place, easel, found=found):
                log.info("painter %s", "found" if found else "ready", extra=_log_fields(place, pid=claim.pid))
                member = self._member(
                    FarPainter(place, easel, self._engine_id, claim, self._outbox, self._settings), claim
                )
                came(member.painter)
                group.create_task(self._keep(member))
        except (RayError, ValueError) as error:
            # One that was found and is dying makes room for a new one at the next look.
            self._not_before[place.name] = 0.0 if found else time.monotonic() + SULK_SECONDS
            log.warning("no painter: %s", error, extra=_log_fields(place))
        finally:
            self._opening.pop(place.name, None)

    def _member(self, far: FarPainter, claim: Claim) -> _Member:
        def bite(what: str) -> None:
            log.error("painter hangs: %s", what, extra=_log_fields(far.place))
            far.end()

        watchdog = Watchdog(bite)
        member = self._members[far.place.name] = _Member(far, Watched(far, watchdog), watchdog, claim.most)
        self.join(member.painter)
        return member

    async def _keep(self, member: _Member) -> None:
        """Tell the easel again and again that its engine lives, and see whether it does; end one that hangs."""
        while self._members.get(member.far.place.name) is member:
            try:
                async with asyncio.timeout(SILENT_SECONDS):
                    await member.far.ping()
            except PainterLost as error:
                self._miss(member, str(error))
            except TimeoutError:
                member.far.end()
                self._miss(member, f"it has not answered for {SILENT_SECONDS:.0f} s")
            except Exception as error:
                # Such as a device that cannot even say how much memory it has.
                log.exception("painter in trouble", extra=_log_fields(member.far.place))
                member.far.end()
                self._miss(member, type(error).__name__)
            member.watchdog.look()
            await asyncio.sleep(LOOK_SECONDS)

    def _miss(self, member: _Member, why: str) -> None:
        log.warning("painter lost: %s", why, extra=_log_fields(member.far.place))
        self.lose(member.painter)

    def _fits(self, claim: Claim, place: Place, easel: Any, *, found: bool) -> bool:
        """An easel of an older program is put away, so that a new one takes its place."""
        if (claim.program_hash, claim.profile) == (self._program_hash, self._profile):
            return True
        ray.kill(easel)
        if not found:
            self._not_before[place.name] = time.monotonic() + SULK_SECONDS
            log.error("another version of tessera is installed on %s", place.host, extra=_log_fields(place))
        return False

    def _easel(self, place: Place) -> tuple[Any, bool]:
        """The easel of a place, and whether it was there. Raises ValueError where two set it up at once."""
        try:
            return ray.get_actor(place.name, self._namespace), True
        except ValueError:
            pass
        return (
            ray.remote(Easel)
            .options(
                name=place.name,
                namespace=self._namespace,
                lifetime="detached",
                num_cpus=0,
                num_gpus=place.gpus,
                resources={RESOURCE: 1} if place.reserved else None,
                scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False),
                max_restarts=0,
                max_concurrency=64,
            )
            .remote(self._make, self._profile, f"{self._namespace}/{place.name}", place.threads),
            False,
        )


def _log_fields(place: Place, **fields: Any) -> dict[str, Any]:
    """What the log says of a painter."""
    return {"painter": place.name, "host": place.host, **fields}
