"""Pictures between the engine and the disk: side by side, kept together, and nothing of it left over."""

import asyncio
import errno
import hashlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from PIL import Image

import bot.pictures
from bot.jobs import JobRow
from bot.keeping import HANDS, MOST, TRIES, Keeping
from bot.numbers import Numbers
from bot.parts import Parts
from bot.pictures import ArrivedPicture, Pictures
from bot.prints import Shrinking
from engine.contract.errors import BadRequest, EngineAway, TesseraError
from engine.contract.events import PicturePainted
from engine.contract.grid import Judged
from engine.contract.sheet import boxes
from tests.fake_engine import picture_of
from tests.test_queue import bench

CELLS = list(boxes(4, 8))


class Counting(Pictures):
    """Notes how many pictures come together."""

    together: list[int]

    async def keep(self, job: JobRow, pictures: Sequence[ArrivedPicture]) -> None:
        self.together.append(len(pictures))
        await super().keep(job, pictures)


class Client:
    """An engine that hands out pictures; the first of some cells arrive damaged, and one it does not know."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.damaged: Counter[str] = Counter()
        self.asked: list[str] = []
        self.most = self._now = 0
        self.go = asyncio.Event()
        self.go.set()
        self.lost = ""

    async def picture(self, _job: str, cell: str) -> bytes:
        self.asked.append(cell)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await asyncio.sleep(0)
            if cell == self.lost:
                raise BadRequest("There is no job like that.")
            await self.go.wait()
        finally:
            self._now -= 1
        self.damaged[cell] -= 1
        return b"torn" if self.damaged[cell] >= 0 else self.files.get(cell, cell.encode())


class Stage:
    """A job whose pictures are brought, with everything that they meet on their way."""

    def __init__(self, parts: Parts, job: JobRow, pictures: Counting, client: Client) -> None:
        self.parts, self.job, self.pictures, self.client = parts, job, pictures, client
        self.touched = 0

    def touch(self) -> None:
        self.touched += 1

    def keeping(self, have: Sequence[str] = ()) -> Keeping:
        return Keeping(self.parts, self.job, have)

    async def kept(self) -> set[str]:
        return set(await self.pictures.have(self.job))


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    async with bench(folder) as b:
        job = await b.put("A", "A1", cost=64)
        assert job is not None
        pictures, client = Counting(b.database, folder / "pictures"), Client()
        pictures.together = []
        parts = SimpleNamespace(pictures=pictures, engine=SimpleNamespace(client=client), numbers=Numbers())
        found = Stage(cast("Parts", parts), job, pictures, client)
        parts.queue = found
        yield found


def told(cell: str) -> PicturePainted:
    return PicturePainted(cell=cell, score=0.5, sha256=hashlib.sha256(cell.encode()).hexdigest(), bytes=len(cell))


async def test_pictures_are_fetched_side_by_side_and_those_that_came_together_are_kept_together(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.keeping() as keeping:
        for cell in CELLS[: MOST + 8]:
            keeping.take(told(cell))
        await keeping.all()

        assert s.pictures.together == [MOST, 8]
        assert s.client.most == HANDS
        assert await s.kept() == set(CELLS[: MOST + 8])
        assert (await s.pictures.load(s.job.id))["A1"] == b"A1"
        assert s.touched == 2
        assert b"tessera_pictures_total 40.0" in s.parts.numbers.as_text()


async def test_a_picture_that_is_there_or_on_its_way_is_not_fetched_again(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.keeping(["A1"]) as keeping:
        for cell in ("A1", "B1", "B1"):
            keeping.take(told(cell))
        await keeping.all()
        keeping.take(told("B1"))
        await keeping.all()

        assert s.client.asked == ["B1"]


async def test_one_that_comes_after_all_others_were_kept_is_kept_too(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.keeping() as keeping:
        for cell in ("A1", "B1"):
            keeping.take(told(cell))
            await keeping.all()

        assert await s.kept() == {"A1", "B1"}


async def test_what_nobody_told_of_is_asked_for_in_the_end(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.keeping() as keeping:
        keeping.take(told("A1"))
        await keeping.all(["A1", "B1"])

        assert {cell: judged.score for cell, judged in (await s.pictures.have(s.job)).items()} == {
            "A1": 0.5,
            "B1": None,
        }


async def test_a_withheld_picture_is_kept_without_asking_for_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.keeping() as keeping:
        keeping.take(PicturePainted(cell="A1", withheld="unsafe"))
        await keeping.all()

        assert s.client.asked == []
        assert (await s.pictures.have(s.job))["A1"].withheld == "unsafe"


async def test_pictures_are_made_smaller_as_they_come_all_but_the_withheld(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.keeping() as keeping:
        small_images: dict[str, Image.Image] = {}
        keeping.shrinking = Shrinking(small_images, 1, lambda _: 16)
        s.client.files["B1"] = picture_of(s.job.id, "B1")
        for event in (PicturePainted(cell="A1", withheld="unsafe"), PicturePainted(cell="B1")):
            keeping.take(event)
        await keeping.all()

        assert {cell: image.width for cell, image in small_images.items()} == {"B1": 16}


async def test_one_that_arrives_damaged_is_fetched_again_but_not_for_ever(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        s.client.damaged["A1"] = TRIES - 1
        async with s.keeping() as keeping:
            keeping.take(told("A1"))
            await keeping.all()
        s.client.damaged["B1"] = TRIES
        async with s.keeping(["A1"]) as keeping:
            keeping.take(told("B1"))
            keeping.take(told("C1"))
            with pytest.raises(TesseraError, match=r"B1 of grid .* arrived damaged"):
                await keeping.all()

        assert await s.kept() == {"A1"}


async def test_an_engine_that_does_not_know_what_it_told_of_is_another_one(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.keeping() as keeping:
        s.client.lost = "A1"
        keeping.take(told("A1"))
        with pytest.raises(EngineAway, match="There is no job"):
            await keeping.all()


async def test_where_one_picture_cannot_be_had_nobody_waits_for_the_others(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        before = asyncio.all_tasks()
        async with s.keeping() as keeping:
            s.client.lost, s.client.go = "B1", asyncio.Event()
            for cell in CELLS[:MOST]:
                keeping.take(told(cell))
            with pytest.raises(EngineAway, match="There is no job"):
                await keeping.all()

            assert asyncio.all_tasks() == before
        assert await s.kept() == set()


async def test_what_went_wrong_is_told_by_the_next_call_and_nothing_of_it_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = bot.pictures._write

    def full(path: Path, data: bytes) -> None:
        if path.stem == "B1":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr("bot.pictures._write", full)
    async with stage(tmp_path) as s, s.keeping() as keeping:
        for cell in ("A1", "B1", "C1"):
            keeping.take(told(cell))
        with pytest.raises(OSError, match="No space left"):
            await keeping.all()

        for again in (keeping.check, lambda: keeping.take(told("D1"))):
            with pytest.raises(OSError, match="No space left"):
                again()
        assert await s.kept() == set()


async def test_where_one_file_cannot_be_written_no_thread_writes_the_others_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, written = threading.Event(), list[str]()

    def full(path: Path, _data: bytes) -> None:
        if path.stem == "B1":
            raise OSError(errno.ENOSPC, "No space left on device")
        assert go.wait(10)
        written.append(path.stem)

    monkeypatch.setattr("bot.pictures._write", full)
    async with stage(tmp_path) as s:
        asyncio.get_running_loop().call_later(0.01, go.set)
        with pytest.raises(OSError, match="No space left"):
            await s.pictures.keep(s.job, [ArrivedPicture(cell, b"x", None, Judged()) for cell in ("A1", "B1")])

        assert written == ["A1"]


async def test_who_leaves_early_leaves_nothing_behind(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        before = asyncio.all_tasks()
        async with s.keeping() as keeping:
            s.client.go.clear()
            keeping.take(told("A1"))
            await asyncio.sleep(0)

        assert asyncio.all_tasks() == before
        assert await s.kept() == set()


async def test_who_leaves_while_files_are_written_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    write = bot.pictures._write

    def slowly(path: Path, data: bytes) -> None:
        begun.set()
        assert go.wait(10)
        write(path, data)

    monkeypatch.setattr("bot.pictures._write", slowly)
    async with stage(tmp_path) as s:
        async with s.keeping() as keeping:
            keeping.take(told("A1"))
            await asyncio.to_thread(begun.wait, 10)
            asyncio.get_running_loop().call_later(0.01, go.set)

        # No thread writes any more, and no row promises what was not waited for.
        assert await s.pictures.load(s.job.id) == {"A1": b"A1"}
        assert await s.kept() == set()
