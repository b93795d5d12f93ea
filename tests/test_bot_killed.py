"""A bot process killed with SIGKILL at every stage, with the real engine behind it: the grid arrives once."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.killed_bot import STAGES


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real engine with fake painters, shared by all stages."""
    folder = tmp_path_factory.mktemp("engine")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {"DATA_DIR": str(folder), "ENGINE_LISTEN": address, "ENGINE_PAINTERS": "fake", "PROFILE": "embedded"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "engine"], env=os.environ | settings, stdout=log, stderr=log)
    yield f"http://{address}"
    process.terminate()
    process.wait(20)


@pytest.mark.parametrize("stage", STAGES)
def test_a_bot_process_killed_at_any_stage_delivers_once_and_says_so(tmp_path: Path, engine: str, stage: str) -> None:
    killed = _run(tmp_path, engine, stage)
    finished = _run(tmp_path, engine, "none")

    written = [json.loads(line) for line in (tmp_path / "chat.jsonl").read_text().splitlines()]
    messages = [line for line in written if "kind" in line]
    last = {line["id"]: line["text"] for line in written}
    own = next(last[message["id"]] for message in messages if message["kind"] == "say")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert finished.returncode == 0, finished.stderr
    assert Counter(message["kind"] for message in messages) == {"say": 1, "post": 1}
    assert "\nScore " in own


def _run(data: Path, engine: str, stage: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.killed_bot", str(data), engine, stage]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
