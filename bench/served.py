"""An engine of our own to measure: `python -m engine` in a process and a data folder of its own."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from engine.contract.client import EngineClient
from engine.contract.errors import EngineAway
from engine.settings import Settings


@contextlib.asynccontextmanager
async def engine(settings: Settings, module: str = "engine", **more: str) -> AsyncIterator[EngineClient]:
    """Started, waited for, and stopped again. `more`: variables of its own."""
    log = settings.data_dir / "engine.log"
    with log.open("w") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, env={**environment(settings.data_dir), **more}, stderr=out
        )
    client = EngineClient(None, settings.engine_socket)
    try:
        while not await _answers(client):
            if process.returncode is not None:
                raise EngineAway(f"The engine did not start:\n{log.read_text()}")
            await asyncio.sleep(0.05)
        yield client
    finally:
        await client.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()


def environment(data_dir: Path) -> dict[str, str]:
    """The variables of this process, with the embedded model, a data folder of its own, and nothing painted ahead."""
    return {
        **os.environ,
        "DATA_DIR": str(data_dir),
        "PROFILE": "embedded",
        "ENGINE_PAINTERS": "local",
        "FILLER_POOL": "0",
    }


async def _answers(client: EngineClient) -> bool:
    try:
        await client.health()
    except EngineAway:
        return False
    return True
