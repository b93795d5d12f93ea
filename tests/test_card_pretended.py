"""The whole way on a card that is none: what PyTorch and diffusers refuse of devices and half precision shows here."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import checkpoints, models
from engine.contract.approaches import JUDGES, TURBO, V1_4
from engine.device import backends, saturation
from engine.device.card import Card
from engine.diffusion import DiffusionPainter
from engine.settings import Settings
from engine.wave import Mix
from tests.stand_ins import card, tiny
from tests.waves import wave

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card; tests/test_card.py uses it")


@pytest.fixture
async def painter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiffusionPainter]:
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
    with card.Staying():
        found = DiffusionPainter(Settings(data_dir=tmp_path, _env_file=None), "full")
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
