"""The engine over HTTP, by its own client and by hand: streams, take-overs, refusals."""

import asyncio
import contextlib
import gc
import hashlib
import json
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from engine import server
from engine.contract.client import EngineClient
from engine.contract.errors import BadRequest, EngineAway, Mismatch
from engine.contract.events import Event, GridMade, GridPlanned, JobFailed, PicturePainted, Progress
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.scoring import ScorePicture
from engine.local import engine_for
from engine.painter import FakePainter, Pixels
from engine.serve import _unix
from engine.settings import Settings
from tests.engines import grid, running_engine


@contextlib.asynccontextmanager
async def served(
    home: Path, socket: Path, painter: FakePainter, token: str | None = None
) -> AsyncIterator[EngineClient]:
    """The engine on a Unix socket, with a client of its own."""
    async with running_engine(home, painter) as engine:
        listener = _unix(socket)
        http = uvicorn.Server(uvicorn.Config(server.app(engine, "no device", token), log_config=None, ws="none"))
        serving = asyncio.create_task(http.serve(sockets=[listener]))
        client = EngineClient(None, socket, token)
        yield client
        await client.close()
        http.should_exit = True
        await serving
        listener.close()


def noise(side: int, seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


async def all_events(stream: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in stream]


async def test_a_job_over_http_ends_with_its_grid_and_its_pictures_can_be_fetched(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "s", FakePainter()) as client:
        job = grid(blocks=2, approach=3)
        told = await all_events(client.run(job))
        files = [await client.picture(job.id, event.cell) for event in told if isinstance(event, PicturePainted)]

    assert isinstance(told[-1], GridMade)
    assert len(files) == 16
    assert all(data.startswith(b"\x89PNG") for data in files)


@pytest.mark.parametrize(("side", "asked"), [(64, 4), (512, 8)])
async def test_small_pictures_come_with_their_events_and_large_ones_are_asked_for(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int, asked: int
) -> None:
    painter = FakePainter(side)
    monkeypatch.setattr(painter, "_picture", lambda seed: noise(side, seed))
    async with served(home, tmp_path / "s", painter) as client:
        calls: list[str] = []
        call = client._call

        async def counted(method: str, path: str) -> httpx.Response:
            calls.append(path)
            return await call(method, path)

        monkeypatch.setattr(client, "_call", counted)
        job, files = grid(blocks=1, approach=3), {}
        async for event in client.run(job):
            if isinstance(event, PicturePainted):
                files[event.cell] = await client.picture(job.id, event.cell)
                assert hashlib.sha256(files[event.cell]).hexdigest() == event.sha256
        again = {cell: await client.picture(job.id, cell) for cell in files}

    assert files == again
    assert len(calls) == asked


async def test_a_picture_that_cannot_be_read_is_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []

    def engine(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            asked.append(request.url.path)
            return httpx.Response(200, content=b"the picture")
        painted = PicturePainted(cell="A1", bytes=3, png="no base64!").model_dump_json()
        failed = JobFailed(reason="painting_failed", detail="enough").model_dump_json()
        return httpx.Response(200, content=f"{painted}\n{failed}\n")

    client, job = EngineClient("http://engine", tmp_path / "s"), grid()
    client._http = httpx.AsyncClient(base_url="http://engine", transport=httpx.MockTransport(engine))
    found = [await client.picture(job.id, "A1") async for event in client.run(job) if isinstance(event, PicturePainted)]
    await client.close()

    assert found == [b"the picture"]
    assert asked == [f"/jobs/{job.id}/cells/A1"]


async def test_a_stream_that_was_cut_cancels_nothing_and_is_taken_over(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "s", FakePainter(step_seconds=0.001)) as client:
        job = grid(approach=3)
        stream = client.run(job)
        first = [await anext(stream) for _ in range(3)]
        await stream.aclose()  # type: ignore[attr-defined]

        told = await all_events(client.run(job))

    planned = [event for event in first if isinstance(event, GridPlanned)]
    assert planned == [event for event in told if isinstance(event, GridPlanned)]
    assert len({event.cell for event in told if isinstance(event, PicturePainted)}) == 64
    assert isinstance(told[-1], GridMade)


async def test_results_are_kept_until_they_are_acknowledged(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "s", FakePainter()) as client:
        job = grid(blocks=1)
        await all_events(client.run(job))
        assert await client.picture(job.id, "A1")

        await client.cancel(job.id)

        with pytest.raises(BadRequest, match="no job"):
            await client.picture(job.id, "A1")


async def test_delete_cancels_a_job_that_is_alive(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "s", FakePainter(step_seconds=0.005)) as client:
        job = grid(approach=3)
        stream = client.run(job)
        await anext(stream)
        await client.cancel(job.id)

        told = await all_events(stream)

    assert isinstance(told[-1], JobFailed)
    assert told[-1].reason == "cancelled"


async def test_a_silent_stream_stays_open_with_empty_lines(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.running.SILENCE", 0.001)
    async with served(home, tmp_path / "s", FakePainter(step_seconds=0.02)) as client:
        told = await all_events(client.run(grid(blocks=1, steps=3)))

    assert isinstance(told[-1], GridMade)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "The body must be a job as JSON."),
        ("[]", "The body must be a job as JSON."),
        ('{"id": "k3x9tq2m7d"}', 'work is missing: what to do, such as {"prompt": "a cat"}.'),
        (
            '{"id": "x", "work": {"prompt": "a cat"}}',
            "id must be ten or more letters and digits, such as k3x9tq2m7d, not “x”.",
        ),
        (
            '{"id": "k3x9tq2m7d", "work": {"prompt": "a cat"}, "turns": 1}',
            "There is no “turns”. Did you mean turn?",
        ),
        (
            '{"id": "k3x9tq2m7d", "work": {"prompt": "a cat"}, "turn": -1}',
            "turn must be a whole number from 0; lower ones are painted first, not “-1”.",
        ),
        (
            '{"id": "k3x9tq2m7d", "work": {"kind": "make_movie"}}',
            "There is no “make_movie”. Did you mean make_grid?",
        ),
        (
            '{"id": "k3x9tq2m7d", "work": {"kind": "estimate_comparison", "comparison": {"prompt": "", "seeds": 8}}}',
            "prompt must not be empty.",
        ),
        ({"prompt": ""}, "prompt must not be empty."),
        ({"prompt": "a cat", "blocks": 9}, "blocks must be a whole number from 1 to 8, not “9”."),
        ({"prompt": "a cat", "promt": "x"}, "There is no “promt”. Did you mean prompt?"),
    ],
)
async def test_a_bad_order_is_refused_with_a_sentence(
    home: Path, tmp_path: Path, body: str | dict[str, object], sentence: str
) -> None:
    order = body if isinstance(body, str) else json.dumps({"id": "k3x9tq2m7d", "work": {"kind": "make_grid", **body}})
    async with served(home, tmp_path / "s", FakePainter()) as client:
        answer = await client._http.post("/jobs", content=order)

    assert (answer.status_code, answer.json()["detail"]) == (422, sentence)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
