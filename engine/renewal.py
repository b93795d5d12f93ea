"""An engine that a bot started gives way to the next bot's, where settings or code are others. It loads no torch.

One that a person started is left alone, whatever it was started with.
"""

import contextlib
import hashlib
import json
import logging
import os
import signal
import socket
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import SecretStr

import engine
from engine.contract.data_dir import ENGINE_RECORD, hold
from engine.contract.errors import EngineAway
from engine.settings import Settings
from engine.versions import versions

log = logging.getLogger(__name__)

LOCK = "engine.lock"
STOP_S = 60.0
"""How long an engine may take to stop; mostly it takes two seconds."""
OUTSIDE = ("CUDA_VISIBLE_DEVICES", "HF_ENDPOINT", "HF_HOME", "HF_TOKEN", "OMP_NUM_THREADS", "RAY_ADDRESS")
"""Of the environment, what our libraries read for themselves."""


def lock(settings: Settings, *, renew: bool = False) -> FileLock:
    """What keeps a second engine from the same DATA_DIR, until it is released.

    `renew`: this engine was started by a bot, so an unlike one that a bot started is ended first. Raises EngineAway
    where another engine stays, BadRequest where DATA_DIR cannot be written.
    """
    data_dir, record = settings.data_dir, settings.data_dir.absolute() / ENGINE_RECORD
    try:
        engine_lock = hold(data_dir, LOCK)
    except Timeout as error:
        other = _record(settings) if renew else {}
        if other.get("fingerprint") in {None, fingerprint(settings)}:
            message = f"An engine is already running in {data_dir}; this one stops."
            raise EngineAway(message) from error
        engine_lock = _end(settings, other["pid"])
    try:
        # What an engine that was killed left names a process that may be anybody's by now.
        record.unlink(missing_ok=True)
        if renew:
            facts = {"pid": os.getpid(), "host": socket.gethostname(), "fingerprint": fingerprint(settings)}
            record.write_text(json.dumps(facts), encoding="utf-8")
    except OSError as error:
        log.warning("%s cannot be written (%s), so this engine gives way to none", record, error.strerror)
    return engine_lock


def fingerprint(settings: Settings) -> str:
    """Of all that an engine is started with: settings, environment, our own files, the versions of packages."""
    given = {name: _bare(value) for name, value in settings if name != "engine_url"}
    outside = {name: os.environ.get(name) for name in OUTSIDE}
    digest = hashlib.sha256(json.dumps([given, outside, versions()], sort_keys=True).encode())
    root = Path(engine.__file__).parent
    for file in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{file.relative_to(root)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _bare(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _end(settings: Settings, pid: int) -> FileLock:
    """Stop the engine that a bot started, as Ctrl-C would; the lock that it held."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGTERM)
    log.info("the engine has other settings or other code, so it gives way", extra={"pid": pid})
    try:
        return hold(settings.data_dir, LOCK, STOP_S)
    except Timeout as error:
        message = f"The engine, process {pid}, has other settings or other code and does not stop; kill it."
        raise EngineAway(message) from error


def _record(settings: Settings) -> dict[str, Any]:
    """Of the engine that a bot started here last; empty where there is none, or where it runs on another host."""
    try:
        record = json.loads((settings.data_dir.absolute() / ENGINE_RECORD).read_text(encoding="utf-8"))
        # Containers that share a folder number their processes each for itself.
        here = record["host"] == socket.gethostname() and isinstance(record["pid"], int)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return record if here else {}
