"""`python -m engine`: one engine, served until it is told to stop."""

import asyncio
import contextlib
import ipaddress
import logging
import os
import signal
import socket
from pathlib import Path

import uvicorn

from engine import leftovers, server, setup
from engine.contract.errors import BadRequest
from engine.engine import Engine
from engine.log_file import keep_small
from engine.settings import Settings

log = logging.getLogger(__name__)

# sockaddr_un holds 108 bytes on Linux, 104 on macOS.
LONGEST_SOCKET = 103


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; whoever calls holds DATA_DIR's lock. Raises BadRequest for a bad setting."""
    with _listen(settings) as listener:
        leftovers.put_away(settings)
        engine, runs_on = setup.build(settings, serving=True)
        token = settings.engine_token.get_secret_value() if settings.engine_token else None
        api = server.app(engine, runs_on, token, loopback=_loopback(settings))
        config = uvicorn.Config(api, log_config=None, access_log=False, timeout_graceful_shutdown=3)
        painting = asyncio.create_task(engine.run())
        log_file = asyncio.create_task(keep_small(settings.data_dir.absolute() / "engine.log"))
        _survive_the_second_signal()
        place = settings.engine_listen or settings.engine_socket
        log.info("serving on %s: %s", place, runs_on, extra={"pid": os.getpid()})
        try:
            await Server(config, engine).serve(sockets=[listener])
        finally:
            log_file.cancel()
            painting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await painting
            await engine.close()
            if not settings.engine_listen:
                settings.engine_socket.unlink(missing_ok=True)


class Server(uvicorn.Server):
    """Lets whoever follows a job go before it waits for open answers: such a stream lasts as long as its job."""

    def __init__(self, config: uvicorn.Config, engine: Engine) -> None:
        super().__init__(config)
        self._engine = engine

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._engine.let_go()
        await super().shutdown(sockets)


def _survive_the_second_signal() -> None:
    """Uvicorn raises the signal again after its own shutdown; ours is still to come, so that one must not kill us."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: None)


def _listen(settings: Settings) -> socket.socket:
    if settings.engine_listen is None:
        return _unix(settings.engine_socket)
    host, _, port = settings.engine_listen.rpartition(":")
    if not _loopback(settings) and settings.engine_token is None:
        message = f"ENGINE_LISTEN={settings.engine_listen} can be reached by others; set ENGINE_TOKEN as well."
        raise BadRequest(message)
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=_family(host), reuse_port=False)
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        message = f"ENGINE_LISTEN={settings.engine_listen} cannot be used: {why}. Name another address or port."
        raise BadRequest(message) from error


def _unix(path: Path) -> socket.socket:
    """A socket that only this user can open. The lock is ours, so an old socket file belongs to nobody."""
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        message = f"The path {path} is too long for a socket; set DATA_DIR to a shorter one or set ENGINE_LISTEN."
        raise BadRequest(message)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        listener.listen()
    except OSError as error:
        listener.close()
        message = f"No socket can be made at {path}: {error.strerror}. Check DATA_DIR, or set ENGINE_LISTEN."
        raise BadRequest(message) from error
    finally:
        os.umask(mask)
    return listener


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _loopback(settings: Settings) -> bool:
    """Whether only this machine can reach the engine."""
    if settings.engine_listen is None:
        return True
    host = settings.engine_listen.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
