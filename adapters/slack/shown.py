"""The picture in a job's own message while it runs: uploaded beside the edits, changed now and then, the old one goes.

So a workspace keeps no file of it: one is there at a time, and none when the job has ended. What may be left is one
file where the bot is killed between an upload and the edit that shows it.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from adapters.slack.files import upload_all
from adapters.slack.timing import Timing
from adapters.slack.web import Web
from bot.chat import Picture
from bot.errors import DeliveryError, Gone

log = logging.getLogger(__name__)

Files = tuple[str, ...]


class ShownPicture:
    """`look` asks Slack which files the message shows: a process that takes over a job does not know."""

    def __init__(self, web: Web, timing: Timing, look: Callable[[], Awaitable[Files]]) -> None:
        self._web, self._timing, self._look = web, timing, look
        self._files: Files | None = None
        self._digest = ""
        self._ready: tuple[str, Files] | None = None
        self._upload_task: asyncio.Task[None] | None = None
        self._changed_at = -1e9
        self._tasks: set[asyncio.Task[None]] = set()

    def nothing(self) -> None:
        """The message was just posted, without pictures."""
        self._files = ()

    async def files(self, pictures: tuple[Picture, ...]) -> Files:
        """What an edit shows now. A newer picture is uploaded meanwhile, so that no edit waits for it."""
        if self._files is None:
            self._files = await self._look()
        if not pictures:
            # An upload that is under way comes too late; it is deleted when it is there.
            self._upload_task, self._digest = None, ""
            return ()
        digest = hashlib.sha256(b"".join(picture.data for picture in pictures)).hexdigest()
        if self._ready:
            return self._ready[1]
        due = time.monotonic() - self._changed_at >= self._timing.picture
        if digest != self._digest and due and self._upload_task is None:
            self._upload_task = self._spawn(self._upload(pictures, digest))
        return self._files

    def settled(self, files: Files) -> None:
        """The message shows these now; what it showed before goes."""
        old, self._files = self._files or (), files
        if self._ready and self._ready[1] != files:
            old += self._ready[1]
        elif self._ready:
            self._digest = self._ready[0]
        self._ready = None
        self._delete([file for file in old if file not in files])

    def refused(self) -> Files:
        """Slack would not show the newest picture (yet); what to show instead."""
        if self._ready:
            self._delete(list(self._ready[1]))
        self._ready = None
        return self._files or ()

    async def _upload(self, pictures: tuple[Picture, ...], digest: str) -> None:
        task, files = asyncio.current_task(), Files()
        self._changed_at = time.monotonic()
        try:
            files = tuple(await upload_all(self._web, self._timing, pictures, None))
        except (DeliveryError, ValueError) as error:
            log.info("a picture is not shown while its job runs: %s", error)
        if self._upload_task is not task:
            self._delete(list(files))
            return
        self._upload_task = None
        self._ready = (digest, files) if files else None

    def _delete(self, files: list[str]) -> None:
        if files:
            self._spawn(self._delete_all(files))

    async def _delete_all(self, files: list[str]) -> None:
        for file in files:
            try:
                await self._web.call("files_delete", file=file)
            except Gone:
                continue
            except DeliveryError as error:
                log.warning("an old picture stays in the workspace: %s", error, extra={"file": file})

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
