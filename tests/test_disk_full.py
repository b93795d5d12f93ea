"""A disk that is full for a while: nothing is lost, nothing comes twice, and the bot goes on by itself."""

import asyncio
import errno
import io
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import bot.pictures
from bot.app import _for_ever
from bot.disk import NotKept
from bot.history import Database
from engine.contract.jsonlog import Quietly
from tests.bot_rig import Rig, rig
from tests.fake_talk import ANNA, heard

CAT = "/grid prompt:a cat wearing neon-glasses blocks:2"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow one another at once, and never end."""
    monkeypatch.setattr("bot.disk.WAITS", (0.0,) * 10_000)
    monkeypatch.setattr("bot.disk.LONGEST_S", 0.0)
    monkeypatch.setattr("bot.answering.WAITS", (0.0,) * 10_000)
    monkeypatch.setattr("bot.app.LOOP_PAUSE_S", 0.0)


class Failing:
    """Does `work`, but not the first `left` times, as the disk is full then."""

    def __init__(self, work: Callable[..., Awaitable[Any]], left: int) -> None:
        self.work, self.left = work, left

    async def __call__(self, *given: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left >= 0:
            raise NotKept("database or disk is full")
        return await self.work(*given, **named)


class Full:
    """SQLite's own full disk: the database may not grow beyond the pages that it has."""

    def __init__(self, database: Database, caplog: pytest.LogCaptureFixture) -> None:
        self._writer, self._caplog = database._writer, caplog

    async def begin(self) -> None:
        (row,) = await self._writer.execute_fetchall("PRAGMA page_count")
        await self._writer.execute_fetchall(f"PRAGMA max_page_count = {row[0]}")

    async def end(self) -> None:
        await self._writer.execute_fetchall("PRAGMA max_page_count = 1000000")

    async def met(self) -> None:
        """Wait until somebody wanted to write and could not."""
        async with asyncio.timeout(10):
            while "full" not in self._caplog.text:  # noqa: ASYNC110  # a log has no event to wait for
                await asyncio.sleep(0)


async def test_a_full_database_undoes_what_was_begun_and_works_again_afterwards(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = await Database.open(tmp_path / "history.sqlite")
    full = Full(database, caplog)
    person = "INSERT INTO people (platform, key, name) VALUES ('fake', :key, :name)"
    await full.begin()

    with pytest.raises(NotKept, match="full"):  # noqa: PT012  # the transaction is what raises
        async with database.transaction() as rows:
            for number in range(1000):
                await rows.write(person, key=str(number), name="x" * 1000)
    await full.end()
    await database.write(person, key="anna", name="Anna")

    assert [row["key"] for row in await database.read("SELECT key FROM people")] == ["anna"]
    await database.close()


async def test_a_mistake_in_a_statement_is_no_full_disk(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "history.sqlite")

    with pytest.raises(Exception, match="no such table") as caught:
        await database.read("SELECT * FROM nobody")

    assert not isinstance(caught.value, NotKept)
    await database.close()


async def test_a_grid_goes_on_when_its_pictures_can_be_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = 20
    write = bot.pictures._write

    def full(path: Path, data: bytes) -> None:
        nonlocal left
        left -= 1
        if 0 < left < 15:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr("bot.pictures._write", full)
    async with rig(tmp_path) as r:
        await r.hear(ANNA, CAT)
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert len(r.chat.posts()) == 1


async def test_a_disk_that_stays_full_ends_the_grid_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("bot.disk.WAITS", (0.0,) * 2)
    monkeypatch.setattr("bot.pictures._write", full)
    async with rig(tmp_path) as r:
        await r.hear(ANNA, CAT)
        await r.settled()

        (job,) = await r.jobs()
        assert (job.state, job.reason) == ("failed", "disk_full")
        assert "is still full" in r.chat.said()[0].message.text
        assert r.engine.alive == {}


@pytest.mark.parametrize("after", [0, 3, 15])
async def test_a_database_that_is_full_while_a_grid_is_painted_delivers_it_once_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, after: int
) -> None:
    async with rig(tmp_path) as r:
        full = Full(r.app.parts.database, caplog)
        r.engine.hold(after=after)
        # Its plan and its pictures' rows are more than the pages that an empty database has.
        await r.hear(ANNA, CAT.replace("blocks:2", "blocks:4"))
        await r.engine.reached.wait()
        await r.idle()
        await full.begin()
        await _fill(r)
        r.engine.go_on.set()
        await full.met()
        await full.end()
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert len(r.chat.posts()) == 1
        assert len(r.chat.said()) == 1


