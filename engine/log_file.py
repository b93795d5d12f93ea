"""Keeps engine.log small: the file that the bot gave us as standard output and error is rotated at a size.

The engine does it itself, as it outlives the bots that started it. Whatever else standard error may be (a terminal, a
supervisor's pipe) is left alone.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import TextIO

MOST_BYTES = 10_000_000
LOOK_S = 60.0


async def keep_small(file: Path) -> None:
    """Look at the file's size now and then, until cancelled."""
    while True:
        rotate(file, MOST_BYTES)
        await asyncio.sleep(LOOK_S)


def rotate(file: Path, most: int) -> None:
    """Where `file` has `most` bytes, rename it to `file`.1, in place of an older one, and go on with a new file."""
    streams = [stream for stream in (sys.__stdout__, sys.__stderr__) if stream is not None and _goes_to(stream, file)]
    if not streams or file.stat().st_size < most:
        return
    try:
        file.replace(file.with_name(f"{file.name}.1"))
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        # A full disk, or a folder that was taken away: the log goes on where it is.
        return
    for stream in streams:
        stream.flush()
        os.dup2(descriptor, stream.fileno())
    os.close(descriptor)


def _goes_to(stream: TextIO, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), file.stat())
    except (OSError, ValueError):
        return False
