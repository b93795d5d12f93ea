"""What stands around the core: platforms side by side, the log, the settings and the command line."""

import asyncio
import io
import json
import logging
import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from pydantic import SecretStr

import engine.settings
from adapters.web.conversation import Conversation
from bot.__main__ import main, platforms_of
from bot.chat import Core, Picture, Talk
from bot.platforms import serve
from bot.settings import Settings
from engine.contract.jsonlog import JsonLines, secrets
from engine.contract.misspelt import misspelt, sentences
from tests.bot_rig import rig
from tests.fake_talk import ANNA


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


NO_FILE: dict[str, Any] = {"_env_file": None}


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


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("DISCORD_TOEKN", "DISCORD_TOKEN"),
        ("SLACK_TOKEN", "SLACK_BOT_TOKEN"),
        ("slack_app_tokn", "SLACK_APP_TOKEN"),
        ("WAITING_PER_PERSONS", "WAITING_PER_PERSON"),
    ],
)
def test_a_name_that_is_nearly_a_settings_is_told(name: str, meant: str) -> None:
    (told,) = sentences([name, "PATH", "XDG_DATA_DIRS", "GEMINI_API_KEY"], Settings(_env_file=None))

    assert told == f"{name.upper()} is not a setting and is ignored. Did you mean {meant}?"


def test_a_name_beside_the_setting_that_it_resembles_is_not_told() -> None:
    assert sentences(["DISCORD_BOT_TOKEN", "discord_token"], Settings(discord_token="s3cret", _env_file=None)) == []


def test_no_setting_of_bot_or_engine_is_taken_for_another_ones_misspelling() -> None:
    names = [*Settings.model_fields, *engine.settings.Settings.model_fields]

    assert sentences(names, Settings(_env_file=None)) == []
    assert sentences(names, engine.settings.Settings(_env_file=None)) == []


def test_a_misspelt_setting_in_the_file_of_settings_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("FILLERPOOL=0\n")

    told = misspelt(engine.settings.Settings())

    assert told == ["FILLERPOOL is not a setting and is ignored. Did you mean FILLER_POOL?"]


def test_moderators_are_read_from_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATORS", "Discord: 1234, slack:U12AB,")

    assert _settings(Path("data")).moderators == ("discord:1234", "slack:U12AB")


ADDRESS = "must be an address with http:// or https:// in front, such as http://127.0.0.1:8065."
TOKEN = "must be the bare token, in one piece: no spaces, quotes, line breaks or letters beyond ASCII."


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("WEB_PORT", "eighty", "must be a whole number from 0 to 65535, not “eighty”."),
        ("WEB_PORT", "'8064'", "must be a whole number from 0 to 65535, not “'8064'”."),
        ("WEB_PORT", "-1", "must be a whole number from 0 to 65535, not “-1”."),
        ("LOG_LEVEL", "verbose", "must be DEBUG, INFO, WARNING or ERROR, not “VERBOSE”."),
        ("DISCORD_GUILD_THREADS", "maybe", "must be true or false, not “maybe”."),
        ("MODERATORS", "1234", "must name platform and id, such as discord:1234,slack:U12AB."),
        ("WAITING_PER_PERSON", "0", "must be a whole number from 1 to 1 000 000 000, not “0”."),
        ("RETENTION_DAYS", "9" * 30, f"must be a whole number from 0 to 1 000 000 000, not “{'9' * 30}”."),
        ("ENGINE_URL", "127.0.0.1:8065", ADDRESS),
        ("ENGINE_URL", "gpu-host", ADDRESS),
        ("ENGINE_URL", "http://", ADDRESS),
        ("ENGINE_URL", "http://a b", ADDRESS),
        ("ENGINE_URL", "http://127.0.0.1:999999", ADDRESS),
        ("DISCORD_API_URL", "discord.example/api/v10", ADDRESS),
        ("SLACK_API_URL", "ftp://slack.example/api/", ADDRESS),
        ("ENGINE_LISTEN", "nonsense", "must be host:port, such as 127.0.0.1:8065, not “nonsense”."),
        ("ENGINE_TOKEN", "tökén-s3cret", TOKEN),
        ("DISCORD_TOKEN", "s3cret\n.more", TOKEN),
        ("DISCORD_TOKEN", '"s3cret"', TOKEN),
        ("SLACK_APP_TOKEN", "xapp s3cret", TOKEN),
    ],
)
def test_a_wrong_setting_ends_with_status_2_and_one_sentence_without_secrets(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    fault: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)

    assert main([]) == 2
    assert capsys.readouterr().err == f"{name} {fault}\n"


@pytest.mark.parametrize(("content", "why"), [(b"WEB_HOST=d\xe4t\n", "it is not UTF-8")])
def test_a_file_of_settings_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(content)

    assert main([]) == 2
    assert capsys.readouterr().err == f"The file .env cannot be read ({why}).\n"


