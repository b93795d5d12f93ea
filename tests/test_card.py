"""What only a CUDA device can show: recorded calls, pictures that come home by themselves, and the whole way."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import torch

from engine import models
from engine.contract.approaches import JUDGES, TURBO, V1_4
from engine.device import graphs
from engine.diffusion import DiffusionPainter
from engine.host_copy import HostCopy
from engine.settings import Settings
from engine.wave import Mix
from tests.stand_ins import tiny
from tests.test_device import paint
from tests.waves import furthest, wave

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def test_a_recorded_call_gives_what_the_call_gives() -> None:
    with torch.inference_mode():
        replay = graphs.record(lambda rows: rows.sin() * 2, [torch.zeros(8, device="cuda")])
        given = torch.randn(8, device="cuda")

        first, second = replay(given), replay(given + 1)

    assert torch.equal(first, given.sin() * 2)
    assert torch.equal(second, (given + 1).sin() * 2)


def test_pictures_come_home_as_they_are_on_the_device() -> None:
    decoded = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))

    assert furthest(HostCopy([decoded.cuda()]).pictures(), HostCopy([decoded]).pictures()) == 0


@pytest.fixture
async def painter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiffusionPainter]:
    """Measured, compiled and recorded as at a first start, with tiny checkpoints."""
    places = {
        V1_4: tiny.v1_4(tmp_path / "v1-4"),
        TURBO: tiny.turbo(tmp_path / "turbo"),
        JUDGES["full"]: tiny.judge(tmp_path / "judge"),
    }
    monkeypatch.setattr(models, "folder", lambda model, _progress=None, **_: places[model])
    monkeypatch.setattr("engine.device.card._folder", lambda model: places[model])
    found = DiffusionPainter(Settings(data_dir=tmp_path, _env_file=None), "full")
    yield found
    await found.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mix", [Mix(V1_4, None, 0.0, 4, 7.5), Mix(TURBO, None, 0.0, 4, 0.0)], ids=["v1-4", "turbo"])
async def test_compiled_and_recorded_a_card_paints_what_it_paints_eagerly_and_the_same_under_any_load(
    painter: DiffusionPainter, mix: Mix
) -> None:
    eager = await paint(painter, wave(1, mix, [7]))
    loaded = await painter._run(painter._pipelines.get, mix.model)
    assert loaded.forms is not None
    loaded.forms.wait()

    alone = await paint(painter, wave(2, mix, [7]))
    among = await paint(painter, wave(3, mix, [3, 7, 9]))

    assert furthest(eager, alone) <= 8
    assert furthest(alone, among[1:2]) == 0
