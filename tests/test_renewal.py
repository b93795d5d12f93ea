"""Which engine keeps a DATA_DIR: the one that is there, or the one that a bot starts with other settings or code."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from engine.contract.data_dir import ENGINE_RECORD, hold
from engine.contract.errors import EngineAway
from engine.renewal import LOCK, fingerprint, lock
from engine.settings import Settings

FOREVER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """A process that can be stopped."""
    with subprocess.Popen(FOREVER, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        yield process
        process.kill()


def settings_in(folder: Path, **values: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **values)  # type: ignore[arg-type, call-arg]


def record(folder: Path, pid: int, of: str, host: str = "") -> None:
    us = {"pid": pid, "host": host or socket.gethostname(), "fingerprint": of}
    (folder / ENGINE_RECORD).write_text(json.dumps(us))


@pytest.mark.parametrize(
    "values",
    [{"filler_pool": 3}, {"google_api_key": "another"}, {"engine_token": "t"}, {"engine_listen": "[::1]:8065"}],
)
def test_every_setting_of_the_engine_is_in_its_fingerprint(tmp_path: Path, values: dict[str, object]) -> None:
    assert fingerprint(settings_in(tmp_path, **values)) != fingerprint(settings_in(tmp_path))


def test_what_only_the_bot_needs_is_not(tmp_path: Path) -> None:
    with_url = settings_in(tmp_path, engine_url="http://127.0.0.1:1")

    assert fingerprint(with_url) == fingerprint(settings_in(tmp_path))


def test_the_environment_of_our_libraries_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(settings_in(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:2")

    assert fingerprint(settings_in(tmp_path)) != before


def test_code_is_in_it_and_what_python_compiles_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__init__.py").write_text("")
    monkeypatch.setattr(engine, "__file__", str(tmp_path / "__init__.py"))
    before = fingerprint(settings_in(tmp_path))

    (tmp_path / "__pycache__" / "painter.pyc").write_text("compiled")
    compiled = fingerprint(settings_in(tmp_path))
    (tmp_path / "painter.py").write_text("")
    longer = fingerprint(settings_in(tmp_path))
    (tmp_path / "painter.py").write_text("x = 1")

    assert before == compiled
    assert len({before, longer, fingerprint(settings_in(tmp_path))}) == 3


def test_an_unlike_engine_that_a_bot_started_is_stopped(tmp_path: Path) -> None:
    holds = (
        "import sys; from pathlib import Path; from engine.contract.data_dir import hold;"
        f"kept = hold(Path({str(tmp_path)!r}), {LOCK!r}); print('here', flush=True); sys.stdin.read()"
    )
    run = [sys.executable, "-c", holds]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as old:
        assert old.stdout
        assert old.stdout.readline() == "here\n"
        record(tmp_path, old.pid, "another")

        settings = settings_in(tmp_path, google_api_key="hidden")
        with lock(settings, renew=True):
            assert old.wait(10) == -15
            told = (tmp_path / ENGINE_RECORD).read_text()
    us = {"pid": os.getpid(), "host": socket.gethostname(), "fingerprint": fingerprint(settings)}
    assert json.loads(told) == us
    assert "hidden" not in told


@pytest.mark.parametrize(
    "said", ["like this one", "not started by a bot", "on another host", "unreadable", "without a process"]
)
def test_an_engine_that_is_alike_or_somebody_elses_stays(
    tmp_path: Path, other: subprocess.Popen[str], said: str
) -> None:
    match said:
        case "like this one":
            record(tmp_path, other.pid, fingerprint(settings_in(tmp_path)))
        case "on another host":
            record(tmp_path, other.pid, "another", "elsewhere.invalid")
        case "unreadable":
            (tmp_path / ENGINE_RECORD).write_text("{")
        case "without a process":
            (tmp_path / ENGINE_RECORD).write_text(json.dumps({"host": socket.gethostname(), "fingerprint": "another"}))
    before = hold(tmp_path, LOCK)

    with pytest.raises(EngineAway, match="already running"):
        lock(settings_in(tmp_path), renew=True)

    assert other.poll() is None
    before.release()


def test_who_was_not_started_by_a_bot_ends_nobody_and_leaves_nothing_to_be_ended_by(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    record(tmp_path, other.pid, "another")
    with hold(tmp_path, LOCK) as before, pytest.raises(EngineAway, match="already running"):
        lock(settings_in(tmp_path))
    before.release(force=True)

    with lock(settings_in(tmp_path)):
        assert not (tmp_path / ENGINE_RECORD).exists()
    assert other.poll() is None


def test_an_engine_that_does_not_stop_is_named(
    tmp_path: Path, other: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.renewal.STOP_S", 0.1)
    record(tmp_path, other.pid, "another")
    before = hold(tmp_path, LOCK)

    with pytest.raises(EngineAway, match=f"process {other.pid}, has other settings or other code and does not stop"):
        lock(settings_in(tmp_path), renew=True)

    before.release()


def test_a_record_that_cannot_be_written_is_told_and_keeps_no_engine_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ENGINE_RECORD).mkdir()

    with lock(settings_in(tmp_path), renew=True):
        assert "gives way to none" in caplog.text
