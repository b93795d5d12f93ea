"""DATA_DIR: made where it is missing, and held by one process of a kind at a time."""

from pathlib import Path

from filelock import FileLock, Timeout

from engine.contract.errors import BadRequest

ENGINE_RECORD = "engine.json"
"""The file in which an engine that a bot started says who it is."""


def hold(data_dir: Path, lock: str, wait_s: float = 0.0) -> FileLock:
    """A lock that is held until it is released. Only its owner can open a folder that is made here.

    Raises Timeout where another process still holds it after `wait_s` seconds, BadRequest where nothing can be written
    there.
    """
    file_lock = FileLock(data_dir.absolute() / lock)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file_lock.acquire(timeout=wait_s)
    except Timeout:
        raise
    except OSError as error:
        message = f"DATA_DIR={data_dir} is not a folder that can be written: {error.strerror}."
        raise BadRequest(message) from error
    return file_lock
