"""A Ray cluster on this machine's loopback for tests, whose nodes come and go, and painters for its easels."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.contract.approaches import Profile
from engine.painter import FakePainter, Painter, Pixels
from engine.settings import Settings

# Ray reads these when it is imported: loopback instead of the outward address, a token, nothing told to anybody, and no
# lower priority for easels, which would starve beside other tests.
LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "a-token-for-tests-and-for-nothing-else",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",
}
NODE = {"num_cpus": 2, "include_dashboard": False}
STORE_MB = 80


def patient(_settings: Settings, _profile: Profile, _threads: int) -> Painter:
    """An easel's painter: FakePainter, slow enough that something can happen to it in the middle of a wave."""
    return FakePainter(step_seconds=0.02)


class Hanging(FakePainter):
    """Makes no step any more after a few, the first of its kind in a cluster only: `once` is a file."""

    def __init__(self, once: Path) -> None:
        super().__init__(step_seconds=0.02)
        self._once, self._steps = once, 0

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        self._steps += 1
        if self._steps == 5 and not self._once.exists():
            self._once.touch()
            await asyncio.Event().wait()
        return await super().step(wave, preview=preview)


def hanging(settings: Settings, _profile: Profile, _threads: int) -> Painter:
    """The easels of a cluster have the parent of their folders in common, as all its nodes are on this machine."""
    return Hanging(settings.data_dir.parent / "hung")


class Nodes:
    """The nodes of a cluster; `head` stays, as Ray's own state is there."""

    def __init__(self, cluster: Any, node: dict[str, Any]) -> None:
        self._cluster, self._node = cluster, node
        self.second: Any = None

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def come(self, places: int) -> None:
        """A second node joins, with room for so many painters."""
        if self.second is None:
            self.second = self.add(places)

    def add(self, places: int) -> Any:
        """One more node, which stays."""
        return self._cluster.add_node(resources={"painter": places}, **self._node)

    def easels(self) -> dict[str, str]:
        """The processes of all easels, whoever made them: an actor that is set up again has another id."""
        from engine.cluster import connection

        connection.connect()
        import ray

        known = ray.util.list_named_actors(all_namespaces=True)
        return {each["name"]: str(ray.get_actor(each["name"], each["namespace"])._actor_id) for each in known}

    def free(self) -> None:
        """End all easels, so that others have their places."""
        from engine.cluster import connection

        connection.connect()
        import ray

        for known in ray.util.list_named_actors(all_namespaces=True):
            ray.kill(ray.get_actor(known["name"], known["namespace"]))

    def go(self) -> None:
        """The second node is gone without a word."""
        if self.second is not None:
            self._cluster.remove_node(self.second, allow_graceful=False)
            self.second = None


@contextlib.contextmanager
def cluster(places: int, store_mb: int = STORE_MB) -> Iterator[Nodes]:
    """A cluster of one node, with room for so many painters; every node's object store holds `store_mb`."""
    node = {**NODE, "object_store_memory": store_mb * 2**20}
    before = dict(os.environ)
    # Not pytest's folder: the paths of Ray's sockets must stay short.
    place = Path(tempfile.mkdtemp(prefix="ray-"))
    # Ray notes the cluster's address in a folder `ray` there, which only `ray start` makes.
    (place / "ray").mkdir()
    os.environ.update(LOOPBACK, XDG_CACHE_HOME=str(place / "cache"), RAY_TMPDIR=str(place))
    import ray
    from ray.cluster_utils import Cluster

    found = Cluster(
        initialize_head=True,
        head_node_args={**node, "resources": {"painter": places}, "temp_dir": str(place)},
    )
    os.environ["RAY_ADDRESS"] = found.address
    try:
        yield Nodes(found, node)
    finally:
        ray.shutdown()
        found.shutdown()
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(place, ignore_errors=True)
