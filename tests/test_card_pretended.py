"""The whole way on a card that is none: what PyTorch and diffusers refuse of devices and half precision shows here."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import checkpoints, models
from engine.contract.approaches import JUDGES, TURBO, V1_4
from engine.device import backends, saturation
from engine.device.card import Card
from engine.diffusion import DiffusionPainter
from engine.metrics.clip import Judge
from engine.pipelines import Pipelines
from engine.safety import Safety
from engine.settings import Settings
from engine.wave import Mix
from tests.stand_ins import card, tiny
from tests.waves import wave

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card; tests/test_card.py uses it")


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., DiffusionPainter]:
    """Measured as at a first start, with few sizes and small attentions; nothing is compiled."""
    places = {
        V1_4: tiny.v1_4(tmp_path / "v1-4", half=True),
        TURBO: tiny.turbo(tmp_path / "turbo", half=True),
        JUDGES["full"]: tiny.judge(tmp_path / "judge"),
    }
    monkeypatch.setattr(models, "folder", lambda model, _progress=None, **_: places[model])
    monkeypatch.setattr(checkpoints, "local", lambda model, **_: places[model])
    torch.set_num_threads(1)
    card.put_in(monkeypatch)
    monkeypatch.setattr(backends.fastest, "__defaults__", ([(2, 16, 8)],))
    monkeypatch.setattr(saturation, "SIZES", (1, 2))
    monkeypatch.setattr("engine.device.card.Card", partial(Card, backend=None))

    def started(*, warm_up: bool = False) -> DiffusionPainter:
        with card.Staying():
            return DiffusionPainter(Settings(data_dir=tmp_path, _env_file=None), "full", warm_up=warm_up)

    return started


@pytest.fixture
async def painter(start: Callable[..., DiffusionPainter]) -> AsyncIterator[DiffusionPainter]:
    found = start()
    await found._run(card.Staying().__enter__)
    yield found
    await found.close()


@pytest.mark.parametrize("mix", [Mix(V1_4, None, 0.0, 3, 7.5), Mix(TURBO, None, 0.0, 3, 0.0)], ids=["v1-4", "turbo"])
async def test_a_painter_starts_on_a_card_and_paints_previews_checks_and_judges(
    painter: DiffusionPainter, mix: Mix
) -> None:
    previews = [await painter.step(1, preview=True) for _ in range(await painter.begin(wave(1, mix, [7, 8])))]
    painted = await painter.finish(1)
    pictures = [picture.pixels for picture in painted if picture.pixels is not None]
    scores = await painter.judge(pictures, ["a cat"])

    assert painter.describe() == "NVIDIA Pretended"
    assert painter.memory() == {"used": 0.0, "total": float(card.BYTES)}
    assert painter.most in {1, 2}
    # A step is shown when the next was launched.
    assert [preview is None for preview in previews][:2] == [True, False]
    assert [picture.shape for picture in pictures] == [(64, 64, 3)] * 2
    assert scores.shape == (2, 1)
    assert np.isfinite(scores).all()


def staying(work: Callable[[DiffusionPainter], None]) -> Callable[[DiffusionPainter], None]:
    """`work` where what is sent to the card stays: the mode is a thread's own."""

    def run(painter: DiffusionPainter) -> None:
        with card.Staying():
            work(painter)

    return run


async def test_a_painter_that_warms_up_has_loaded_model_checker_and_judge_and_leaves_no_wave(
    start: Callable[..., DiffusionPainter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiffusionPainter, "_warm_up", staying(DiffusionPainter._warm_up))
    loaded = []
    for owner, name in ((Pipelines, "_load"), (Safety, "_load"), (Judge, "__init__")):
        monkeypatch.setattr(owner, name, noted(loaded, getattr(owner, name)))

    found = start(warm_up=True)
    before = list(loaded)
    await found._run(card.Staying().__enter__)
    for _ in range(await found.begin(wave(1, Mix(V1_4, None, 0.0, 2, 7.5), [7]))):
        await found.step(1)
    (painted,) = await found.finish(1)
    await found.judge([np.zeros((64, 64, 3), np.uint8)], ["a cat"])
    await found.close()

    assert before == [Pipelines, Safety, Judge]
    assert loaded == before
    assert painted.withheld is None


async def test_a_painter_that_cannot_warm_up_starts_and_says_why(
    start: Callable[..., DiffusionPainter], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_painter: DiffusionPainter) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(DiffusionPainter, "_warm_up", fails)

    await start(warm_up=True).close()

    assert "warming up failed: This does not fit into the memory of the device" in caplog.text


def noted(calls: list[type], work: Callable[..., Any]) -> Callable[..., Any]:
    """`work`, and each call's owner in `calls`."""

    def run(owner: Any, *given: Any, **named: Any) -> Any:
        calls.append(type(owner))
        return work(owner, *given, **named)

    return run
