"""The way into a Ray cluster: joined, never started, and with Ray's token unless it is this machine's own."""

import ipaddress
import os
import socket
from collections.abc import Mapping
from typing import Any

from engine.contract.errors import BadRequest, EngineAway
from engine.contract.ids import new_id
from engine.settings import Settings

KNOCK_SECONDS = 5.0
NONE = (
    "ENGINE_PAINTERS=ray needs a Ray cluster, and {where}. Start one with `ray start --head` "
    "(and `ray start --address=HOST:6379` on every other node), or set RAY_ADDRESS."
)
OPEN = (
    "This Ray cluster can be reached from other machines and asks for no token, so whoever reaches it can run any "
    "program on it. Make a token with `ray get-auth-token --generate`, copy ~/.ray/auth_token to every node, and start "
    "the nodes again with RAY_AUTH_MODE=token; or set RAY_AUTH_MODE=disabled if the network itself keeps others out."
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
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (OSError, RuntimeError, ValueError, ray.exceptions.AuthenticationError) as error:
        where = "none is running here" if address == "auto" else f"none answers at {address} ({_first_line(error)})"
        raise EngineAway(NONE.format(where=where)) from error
    if _is_open(ray.get_runtime_context().gcs_address, os.environ):
        ray.shutdown()
        raise BadRequest(OPEN)


def nodes() -> list[dict[str, Any]]:
    """The cluster's nodes, as Ray tells them."""
    connect()
    import ray

    return list(ray.nodes())


def _knock(address: str) -> None:
    """Ray itself tries an address where nothing answers for minutes. Raises OSError."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()


def _is_open(address: str, environment: Mapping[str, str]) -> bool:
    """Whether others can reach the cluster and nobody has said what keeps them out."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = host == "localhost"
    # Ray itself sets the mode where it finds a token.
    return not near and environment.get("RAY_AUTH_MODE", "") not in {"token", "disabled"}


def namespace(settings: Settings) -> str:
    """One for every data folder, the same after every restart, so that an engine finds its own easels and no others."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = settings.data_dir / "cluster-id"
    if not file.is_file():
        file.write_text(new_id())
    return f"tessera-{file.read_text().strip()}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
