"""The places for easels in a cluster: one for each GPU, or one a node where no node has any. It knows no Ray."""

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
    host: str = ""
    """What its machine is called, for people."""

    @property
    def name(self) -> str:
        return f"painter-{self.node[:12]}-{self.index}"


def places(nodes: Iterable[Mapping[str, Any]]) -> list[Place]:
    """All places of the nodes that are alive; `nodes` as `ray.nodes()` tells them."""
    alive = [node for node in nodes if node["Alive"]]
    if any(RESOURCE in node["Resources"] for node in alive):
        return [place for node in alive for place in _at(node, int(node["Resources"].get(RESOURCE, 0)), reserved=True)]
    if any(node["Resources"].get("GPU", 0) >= 1 for node in alive):
        return [place for node in alive for place in _at(node, int(node["Resources"].get("GPU", 0)), reserved=False)]
    return [place for node in alive for place in _at(node, 1, reserved=False)]


def has_gpu(nodes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any painter would have a GPU."""
    return any(place.gpus for place in places(nodes))


def _at(node: Mapping[str, Any], count: int, *, reserved: bool) -> list[Place]:
    resources = node["Resources"]
    gpus = int(resources.get("GPU", 0))
    threads = max(1, int(resources.get("CPU", 1)) // max(1, count))
    name, host = node["NodeID"], str(node.get("NodeManagerHostname", ""))
    return [Place(name, index, int(index < gpus), threads, reserved, host) for index in range(count)]
