"""The bot beside a real engine process (with fake painters): started where none answers, found again, outlived."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot import texts
from bot.__main__ import core
from bot.app import App
from bot.engine_client import Engine, _outliving
from bot.settings import Settings
from engine.contract.client import EngineClient
from engine.contract.data_dir import ENGINE_RECORD
from engine.contract.errors import EngineAway
from tests.fake_talk import ANNA, FakeChat, FakePlatform, heard

GRID = "/grid prompt:a cat wearing neon-glasses blocks:2"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENGINE_PAINTERS", "fake")
    monkeypatch.setenv("PROFILE", "embedded")
    monkeypatch.setattr("bot.engine_client.PATIENCE_S", 0.0)
    monkeypatch.setattr("bot.engine_client.LOOK_S", 0.1)
    return tmp_path


@asynccontextmanager
async def bot(data: Path, chat: FakeChat) -> AsyncIterator[App]:
    app = await core(Settings(**_settings(data)), {"fake": FakePlatform(chat)})
    await app.start()
    try:
        yield app
    finally:
        await app.parts.database.close()
        await app.stop()
        await app.parts.engine.client.close()


BY_HAND = ("-m", "engine")
BY_A_BOT = ("-m", "engine", "serve", "--renew")
OF_ANOTHER_VERSION = (
    "-c",
    """
from engine.command_line import main
from engine.contract import events

