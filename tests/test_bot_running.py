"""What stands around the core: platforms side by side, the log, the settings and the command line."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from filelock import FileLock
from pydantic import SecretStr

from bot.__main__ import main, platforms_of
from bot.chat import Core, Talk
from bot.platforms import serve
from bot.settings import Settings
from engine.contract.jsonlog import JsonLines, secrets
from tests.bot_rig import rig


class Scripted:
    """A platform that does as it is told at each run: fail, end, or go on until it is cancelled."""

    edits_per_minute = 60.0

    def __init__(self, name: str, *script: Exception | str) -> None:
        self.name, self.script, self.runs = name, list(script), 0
        self.cancelled = False

    async def run(self, core: Core) -> None:
        self.runs += 1
        step = self.script.pop(0) if self.script else "go on"
        if isinstance(step, Exception):
            raise step
        if step == "go on":
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled = True

    async def reopen(self, address: str) -> Talk:
        raise NotImplementedError


async def _served(tmp_path: Path, stop: asyncio.Event, *platforms: Scripted) -> int:
    async with rig(tmp_path) as r:
        return await asyncio.wait_for(serve({p.name: p for p in platforms}, r.app, stop), 10)


async def test_a_platform_that_fails_is_tried_again_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.platforms.BACK_OFF_S", (0.0,))
    failing, fine = Scripted("failing", OSError("down"), OSError("down")), Scripted("fine")
    stop = asyncio.Event()
    serving = asyncio.create_task(_served(tmp_path, stop, failing, fine))
    async with asyncio.timeout(10):
        while failing.runs < 3:  # noqa: ASYNC110  # the platform has no event to wait for
            await asyncio.sleep(0)
    still_running = not fine.cancelled
    stop.set()

    assert await serving == 0
    assert still_running
    assert (fine.runs, fine.cancelled) == (1, True)
    assert caplog.text.count("failing failed; next try") == 2


async def test_settings_that_can_never_work_end_one_platform_with_a_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = Scripted("wrong", ValueError("DISCORD_TOKEN is refused; copy it again."))

    status = await _served(tmp_path, asyncio.Event(), wrong)

    assert status == 1
    (told,) = [record for record in caplog.records if record.name == "bot.platforms"]
    assert "DISCORD_TOKEN is refused" in told.getMessage()
    assert told.exc_info is None


async def test_a_console_at_the_end_of_its_input_ends_the_bot(tmp_path: Path) -> None:
    assert await _served(tmp_path, asyncio.Event(), Scripted("console", "end")) == 0


async def test_without_any_platform_that_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert await _served(tmp_path, asyncio.Event()) == 1
    assert "no platform is configured" in caplog.text


def _settings(tmp_path: Path, **given: object) -> Settings:
    return Settings(**{"_env_file": None, "data_dir": tmp_path, **given})  # type: ignore[arg-type]


def test_a_platform_without_its_token_is_simply_absent(tmp_path: Path) -> None:
    assert set(platforms_of(_settings(tmp_path), "all")) == {"web"}
    assert set(platforms_of(_settings(tmp_path), "console")) == {"console"}


def test_the_log_is_json_without_tokens(tmp_path: Path) -> None:
    settings = _settings(tmp_path, discord_token=SecretStr("s3cret-token"), web_token=SecretStr("0ther"))
    record = logging.LogRecord("bot", logging.INFO, "", 0, "sent %s", ("Bot s3cret-token",), None)
    record.job, record.address = "k3x9tq2m7d", "0ther"

    line = JsonLines(secrets(settings)).format(record)

    assert json.loads(line)["text"] == "sent Bot …"
    assert json.loads(line)["job"] == "k3x9tq2m7d"
    assert "0ther" not in line


def test_every_setting_has_a_line_of_help_and_a_default() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert not field.is_required(), name


def test_moderators_are_read_from_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATORS", "discord:1234, slack:U12AB")

    assert _settings(Path("data")).moderators == ("discord:1234", "slack:U12AB")


@pytest.mark.parametrize(("name", "value"), [("WEB_PORT", "eighty"), ("LOG_LEVEL", "verbose")])
def test_a_wrong_setting_is_named_and_ends_with_status_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)

    assert main([]) == 2
    assert name in capsys.readouterr().err


def test_the_log_level_is_read_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "warning")

    assert _settings(Path("data")).log_level == "WARNING"


def test_a_second_bot_in_one_folder_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    handlers = logging.getLogger().handlers[:]
    with FileLock(tmp_path / "bot.lock"):
        status = main(["console"])
    logging.getLogger().handlers[:] = handlers

    assert status == 1
    assert "Another bot is already using" in capsys.readouterr().err
