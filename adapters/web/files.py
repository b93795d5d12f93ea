"""The pictures and other files of a conversation, one folder of them. A file's name begins with its message's id."""

import asyncio
import hashlib
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from bot.chat import Picture
from bot.errors import PlatformAway

# What a browser may show. Everything else is offered for download, so that no file is ever run as a page.
SHOWN = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif"}

YOUNG_S = 3600

_NAME = re.compile(r"(?P<message>[0-9a-f]{20})-(?P<digest>[0-9a-f]{16})-(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{0,80})")


class Files:
    """`written` counts bytes, and `grown` is set with it; whoever makes room sets both back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.written, self.grown = 0, asyncio.Event()

    async def keep(self, message: str, pictures: Iterable[Picture]) -> list[str]:
        """Write the files, whole or not at all; their names, in order. The same content gets the same name."""
        names = []
        for picture in pictures:
            names.append(await asyncio.to_thread(self._write, message, picture))
            self.written += len(picture.data)
            self.grown.set()
        return names

    async def drop(self, names: Iterable[str]) -> None:
        """Remove files; one that is gone already is no error."""
        for name in names:
            await asyncio.to_thread((self._folder / name).unlink, missing_ok=True)

    async def sizes(self) -> dict[str, int]:
        """The bytes of every file that is kept."""
        return await asyncio.to_thread(self._sizes)

    async def sweep(self, names_in_use: Callable[[], Awaitable[set[str]]]) -> None:
        """Remove files that no message has: what a crash left. Young ones stay, theirs may be on its way."""
        old = await asyncio.to_thread(self._older_than, time.time() - YOUNG_S)
        if old:
            await self.drop(old - await names_in_use())

    async def read(self, name: str) -> bytes | None:
        """The file's content; None if no such file is kept (any more)."""
        return await asyncio.to_thread(self._read, name) if _NAME.fullmatch(name) else None

    def _read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def _sizes(self) -> dict[str, int]:
        return {name: stat.st_size for name, stat in self._stats()}

    def _older_than(self, moment: float) -> set[str]:
        return {name for name, stat in self._stats() if stat.st_mtime < moment}

    def _stats(self) -> Iterator[tuple[str, os.stat_result]]:
        for path in self._folder.glob("*"):
            with suppress(FileNotFoundError):
                yield path.name, path.stat()

    def _write(self, message: str, picture: Picture) -> str:
        digest = hashlib.sha256(picture.data).hexdigest()[:16]
        name = f"{message}-{digest}-{_plain(picture.name)}"
        part = self._folder / f"{name}.part"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_bytes(picture.data)
            part.replace(self._folder / name)
        except OSError as error:
            raise PlatformAway(f"A picture cannot be kept in {self._folder} ({error.strerror}).") from error
        return name


def message_of(name: str) -> str | None:
    """The id of the message that a file belongs to; None if it is no name of ours."""
    match = _NAME.fullmatch(name)
    return match["message"] if match else None


def given_name(name: str) -> str:
    """The name that the file had when it was posted."""
    match = _NAME.fullmatch(name)
    return match["name"] if match else name


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name).lstrip(".-")[-80:] or "file"
