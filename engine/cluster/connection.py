"""Joins a running Ray cluster, never starts one, and refuses one that others can reach without Ray's token."""

import ipaddress
import os
import socket
from collections.abc import Mapping
from typing import Any

from engine.contract.errors import BadRequest, EngineAway
from engine.contract.ids import new_id
from engine.settings import Settings

KNOCK_SECONDS = 5.0
START = (
    "Start one here with `ray start --head`, and `ray start --address=HOST:6379` on every other node; "
    "RAY_ADDRESS names one at another address."
)
NONE = f"ENGINE_PAINTERS=ray needs a Ray cluster, and none is running on this machine. {START}"
AWAY = f"ENGINE_PAINTERS=ray needs a Ray cluster, and nothing answers at {{address}} (RAY_ADDRESS). {START}"
SHUT = (
    "The Ray cluster at {address} does not let this engine in. The engine must run on one of the cluster's nodes, with "
    "the same versions of Ray and Python and the same token (~/.ray/auth_token or RAY_AUTH_TOKEN)."
)
CLIENT = "RAY_ADDRESS={address} is an address for Ray's client; name the cluster's own, such as 10.0.0.5:6379."
OPEN = (
    "This Ray cluster can be reached from other machines and asks for no token, so anyone who reaches it can run any"
    " program on it. Make a token with `ray get-auth-token --generate`, copy ~/.ray/auth_token to every node, and"
    " start the nodes again with RAY_AUTH_MODE=token; or set RAY_AUTH_MODE=disabled if the network itself keeps others"
    " out."
)


def connect() -> None:
    """Join the cluster. Raises EngineAway, BadRequest; a second call does nothing."""
    try:
        import ray
    except ImportError as error:
        raise BadRequest("ENGINE_PAINTERS=ray needs Ray: install tessera[cluster].") from error
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS", "auto")
    _knock(address)
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise EngineAway(NONE if address == "auto" else SHUT.format(address=address)) from error
    if _is_open(ray.get_runtime_context().gcs_address, os.environ):
        ray.shutdown()
        raise BadRequest(OPEN)


def nodes() -> list[dict[str, Any]]:
    """The cluster's nodes, as Ray tells them."""
    connect()
    import ray

    return list(ray.nodes())


def _knock(address: str) -> None:
    """Ray itself tries an address where nothing answers for minutes."""
    host, _, port = address.rpartition(":")
    if "/" in host:
        raise BadRequest(CLIENT.format(address=address))
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()
    except OSError as error:
        raise EngineAway(AWAY.format(address=address)) from error


def _is_open(address: str, environment: Mapping[str, str]) -> bool:
    """Whether others can reach the cluster and nobody has said what keeps them out."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    # Ray itself sets the mode where it finds a token.
    return not loopback and environment.get("RAY_AUTH_MODE", "") not in {"token", "disabled"}


def namespace(settings: Settings) -> str:
    """Ray's namespace for a data folder, the same after a restart: an engine finds its own easels and no others."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = settings.data_dir / "cluster-id"
    if not file.is_file():
        file.write_text(new_id())
    return f"tessera-{file.read_text().strip()}"
