"""Where in a cluster an easel stands: one place a GPU, or one a node where no node has any. Knows no Ray."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RESOURCE = "painter"
"""Nodes started with `--resources '{"painter": 2}'` have that many places, and no others have any."""


@dataclass(frozen=True)
class Place:
    """`threads` is what a painter without a GPU may use of its node's cores."""

    node: str
    index: int
    gpus: int
    threads: int
    reserved: bool
    """Whether it takes one of the node's `painter` resource."""

    @property
    def name(self) -> str:
        return f"painter-{self.node[:12]}-{self.index}"


def places(nodes: Iterable[Mapping[str, Any]]) -> list[Place]:
    """All places of the nodes that are alive; `nodes` as `ray.nodes()` tells them."""
    alive = [node for node in nodes if node["Alive"]]
    offered = {node["NodeID"]: node["Resources"] for node in alive}
    if any(RESOURCE in has for has in offered.values()):
        counts = {node: int(has.get(RESOURCE, 0)) for node, has in offered.items()}
        return [place for node, has in offered.items() for place in _at(node, has, counts[node], reserved=True)]
    if any(has.get("GPU", 0) >= 1 for has in offered.values()):
        return [
            place for node, has in offered.items() for place in _at(node, has, int(has.get("GPU", 0)), reserved=False)
        ]
    return [place for node, has in offered.items() for place in _at(node, has, 1, reserved=False)]


def has_gpu(nodes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any painter would have a GPU."""
    return any(place.gpus for place in places(nodes))


def _at(node: str, has: Mapping[str, float], count: int, *, reserved: bool) -> list[Place]:
    gpus = int(has.get("GPU", 0))
    threads = max(1, int(has.get("CPU", 1)) // max(1, count))
    return [Place(node, index, int(index < gpus), threads, reserved) for index in range(count)]