events.VERSION = 10
main(["serve", "--renew"])
""",
)


def start(data: Path, run: Sequence[str]) -> "subprocess.Popen[bytes]":
    """An engine process with the environment of now."""
    with (data / "engine.log").open("ab") as out:
        environment = {**os.environ, "DATA_DIR": str(data)}
        engine = subprocess.Popen([sys.executable, *run], stdout=out, stderr=out, env=environment)
    _outliving.append(engine)
    return engine


@asynccontextmanager
async def no_engine_left(data: Path) -> AsyncIterator[None]:
    """Engines outlive the bot on purpose, so the test ends them: by the process id that each one told."""
    try:
        yield
    finally:
        for pid in _engines(data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while _outliving:
            _outliving.pop().wait(20)


async def test_a_bot_alone_starts_an_engine_and_the_next_bot_finds_the_same_one(data: Path) -> None:
    async with no_engine_left(data):
        chat = FakeChat()
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, GRID))
            await chat.until(lambda: len(chat.posts()) == 1, 60)
            first = await app.parts.engine.ready()
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, GRID))
            await chat.until(lambda: len(chat.posts()) == 2, 60)

            assert await app.parts.engine.ready() == first
        assert len(_engines(data)) == 1


async def test_an_engine_that_is_killed_is_started_again_and_the_grid_arrives_once(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asked_for(client: EngineClient, job: str, cell: str) -> bytes:
        return (await client._call("GET", f"/jobs/{job}/cells/{cell}")).content

    # As large pictures are: small ones, which come with their events, may all have come when the engine is killed.
    monkeypatch.setattr(EngineClient, "picture", asked_for)
    async with no_engine_left(data):
        chat = FakeChat()
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, "/grid prompt:a cat approach:3 blocks:4"))
            await _until(lambda: app.parts.database.one("SELECT 1 FROM pictures"))
            os.kill(_engines(data)[0], signal.SIGKILL)
            await chat.until(chat.posts, 90)

            await _until(lambda: app.parts.database.one("SELECT 1 FROM jobs WHERE state = 'delivered' AND told = 1"))
            assert len(chat.posts()) == 1
            assert len(chat.said()) == 1
        assert len(_engines(data)) == 2


async def test_two_bots_that_start_at_once_start_one_engine(data: Path) -> None:
    async with no_engine_left(data):
        engines = [Engine(Settings(**_settings(data))) for _ in range(2)]
        running = [asyncio.create_task(engine.run()) for engine in engines]
        found = await asyncio.wait_for(asyncio.gather(*(engine.ready() for engine in engines)), 60)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, *(engine.client.close() for engine in engines), return_exceptions=True)

        assert found[0] == found[1]
        assert len(_engines(data)) == 1


async def test_an_engine_that_cannot_start_is_told_with_its_last_words(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_PAINTERS", "nonsense")
    engine = Engine(Settings(**_settings(data)))
    running = asyncio.create_task(engine.run())
    await _until(lambda: _soon(engine.last_words))
    running.cancel()
    await asyncio.gather(running, engine.client.close(), return_exceptions=True)

    while _outliving:
        _outliving.pop().wait(20)
    assert engine.instance is None
    assert "ENGINE_PAINTERS must be local, ray or fake" in engine.last_words


async def test_an_engine_of_an_earlier_bot_with_other_settings_gives_way_and_its_job_arrives_once(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with no_engine_left(data):
        chat = FakeChat()
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, "/grid prompt:a cat approach:3 blocks:8"))
            await _until(lambda: app.parts.database.one("SELECT 1 FROM pictures"))
            first = app.parts.engine.health["pid"]
        monkeypatch.setenv("FILLER_POOL", "3")
        async with bot(data, chat) as app:
            await chat.until(chat.posts, 90)

            assert app.parts.engine.health["pid"] != first
            assert not await app.parts.database.one("SELECT 1 FROM jobs WHERE deaths > 0 OR state = 'failed'")
        assert len(chat.posts()) == 1
        assert _engines(data)[0] == first
        assert len(_engines(data)) == 2
        assert [child.wait(20) for child in _outliving if child.pid == first] == [0]


@pytest.mark.parametrize("what", ["version", "address", "token"])
async def test_an_engine_of_an_earlier_bot_that_cannot_be_talked_to_gives_way(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    if what == "token":
        monkeypatch.setenv("ENGINE_TOKEN", "old")
    async with no_engine_left(data):
        start(data, OF_ANOTHER_VERSION if what == "version" else BY_A_BOT)
        await _until(lambda: _soon(_engines(data)))
        if what == "token":
            monkeypatch.setenv("ENGINE_TOKEN", "new")
        elif what == "address":
            with socket.create_server(("127.0.0.1", 0)) as free:
                monkeypatch.setenv("ENGINE_LISTEN", f"127.0.0.1:{free.getsockname()[1]}")
        else:
            monkeypatch.setenv("FILLER_POOL", "3")
        chat = FakeChat()
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, GRID))
            await chat.until(lambda: len(chat.posts()) == 1, 60)

        assert len(_engines(data)) == 2
        assert "nothing is painted" not in caplog.text


async def test_with_a_wrong_setting_the_engine_of_an_earlier_bot_stays_and_the_log_says_what_is_wrong(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with no_engine_left(data):
        chat = FakeChat()
        async with bot(data, chat) as app:
            first = await app.parts.engine.ready()
        monkeypatch.setenv("ENGINE_PAINTERS", "nonsense")
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, GRID))
            await chat.until(lambda: len(chat.posts()) == 1, 60)

            assert await app.parts.engine.ready() == first
        assert "the engine stays as it is: ENGINE_PAINTERS must be local, ray or fake" in caplog.text


async def test_an_engine_that_somebody_started_stays_whatever_its_settings(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with no_engine_left(data):
        engine = start(data, BY_HAND)
        await _until(lambda: _soon(_engines(data)))
        monkeypatch.setenv("FILLER_POOL", "3")
        chat = FakeChat()
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, GRID))
            await chat.until(lambda: len(chat.posts()) == 1, 60)

            assert app.parts.engine.health["pid"] == engine.pid
        assert _engines(data) == [engine.pid]


class Answering(EngineClient):
    """An engine that an earlier bot started: it says who it is, or says nothing."""

    def __init__(self, *, silent: bool = False) -> None:
        super().__init__("http://127.0.0.1:9", Path("none"))
        self._silent = silent

    async def health(self) -> dict[str, Any]:
        if self._silent:
            await asyncio.Event().wait()
        return {"instance": "before", "pid": 1}


async def test_an_engine_beside_which_none_can_be_started_stays(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    (data / ENGINE_RECORD).touch()
    (data / "engine.log").mkdir()
    engine = Engine(Settings(**_settings(data)), Answering())

    await engine.renew()

    assert await engine.ready() == "before"
    assert f"the engine stays as it is: {data / 'engine.log'}: Is a directory" in caplog.text
    await engine.client.close()


async def test_a_silent_engine_keeps_no_bot_from_starting(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine_client.GLANCE_S", 0.01)
    (data / ENGINE_RECORD).touch()
    (data / "engine.log").mkdir()
    engine = Engine(Settings(**_settings(data)), Answering(silent=True))

    async with asyncio.timeout(10):
        await engine.renew()

    await engine.client.close()


@pytest.mark.parametrize("file", ["engine.log", "engine-start.lock"])
async def test_a_file_that_cannot_be_written_keeps_the_engine_from_starting_and_is_named(
    data: Path, caplog: pytest.LogCaptureFixture, file: str
) -> None:
    (data / file).mkdir()
    engine = Engine(Settings(**_settings(data)))
    running = asyncio.create_task(engine.run())
    await _until(lambda: _soon(engine.last_words))
    running.cancel()
    await asyncio.gather(running, engine.client.close(), return_exceptions=True)

    assert engine.last_words == f"{data / file}: Is a directory"
    assert f"no engine can be started: {engine.last_words}" in caplog.text
    assert not engine.coming


async def test_a_question_that_is_asked_before_the_engine_answers_waits_for_it(data: Path) -> None:
    async with no_engine_left(data):
        chat = FakeChat()
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, "/compare a cat approaches:1,3 seeds:2"))
            await chat.until(lambda: len(chat.whispered()) == 2, 60)

            assert chat.whispered()[0] == texts.ENGINE_COMES
            assert "*Compare 2 columns of “a cat”?*" in chat.whispered()[1]


async def test_a_question_is_refused_where_the_engine_that_was_waited_for_cannot_start(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_PAINTERS", "nonsense")
    chat = FakeChat()
    async with bot(data, chat) as app:
        await app.hear(heard(chat, ANNA, "/styles"))
        await chat.until(lambda: len(chat.whispered()) == 2, 60)
        await app.hear(heard(chat, ANNA, "/styles"))
        await chat.until(lambda: len(chat.whispered()) == 3, 60)

    while _outliving:
        _outliving.pop().wait(20)
    assert chat.whispered() == [texts.ENGINE_COMES, texts.ENGINE_AWAY, texts.ENGINE_AWAY]


async def test_an_engine_that_the_bot_starts_is_asked_where_it_listens(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setenv("ENGINE_LISTEN", f"127.0.0.1:{free.getsockname()[1]}")
    async with no_engine_left(data):
        chat = FakeChat()
        async with bot(data, chat) as app:
            await app.hear(heard(chat, ANNA, GRID))
            await chat.until(lambda: len(chat.posts()) == 1, 60)

        assert len(_engines(data)) == 1
        assert not (data / "engine.sock").exists()


@pytest.mark.parametrize("other", ["another token", "another version"])
async def test_beside_an_engine_that_does_not_fit_none_is_started_and_the_log_says_which_it_is(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, other: str
) -> None:
    # given an engine that somebody started before the token was changed, or Tessera brought up to date
    monkeypatch.setenv("ENGINE_TOKEN", "old")
    async with no_engine_left(data):
        pid = str(start(data, BY_HAND).pid)
        await _until(lambda: _soon(_engines(data)))

        if other == "another token":
            monkeypatch.setenv("ENGINE_TOKEN", "new")
        else:
            monkeypatch.setattr("engine.contract.client.events.VERSION", 10)
        after = Engine(Settings(**_settings(data)))
        await after.renew()
        running = asyncio.create_task(after.run())
        await _until(lambda: _soon(after.trouble))
        looked = [await after.check() for _ in range(3)]
        running.cancel()
        await asyncio.gather(running, after.client.close(), return_exceptions=True)

        assert not any(looked)
        assert not after._nobody
        assert not after.coming
        assert caplog.text.count("nothing is painted: ") == 1
        assert ("ENGINE_TOKEN" if other == "another token" else f"process {pid}, speaks version") in caplog.text
        assert len(_engines(data)) == 1


async def test_with_an_address_no_engine_is_ever_started(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(Settings(**_settings(data), engine_url="http://127.0.0.1:9"))
    running = asyncio.create_task(engine.run())
    await _until(lambda: _soon(engine.trouble))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert engine.instance is None
    assert "does not answer" in (engine.trouble or "")
    assert "nothing is painted: The engine at http://127.0.0.1:9 does not answer" in caplog.text
    assert not engine.coming
    assert not (data / "engine.log").exists()
    with pytest.raises(EngineAway):
        await engine.client.health()
    await engine.client.close()


def test_the_bot_starts_where_torch_is_not_there() -> None:
    probe = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'diffusers', 'discord', 'slack_sdk']));"
        "import bot.__main__ as m; print(len(m.COMMANDS))"
    )

    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


async def _until(happened: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not await happened():  # noqa: ASYNC110  # another process gives no event to wait for
            await asyncio.sleep(0.01)


async def _soon(value: object) -> object:
    return value


def _settings(data: Path) -> dict[str, Any]:
    return {"_env_file": None, "data_dir": data}


def _engines(data: Path) -> list[int]:
    """Process ids of the engines that served from this folder, oldest first."""
    found = []
    for line in (data / "engine.log").read_text().splitlines() if (data / "engine.log").exists() else []:
        said = json.loads(line) if line.startswith("{") else {}
        if said.get("text", "").startswith("serving on"):
            found.append(said["pid"])
    return found