def test_what_stands_around_a_setting_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "s3cret\n")
    monkeypatch.setenv("ENGINE_URL", " http://gpu-host:8065 ")
    monkeypatch.setenv("WEB_TOKEN", "  ")
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setenv("DATA_DIR", "~/tessera")

    settings = Settings(**NO_FILE)

    assert settings.discord_token == SecretStr("s3cret")
    assert settings.engine_url == "http://gpu-host:8065"
    assert settings.web_token is None
    assert settings.data_dir == Path("/home/anna/tessera")


@pytest.mark.parametrize(
    ("listen", "asked"),
    [
        ("127.0.0.1:8065", "http://127.0.0.1:8065"),
        ("0.0.0.0:8065", "http://127.0.0.1:8065"),
        ("[::]:8065", "http://[::1]:8065"),
        ("gpu-host:8065", "http://gpu-host:8065"),
    ],
)
def test_an_engine_is_asked_where_it_listens(monkeypatch: pytest.MonkeyPatch, listen: str, asked: str) -> None:
    monkeypatch.setenv("ENGINE_LISTEN", listen)

    assert Settings(**NO_FILE).engine_address == asked
    assert Settings(**NO_FILE, engine_url="http://other:1").engine_address == "http://other:1"


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


def _main(monkeypatch: pytest.MonkeyPatch, folder: Path) -> int:
    """The bot in `folder`, with its log taken away again."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DATA_DIR", "data")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    handlers = logging.getLogger().handlers[:]
    status = main(["console"])
    logging.getLogger().handlers[:] = handlers
    return status


def test_a_data_folder_that_is_none_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").write_text("")

    assert _main(monkeypatch, tmp_path) == 2
    assert capsys.readouterr().err == "DATA_DIR=data is not a folder that can be written: File exists.\n"


def test_a_folder_that_the_bot_makes_is_for_its_owner_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert _main(monkeypatch, tmp_path) == 0
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def _open_to_others(folder: Path) -> list[str]:
    """What another user of this machine can read below a folder that is open to everybody."""
    found = []
    for place in folder.iterdir():
        mode = place.stat().st_mode
        if place.is_dir():
            found += _open_to_others(place) if mode & stat.S_IXOTH else []
        elif mode & stat.S_IROTH:
            found.append(place.name)
    return found


def _pictures(folder: Path) -> list[Path]:
    return list(folder.rglob("*.png"))


async def test_what_people_asked_for_is_for_the_owner_only_whoever_made_the_folder(tmp_path: Path) -> None:
    before = os.umask(0o022)
    conversation = Conversation(tmp_path / "web")
    try:
        async with rig(tmp_path) as r:
            await r.hear(ANNA, "/grid a cat blocks:1")
            await r.settled()
            await conversation.add("anna", "typed", {}, [Picture("a.png", b"png", "A picture.")], "a key")
            readable, pictures = _open_to_others(tmp_path), _pictures(tmp_path)
    finally:
        os.umask(before)
        conversation.close()

    assert (readable, len(pictures)) == ([], 5)


def test_a_history_of_a_newer_tessera_ends_the_bot_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "history.sqlite"
    with closing(sqlite3.connect(file)) as newer:
        newer.execute("PRAGMA journal_mode = WAL")
        newer.execute("PRAGMA user_version = 99")
    was = file.read_bytes()

    status = _main(monkeypatch, tmp_path)

    assert status == 1
    assert "was written by a newer Tessera" in capsys.readouterr().err
    assert file.read_bytes() == was


@pytest.mark.parametrize("damage", ["no database", "half of one", "a folder"])
def test_a_history_that_cannot_be_read_ends_the_bot_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    assert _main(monkeypatch, tmp_path) == 0
    file = tmp_path / "data" / "history.sqlite"
    half = file.read_bytes()[: file.stat().st_size // 2]
    if damage == "a folder":
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(half if damage == "half of one" else b"dear diary " * 1000)
    capsys.readouterr()
    before = set(threading.enumerate())

    status = _main(monkeypatch, tmp_path)

    said = capsys.readouterr().err
    assert status == 1
    assert said.startswith(f"{file} cannot be used: ")
    assert len(said.splitlines()) == 1
    assert ("Put back a copy of DATA_DIR" in said) == (damage != "a folder")
    # A thread of the database that is left keeps the process from ending.
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_a_history_that_this_user_may_not_write_ends_the_bot_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a bot that was started as another user once; whoever runs these tests may be one who may do everything
    file = tmp_path / "data" / "history.sqlite"
    monkeypatch.setattr("os.access", lambda path, mode: (path, mode) != (file, os.W_OK))

    assert _main(monkeypatch, tmp_path) == 1
    assert capsys.readouterr().err == f"{file} cannot be used: this user may not write it.\n"
