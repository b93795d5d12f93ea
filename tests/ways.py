"""Tessera as people start it, for tests: the bot's and the engine's own processes, a command piped into the console."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

COMMAND = "/grid prompt:a cat wearing neon-glasses approach:3 blocks:1 seed:7\n"


def from_console(data: Path, **settings: str) -> str:
    """What `python -m bot console` prints for COMMAND; it ends when the answer is there."""
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "console"],
        input=COMMAND,
        env=_environment(data, settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    return ran.stdout


@contextlib.contextmanager
def engine(data: Path, **settings: str) -> Iterator[None]:
    """`python -m engine`, from the line that says where it serves until it has ended well."""
    with subprocess.Popen(
        [sys.executable, "-m", "engine"], env=_environment(data, settings), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if "serving on" in line:
                break
        try:
            yield
        finally:
            process.terminate()
            process.communicate()
    assert process.returncode == 0


def engines(data: Path) -> list[int]:
    """The processes of the engines that a bot has started in this folder, oldest first."""
    lines = (data / "engine.log").read_text().splitlines()
    return [known["pid"] for known in map(json.loads, lines) if known["text"].startswith("serving on")]


def health(data: Path) -> dict[str, object]:
    """What the engine on the folder's socket says of itself."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(data / "engine.sock")), timeout=30) as client:
        found: dict[str, object] = client.get("http://localhost/health").json()
    return found


def end(data: Path) -> None:
    """End the engines that a bot has left behind on purpose."""
    for pid in engines(data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _environment(data: Path, settings: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(data), "PROFILE": "embedded", **settings}