async def test_pages_of_other_sites_are_refused(home: Path, tmp_path: Path, headers: dict[str, str]) -> None:
    async with served(home, tmp_path / "s", FakePainter()) as client:
        answer = await client._http.get("/health", headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [b"", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"])
async def test_an_engine_at_an_address_that_falls_silent_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: bytes
) -> None:
    async def fall_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(headers)
        await reader.read()  # until the other side leaves
        writer.close()
        await writer.wait_closed()
        left.set()

    left = asyncio.Event()
    monkeypatch.setattr("engine.contract.client.WIRE", httpx.Timeout(10, read=0.1))
    async with await asyncio.start_server(fall_silent, "127.0.0.1", 0) as wire:
        client = EngineClient(f"http://127.0.0.1:{wire.sockets[0].getsockname()[1]}", tmp_path / "s")
        with pytest.raises(EngineAway):
            await all_events(client.run(grid()))
        await client.close()
        await left.wait()


async def test_a_token_is_asked_for_where_one_is_set(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "s", FakePainter(), token="right") as client:
        assert (await client.health())["profile"] == "embedded"

        stranger = EngineClient(None, tmp_path / "s", "wrong")
        with pytest.raises(EngineAway, match="ENGINE_TOKEN") as refused:
            await stranger.health()
        await stranger.close()
        assert refused.value.there


async def test_a_command_with_another_token_sets_up_no_second_engine(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "engine.sock", FakePainter(), token="right"):
        given: dict[str, Any] = {"_env_file": None, "data_dir": tmp_path, "engine_token": "wrong"}
        with pytest.raises(EngineAway, match="ENGINE_TOKEN"):
            async with engine_for(Settings(**given)):
                pass


async def test_an_engine_of_another_contract_is_told_from_one_that_is_away(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(home, tmp_path / "s", FakePainter()) as client:
        monkeypatch.setattr("engine.contract.events.VERSION", 1.5)
        monkeypatch.setattr(server.events, "VERSION", 2)
        health = client.health
        monkeypatch.setattr("engine.contract.client.events", type("Older", (), {"VERSION": 1}))
        with pytest.raises(Mismatch, match="version 2"):
            await health()

    nobody = EngineClient(None, tmp_path / "nobody", None)
    with pytest.raises(EngineAway, match="python -m engine"):
        await nobody.health()
    await nobody.close()


async def test_state_is_shown_to_people_and_to_prometheus(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "s", FakePainter()) as client:
        job = grid(blocks=1, approach=3)
        await all_events(client.run(job))
        shown = (await client._http.get(f"/jobs/{job.id}")).json()
        metrics = (await client._http.get("/metrics")).text
        rows = (await client._http.get("/approaches")).json()
        styles = await client.styles()

    assert [cell["cell"] for cell in shown["cells"]] == ["A1", "A2", "B1", "B2"]
    assert shown["score"]["n"] == 1
    assert "tessera_engine_pictures_total 4.0" in metrics
    assert "tessera_engine_kept 1.0" in metrics
    assert "tessera_engine_tasks " in metrics
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert [style["name"] for style in styles] == ["pencil"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"id": "aaaaaaaaaa", "work": {"prompt": "\\ud800 cat"}}',
        b'{"id": "aaaaaaaaaa", "work": {"kind": "\\ud800"}}',
        b'{"id": "aaaaaaaaaa", "work": {"prompt": "a cat"}, "\\ud800": 1}',
    ],
    ids=["nested", "prompt", "kind", "field"],
)
async def test_what_is_no_text_or_nested_too_deeply_is_refused(home: Path, tmp_path: Path, body: bytes) -> None:
    async with served(home, tmp_path / "s", FakePainter()) as client:
        answer = await client._http.post("/jobs", content=body)

    assert (answer.status_code, answer.json()["detail"]) == (422, "The body must be a job as JSON.")


