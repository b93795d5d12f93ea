"""The bot as a process of its own, started again whenever it ends, as systemd or a container would; and its engine."""

import asyncio
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from engine.contract.client import EngineClient
from engine.contract.errors import TesseraError

ROOT = Path(__file__).parents[2]
PAUSE_S = 0.5
# Writes beyond this size of a file fail: none fits.
FULL = 0


class Bot:
    """`starts` counts the processes; `unwanted` are the exit statuses of those that ended by themselves."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.web_port = folder, _free_port()
        self.client = EngineClient(None, folder / "data" / "engine.sock")
        self.starts, self.unwanted = 0, list[int]()
        self._environment = environment | {"DATA_DIR": str(folder / "data"), "WEB_PORT": str(self.web_port)}
        self._process: asyncio.subprocess.Process | None = None
        self._killed = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and alive else None

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    def kill(self) -> None:
        """As the kernel does when memory runs out: no word, no clean-up."""
        self._killed = True
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    async def stop(self) -> int | None:
        """Stop the bot kindly, then its engine, which outlives it on purpose; the bot's exit status."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        status = None
        if self._process is not None:
            if self._process.returncode is None:
                self._process.terminate()
            status = await self._process.wait()
        engine = await self.engine_pid()
        if engine is not None:
            os.kill(engine, signal.SIGTERM)
            while _exists(engine):
                await asyncio.sleep(0.1)
        await self.client.close()
        return status

    async def engine_pid(self) -> int | None:
        try:
            return int((await self.client.health())["pid"])
        except TesseraError:
            return None

    def disk(self, pid: int, *, full: bool) -> None:
        """From now on no file of this process takes a byte, or all do again: the limit on the size of its files."""
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL if full else most, most))

    async def _keep(self) -> None:
        while True:
            self._killed = False
            self.starts += 1
            with (self.folder / "bot.log").open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bot", env=self._environment, cwd=self.folder, stdout=log, stderr=log
                )
            status = await self._process.wait()
            if not self._killed:
                self.unwanted.append(status)
            await asyncio.sleep(PAUSE_S)


def environment(**settings: str) -> dict[str, str]:
    """The variables of a process that sees nothing of this machine's settings."""
    variables = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "OMP_NUM_THREADS") if name in os.environ}
    return variables | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"} | settings


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    # One that ended and that nobody waits for is no process any more.
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