async def test_a_grid_that_was_taken_over_after_a_restart_is_posted_when_there_is_room(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=3)
        await r.hear(ANNA, CAT)
        await r.engine.reached.wait()
        await r.kill()
        await r.start()
        failing = r.app.parts.deliveries.begin = Failing(r.app.parts.deliveries.begin, 2)  # type: ignore[method-assign]
        r.engine.go_on.set()
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert len(r.chat.posts()) == 1
        assert failing.left < 0


async def test_a_grid_that_is_cancelled_while_it_waits_for_room_to_be_posted_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.disk.WAITS", (0.05,) * 10_000)
    async with rig(tmp_path) as r:
        begin = r.app.parts.deliveries.begin
        tried = asyncio.Event()

        async def full(key: str, **given: Any) -> Any:
            if key.endswith("-post"):
                tried.set()
                raise NotKept("database or disk is full")
            return await begin(key, **given)

        monkeypatch.setattr(r.app.parts.deliveries, "begin", full)
        await r.hear(ANNA, CAT)
        await tried.wait()
        await r.hear(ANNA, "/cancel")
        monkeypatch.setattr(r.app.parts.deliveries, "begin", begin)
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["cancelled"]
        assert r.chat.posts() == []
        assert "ancelled" in r.chat.said()[0].message.text


async def test_a_command_that_is_committed_is_answered_though_the_disk_is_full_just_then(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        failing = r.app.parts.inbox.moved = Failing(r.app.parts.inbox.moved, 2)  # type: ignore[method-assign]
        command = heard(r.chat, ANNA, CAT)
        acknowledge = command.talk.acknowledge

        async def growing(*, private: bool) -> None:
            await acknowledge(private=private)
            command.talk.own = "grown"  # type: ignore[attr-defined]

        command.talk.acknowledge = growing  # type: ignore[method-assign]
        await r.app.hear(command)
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert failing.left < 0


async def test_an_order_that_is_committed_becomes_a_job_once_the_disk_has_room(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        failing = r.app.parts.queue.put = Failing(r.app.parts.queue.put, 2)  # type: ignore[method-assign]
        await r.hear(ANNA, CAT)
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert r.chat.whispers == []
        assert failing.left < 0


async def test_a_loop_of_the_bot_that_fails_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(tmp_path) as r:
        r.app.parts.queue.lend = Failing(r.app.parts.queue.lend, 3)  # type: ignore[method-assign]
        await r.hear(ANNA, CAT)
        await r.hear(ANNA, CAT)
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"] * 2
        assert "Lender.run failed; next try" in caplog.text


async def test_a_loop_that_fails_while_it_is_told_to_end_ends() -> None:
    begun = asyncio.Event()

    async def lose_the_cancel() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError("no active connection") from None

    loop = asyncio.create_task(_for_ever(lose_the_cancel))
    await begun.wait()
    loop.cancel()

    async with asyncio.timeout(30):
        await loop


def test_a_log_that_cannot_be_written_shows_no_bare_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    log = logging.Logger("full")  # noqa: LOG001  # one that nobody else sees
    log.addHandler(Quietly(Gone()))
    log.warning("a token: %s", "xoxb-my-secret")

    assert capsys.readouterr().err == ""


async def _fill(r: Rig) -> None:
    """Use up what room the present pages still have."""
    database = r.app.parts.database
    row = "INSERT INTO preferences VALUES ('person', :owner, 'filling', :value)"
    for size in (3000, 300, 30, 3):
        for number in range(10_000):
            try:
                await database.write(row, owner=f"{size}-{number}", value="x" * size)
            except NotKept:
                break
