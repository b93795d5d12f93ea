"""The bot's end of the line to the engine. It connects first, and starts an engine only where none answers."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from filelock import FileLock, Timeout

from bot.settings import Settings
from engine.contract.client import EngineClient
from engine.contract.data_dir import ENGINE_RECORD
from engine.contract.errors import EngineAway, TesseraError

log = logging.getLogger(__name__)

LOOK_S = 2.0
# Seconds between starts of an engine that does not stay; a start itself may take minutes (models are loaded).
BACK_OFF = (0.0, 1.0, 5.0, 15.0, 60.0)
START_S = 600.0
START_LOOK_S = 0.5
SUCCESSOR_LOOK_S = 0.1
# Another process of the same Procfile may be about to answer.
PATIENCE_S = 3.0
# At the bot's start nobody is kept waiting for an engine that is silent.
GLANCE_S = 2.0
# Exit status of an engine that has a setting which is wrong; beside one that is alike it ends with 1.
WRONG_SETTING = 2
# Exit statuses of an engine that somebody stopped: by its own end, by SIGINT, by SIGTERM.
KINDLY = {0, -2, -15}
# Engines outlive what started them, and Python complains where the handle of a running process is dropped.
_outliving: list["subprocess.Popen[bytes]"] = []


class Engine:
    """`instance` names the engine process that answers now, None while none does; then `trouble` says why."""

    def __init__(self, settings: Settings, client: EngineClient | None = None) -> None:
        token = settings.engine_token.get_secret_value() if settings.engine_token else None
        self.client = client or EngineClient(settings.engine_address, settings.engine_socket, token)
        self.instance: str | None = None
        self.health: dict[str, Any] = {}
        self.trouble: str | None = None
        self.last_words = ""
        self.changed: Callable[[], None] = lambda: None
        self._settings = settings
        self._up = asyncio.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._successor: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._nobody = False

    async def renew(self) -> None:
        """Once, before any job is lent: an engine that an earlier bot started may have other settings or other code.

        One is started beside it, which takes its place or, where they are alike, ends at once.
        """
        if self._settings.engine_url or not (self._settings.data_dir.absolute() / ENGINE_RECORD).exists():
            return
        try:
            async with asyncio.timeout(GLANCE_S):
                await self.client.health()
        except EngineAway as error:
            if not error.there:
                return
        except (TesseraError, TimeoutError):
            pass
        try:
            self._successor = self._spawn()
        except OSError as error:
            log.warning("the engine stays as it is: %s: %s", error.filename, error.strerror)

    async def run(self) -> None:
        """Keep an engine answering until cancelled. With ENGINE_URL set this only looks; it never starts one."""
        await self._wait_for_successor()
        while True:
            if not await self.check() and self._nobody and self._settings.engine_url is None:
                await self._start()
            await asyncio.sleep(LOOK_S)

    async def check(self) -> bool:
        """Ask for its health once."""
        try:
            self.health = await self.client.health()
        except TesseraError as error:
            before, self.instance, self.trouble = self.trouble, None, str(error)
            # One of another version or with another token answers too; a second one beside it would help nobody.
            self._nobody = isinstance(error, EngineAway) and not error.there
            self._up.clear()
            if self.trouble != before and not self.coming:
                log.warning("nothing is painted: %s", self.trouble)
            return False
        if self._successor and self.health.get("pid") != self._successor.pid:
            # The one that perhaps gives way.
            return False
        instance = str(self.health.get("instance") or self.health.get("pid") or "engine")
        news, self.instance, self.trouble = instance != self.instance, instance, None
        self._up.set()
        if news:
            log.info("the engine answers", extra={"engine": instance})
            self.changed()
        return True

    async def ready(self) -> str:
        """Wait until an engine answers; its instance."""
        while not await self.check() or self.instance is None:
            await self._up.wait()
        return self.instance

    @property
    def coming(self) -> bool:
        """Nobody answers, and an engine is on its way: this bot starts one, and none has failed at its start."""
        ours = self._settings.engine_url is None and (self._nobody or self.trouble is None)
        return self.instance is None and (ours or self._successor is not None) and not self.last_words

    @property
    def absent(self) -> str | None:
        """Why nothing is painted at all, as far as is known."""
        if self.instance or self.trouble is None:
            return None
        return "the engine is starting, usually within a minute" if self.coming else "the engine does not answer"

    async def wait_for_start(self) -> bool:
        """Wait for the engine that is on its way; whether one answers now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                while not await self.check() and self.coming:  # noqa: ASYNC110 - another process gives no event
                    await asyncio.sleep(START_LOOK_S)
        return self.instance is not None

    @property
    def blameless(self) -> bool:
        """The engine that we started was stopped on purpose rather than killed by its work."""
        return self._child is not None and self._child.poll() in KINDLY

    async def _wait_for_successor(self) -> None:
        """Until it answers, or has ended: then the engine that is there stays."""
        while self._successor and not await self.check():
            if self._successor.poll() is not None:
                if self._successor.returncode == WRONG_SETTING:
                    log.warning("the engine stays as it is: %s", self._last_line())
                self._successor = None
            await asyncio.sleep(SUCCESSOR_LOOK_S)
        self._child, self._successor = self._successor, None

    async def _start(self) -> None:
        """Start `python -m engine` in a session of its own, so that it outlives this process. One bot at a time."""
        if self._starts == 0:
            await asyncio.sleep(PATIENCE_S)
        await asyncio.sleep(BACK_OFF[min(self._starts, len(BACK_OFF) - 1)])
        lock = FileLock(self._settings.data_dir.absolute() / "engine-start.lock", thread_local=False)
        try:
            with lock.acquire(timeout=0):
                if not await self.check():
                    self._starts += 1
                    self._child = self._spawn()
                    log.info("started an engine", extra={"pid": self._child.pid})
                    await self._wait_for_answer()
        except Timeout:
            return
        except OSError as error:
            self.last_words = f"{error.filename}: {error.strerror}"
            log.warning("no engine can be started: %s", self.last_words)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        folder = self._settings.data_dir.absolute()
        with (folder / "engine.log").open("ab") as out:
            # Not asyncio's subprocess: that one kills its child when the loop is closed.
            child = subprocess.Popen(
                [sys.executable, "-m", "engine", "serve", "--renew"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, "DATA_DIR": str(folder)}, start_new_session=True,
            )  # fmt: skip
        _outliving.append(child)
        return child

    async def _wait_for_answer(self) -> None:
        child = self._child
        for _ in range(int(START_S / START_LOOK_S)):
            if await self.check():
                self._starts, self.last_words = 1, ""
                return
            if child is None or child.poll() is not None:
                self.last_words = self._last_line()
                log.warning("the engine ended while starting: %s", self.last_words)
                return
            await asyncio.sleep(START_LOOK_S)

    def _last_line(self) -> str:
        """What an engine that could not start wrote last; the whole of it is in engine.log."""
        lines = (self._settings.data_dir.absolute() / "engine.log").read_bytes()[-4000:].decode(errors="replace")
        return (lines.strip().splitlines() or ["nothing"])[-1][:500]