async def test_a_job_that_makes_no_grid_is_shown_as_none_whatever_it_came_with(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "s", FakePainter()) as client:
        planned = await all_events(client.run(grid(blocks=1)))
        plan = next(event.plan for event in planned if isinstance(event, GridPlanned))
        score = Job(id=new_id(), work=ScorePicture(prompt="a cat", picture="é"), plan=plan)
        told = await all_events(client.run(score))
        shown = await client._http.get(f"/jobs/{score.id}")

    assert isinstance(told[-1], JobFailed)
    assert told[-1].reason == "bad_request"
    assert shown.status_code == 404


async def test_a_plan_with_a_cell_that_nobody_can_fill_is_refused(home: Path, tmp_path: Path) -> None:
    async with served(home, tmp_path / "s", FakePainter()) as client:
        job = grid(blocks=1)
        planned = await all_events(client.run(job))
        plan = next(event.plan for event in planned if isinstance(event, GridPlanned))
        first, *others = plan.cells
        holed = plan.model_copy(update={"cells": (first.model_copy(update={"seed": None, "photo": None}), *others)})
        body = {**job.model_dump(mode="json"), "id": new_id(), "plan": holed.model_dump(mode="json")}
        answer = await client._http.post("/jobs", json=body)

    assert answer.status_code == 422
    assert answer.json()["detail"] == "plan has a cell with neither a seed nor a photo: A1."


async def test_a_connection_that_breaks_off_is_told_as_engine_away(tmp_path: Path) -> None:
    async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        progress = Progress(done=0, total=4, phase="waiting").model_dump_json().encode() + b"\n"
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (len(progress), progress)
        )
        await writer.drain()
        writer.close()

    listening = await asyncio.start_unix_server(half_an_answer, tmp_path / "s")
    client = EngineClient(None, tmp_path / "s", None)
    stream = client.run(grid())
    told = await anext(stream)
    with pytest.raises(EngineAway):
        await anext(stream)

    assert isinstance(told, Progress)
    await client.close()
    listening.close()


async def test_a_call_that_is_cancelled_when_the_engine_has_died_leaves_no_connection_open(tmp_path: Path) -> None:
    lines: list[asyncio.StreamWriter] = []

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        writer.close()

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for steps in range(12):
            client = EngineClient(None, tmp_path / "s", None)
            async with await asyncio.start_unix_server(answers, tmp_path / "s"):
                await asyncio.gather(*(client.styles() for _ in range(4)))
                while lines:
                    lines.pop().transport.abort()
                late = asyncio.create_task(client.styles())
                for _ in range(steps):
                    await asyncio.sleep(0)
                late.cancel()
                await asyncio.gather(late, return_exceptions=True)
            await client.close()
            del client, late
            gc.collect()

    assert [str(warning.message) for warning in told] == []


def test_httpx_is_never_sent_through_a_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    client = EngineClient("http://127.0.0.1:2", tmp_path, None)

    assert not any(client._http._mounts.values())
