"""Painters on two nodes of a real Ray cluster: killed, lost, joined, found again; styles and trainings that travel."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.cluster.easel import Make
from engine.cluster.far import FarPainter
from engine.cluster.painters import RayPainters
from engine.contract.events import Event, GridMade, PicturePainted
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.training import EpochEnded, StyleTrained, TrainStyle
from engine.diffusion import DiffusionPainter
from engine.engine import Engine
from engine.painter import FakePainter, Painter
from engine.settings import Settings
from tests import ways
from tests.clusters import Nodes, cluster, hanging, patient
from tests.engines import events, grid, running_engine

pytestmark = [pytest.mark.timeout(300), pytest.mark.skipif(sys.platform == "win32", reason="Ray's clusters want Unix")]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with cluster(places=2) as found:
        yield found


def pool(home: Path, make: Make = patient) -> RayPainters:
    return RayPainters(Settings(data_dir=home, profile="embedded", _env_file=None), "embedded", make)


@contextlib.asynccontextmanager
async def painters(home: Path, count: int) -> AsyncIterator[Engine]:
    """An engine whose cluster has so many painters ready."""
    async with running_engine(home, pool(home), most=4) as engine:
        await ready(engine, count)
        yield engine


async def ready(engine: Engine, count: int) -> None:
    while len(engine.pool.painters) != count:  # noqa: ASYNC110 - a pool has no event for its size
        await asyncio.sleep(0.02)


def far(engine: Engine) -> list[FarPainter]:
    assert isinstance(engine.pool, RayPainters)
    return engine.pool.far


def pids(engine: Engine) -> list[int]:
    return sorted(painter.pid for painter in far(engine))


def pictures(told: Sequence[Event]) -> dict[str, tuple[str | None, float | None]]:
    return {event.cell: (event.sha256, event.score) for event in told if isinstance(event, PicturePainted)}


async def alone(home: Path) -> list[Event]:
    """The same grid by one painter in this process."""
    async with running_engine(home, FakePainter(), most=4) as engine:
        return await events(engine.submit(grid(approach=3)))


async def busy(engine: Engine, painter: Painter) -> None:
    while not any(wave.painter is painter and wave.share for wave in engine._studio.waves.values()):  # noqa: ASYNC110
        await asyncio.sleep(0.005)


def once(told: Sequence[Event]) -> bool:
    cells = Counter(event.cell for event in told if isinstance(event, PicturePainted))
    return len(cells) == 64 and set(cells.values()) == {1}


async def test_four_painters_on_two_nodes_make_the_sheet_that_one_makes(nodes: Nodes, home: Path) -> None:
    nodes.come(places=2)
    async with painters(home, 4) as engine:
        told = await events(engine.submit(grid(approach=3)))
        waves = engine.counts.waves

    expected = await alone(home)
    assert pictures(told) == pictures(expected)
    assert told[-1] == expected[-1]
    assert waves == 16


async def test_the_wave_of_a_painter_that_is_killed_is_painted_elsewhere_and_another_takes_its_place(
    nodes: Nodes, home: Path
) -> None:
    nodes.come(places=2)
    async with painters(home, 4) as engine:
        before = pids(engine)
        doomed, pid = engine.pool.painters[2], far(engine)[2].pid
        running = engine.submit(grid(approach=3))
        await busy(engine, doomed)
        os.kill(pid, signal.SIGKILL)
        told = await events(running)
        await ready(engine, 4)
        after = pids(engine)
        lost = engine.setbacks.painters_lost

    assert lost == 1
    assert isinstance(told[-1], GridMade)
    assert once(told)
    assert pictures(told) == pictures(await alone(home))
    assert len(set(before) & set(after)) == 3


async def test_a_grid_outlives_the_loss_of_a_node_and_a_node_that_joins_helps_with_the_next(
    nodes: Nodes, home: Path
) -> None:
    nodes.come(places=2)
    async with painters(home, 4) as engine:
        running = engine.submit(grid(approach=3))
        both = zip(far(engine), engine.pool.painters, strict=True)
        doomed = [painter for known, painter in both if known.place.node == nodes.second.node_id]
        await asyncio.gather(*(busy(engine, painter) for painter in doomed))
        nodes.go()
        told = await events(running)
        await ready(engine, 2)
        lost = engine.setbacks.painters_lost

        nodes.come(places=1)
        await ready(engine, 3)
        again = await events(engine.submit(grid(approach=3)))

    assert lost == 2
    assert once(told)
    assert once(again)
    assert pictures(told) == pictures(again)


async def test_an_engine_that_starts_again_after_a_crash_finds_its_painters(nodes: Nodes, home: Path) -> None:
    async with painters(home, 2 + bool(nodes.second)) as engine:
        before = pids(engine)
        # A crash: the wave stays begun, and nobody lets go of the easels.
        engine.submit(grid(approach=3))
        await busy(engine, engine.pool.painters[0])
        engine.pool.painters.clear()

    async with painters(home, len(before)) as engine:
        after = pids(engine)
        told = await events(engine.submit(grid(approach=3)))

    assert before == after
    assert pictures(told) == pictures(await alone(home))


async def test_a_painter_that_hangs_is_ended_and_its_wave_is_painted_elsewhere(
    nodes: Nodes, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.watchdog.LEAST_SECONDS", 5.0)
    nodes.free()
    async with running_engine(home, pool(home, hanging), most=4) as engine:
        await ready(engine, 2 + bool(nodes.second))
        told = await events(engine.submit(grid(approach=3)))
        lost = engine.setbacks.painters_lost
    nodes.free()

    assert lost >= 1
    assert once(told)
    assert pictures(told) == pictures(await alone(home))


@contextlib.asynccontextmanager
async def real(nodes: Nodes, folder: Path) -> AsyncIterator[Engine]:
    """An engine with two real painters of the embedded model, each an easel of its own."""
    nodes.free()
    settings = Settings(data_dir=folder, profile="embedded", _env_file=None)
    async with running_engine(folder, RayPainters(settings, "embedded"), most=2) as engine:
        await ready(engine, 2)
        yield engine
    nodes.free()


PLAIN: dict[str, Any] = {"approach": 1, "blocks": 2}
STYLED: dict[str, Any] = {"approach": 2, "blocks": 2, "style": "halved"}
ORDER = TrainStyle(
    name="halved", source="embedded", images=8, epochs=2, patience=9, batch=4, rank=2, seed=7, words="in pencil"
)


async def test_a_painter_that_falls_silent_is_ended_and_its_wave_is_painted_elsewhere(
    nodes: Nodes, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cluster.painters.SILENT_SECONDS", 3.0)
    async with painters(home, 2 + bool(nodes.second)) as engine:
        doomed, pid = engine.pool.painters[0], far(engine)[0].pid
        running = engine.submit(grid(approach=3))
        await busy(engine, doomed)
        os.kill(pid, signal.SIGSTOP)
        told = await events(running)
        lost = engine.setbacks.painters_lost

    assert lost == 1
    assert once(told)


async def test_an_engine_ends_without_a_painter_that_is_silent(
    nodes: Nodes, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cluster.far.RELEASE_SECONDS", 0.5)
    async with asyncio.timeout(60), painters(home, 2 + bool(nodes.second)) as engine:
        os.kill(far(engine)[0].pid, signal.SIGSTOP)

    nodes.free()


async def test_a_style_is_trained_far_away_survives_its_painter_and_is_used_by_all(
    nodes: Nodes, tmp_path: Path
) -> None:
    nodes.go()
    async with real(nodes, tmp_path) as engine:
        plain = await events(engine.submit(grid(**PLAIN)))
        training = engine.submit(Job(id=new_id(), work=ORDER))
        while not any(isinstance(event, EpochEnded) for event in training._events):
            assert training.alive, training._events
            await asyncio.sleep(0.02)
        checkpoint = [place.name for place in (tmp_path / "training" / "halved").glob("epoch-*")]
        os.kill(far(engine)[0].pid, signal.SIGKILL)
        trained = await events(training)
        await ready(engine, 2)
        styled = await events(engine.submit(grid(**STYLED)))
        painters = [dict(painter._styles) for painter in far(engine)]

    settings = Settings(data_dir=tmp_path, profile="embedded", _env_file=None)
    torch.set_num_threads(1)
    async with running_engine(tmp_path, DiffusionPainter(settings, "embedded"), most=2) as engine:
        here = [await events(engine.submit(grid(**work))) for work in (PLAIN, STYLED)]

    assert checkpoint
    ending = trained[-1]
    assert isinstance(ending, StyleTrained), ending
    assert [epoch.epoch for epoch in ending.epochs] == [1, 2]
    assert [event.epoch for event in trained if isinstance(event, EpochEnded)] == [1, 1, 2]
    assert ending.folder == str(tmp_path / "styles" / "halved")
    assert ending.plot in {str(place) for place in (tmp_path / "styles" / "halved").iterdir()}
    assert len({*map(str, painters)}) == 1
    assert set(painters[0]) == {"halved"}
    assert [pictures(plain), pictures(styled)] == [pictures(told) for told in here]
    assert pictures(plain) != pictures(styled)


def test_with_a_cluster_the_same_command_paints_on_its_nodes_and_a_killed_engine_finds_its_painters(
    nodes: Nodes, tmp_path: Path
) -> None:
    nodes.go()
    nodes.free()
    try:
        first = ways.from_console(tmp_path, ENGINE_PAINTERS="ray")
        health, before = ways.health(tmp_path), nodes.easels()
        os.kill(ways.engines(tmp_path)[0], signal.SIGKILL)
        second = ways.from_console(tmp_path, ENGINE_PAINTERS="ray")
        after = nodes.easels()
    finally:
        ways.end(tmp_path)
        nodes.free()

    assert "1 of 1 blocks" in first
    assert "1 of 1 blocks" in second
    assert (health["device"], health["profile"]) == (
        "Ray cluster with room for 2 painters, 0 with a GPU, profile embedded (PROFILE=embedded)",
        "embedded",
    )
    assert health["painters"] in {1, 2}
    assert len(ways.engines(tmp_path)) == 2
    assert len(before) == 2
    assert before == after


def test_a_stranger_without_the_token_does_not_get_into_the_cluster(nodes: Nodes, tmp_path: Path) -> None:
    code = "from engine.cluster.connection import connect; connect()"
    stranger = {**os.environ, "RAY_AUTH_TOKEN": "another-token", "HOME": str(tmp_path)}

    ran = subprocess.run([sys.executable, "-c", code], env=stranger, capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert "does not let this engine in" in ran.stderr.splitlines()[-1]
    assert "the same token" in ran.stderr.splitlines()[-1]
