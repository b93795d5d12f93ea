"""A base in half precision, as on a card: the adapter stays in fp32 and learns from gradients that would underflow."""

from pathlib import Path
from typing import Any

import pytest
import torch

from engine import models, styles
from engine.contract.training import StyleTrained, TrainStyle
from engine.settings import Settings
from engine.training import adapter, checkpoint
from engine.training.base import Base
from engine.training.data import collect
from engine.training.encoding import Encoded, encode
from engine.training.noising import Noising
from engine.training.prepare import prepare
from engine.training.recipe import recipe
from engine.training.trainer import Trainer
from tests.stand_ins import tiny

CPU = torch.device("cpu")
FAINT = 1e-6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return tiny.v1_4(tmp_path_factory.mktemp("base"))


def trainer(folder: Path, dtype: torch.dtype) -> Trainer:
    order = TrainStyle(name="any", source="embedded", images=10, rank=2, seed=7, lr=1e-3)
    numbers = recipe(order, "full")
    base = Base(folder, CPU)
    base.dtype = dtype
    for _ in base.load():
        pass
    pictures = collect(order, numbers.images, Settings(_env_file=None), lambda _done, _total: None)
    encoded = Encoded.joined([part for part, _ in encode(base, pictures.examples, 64)])
    adapter.add(base.unet, numbers)
    return Trainer(base.unet, Noising(base.scheduler, None, CPU), encoded, numbers, CPU)


def test_half_precision_learns_as_fp32_does(folder: Path) -> None:
    half, full = (trainer(folder, dtype) for dtype in (torch.float16, torch.float32))

    losses = [[one.step(1, number) for number in range(one.steps)] for one in (half, full)]

    frozen = {part.dtype for name, part in half.unet.named_parameters() if "lora_" not in name}
    assert frozen == {torch.float16}
    assert {part.dtype for part in half.parts.values()} == {torch.float32}
    assert losses[0] == pytest.approx(losses[1], rel=0.01)


@pytest.mark.parametrize("scaled", [True, False])
def test_faint_gradients_reach_the_adapter_because_they_are_scaled(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, scaled: bool
) -> None:
    own = Trainer._losses
    faint: Any = lambda self, *shown: own(self, *shown) * FAINT  # noqa: E731
    monkeypatch.setattr(Trainer, "_losses", faint)
    half = trainer(folder, torch.float16)
    if not scaled:
        half.scaler = torch.amp.GradScaler("cpu", enabled=False)

    for number in range(half.steps):
        half.step(1, number)

    learned = [bool(part.any()) for name, part in half.parts.items() if "lora_B" in name]
    assert all(learned) if scaled else not any(learned)


def test_where_every_step_overflowed_a_run_is_kept_and_goes_on(folder: Path, tmp_path: Path) -> None:
    """Such steps are left out and halve the scale, so an optimizer may have nothing to keep after the first epoch."""
    half, again = trainer(folder, torch.float16), trainer(folder, torch.float16)
    half.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120)
    half.step(1, 0)

    checkpoint.write(tmp_path, 1, half, adapter.state(half.unet), {"job": "aaaaaaaaaa"})
    checkpoint.restore(again, checkpoint.read(tmp_path))

    assert again.scaler.get_scale() == half.scaler.get_scale() == 2.0**119
    assert again.step(1, 1) == half.step(1, 1)


def test_a_style_is_saved_as_it_was_trained(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The saved file is read into a second adapter beside the first, and both must answer alike."""
    real, made = models.folder, Base.__init__

    def in_half(self: Base, *given: Any) -> None:
        made(self, *given)
        self.dtype = torch.float16

    monkeypatch.setattr(Base, "__init__", in_half)
    monkeypatch.setattr(models, "folder", lambda *given, judge=False: real(*given, judge=judge) if judge else folder)
    settings = Settings(data_dir=tmp_path, profile="embedded", _env_file=None)
    order = TrainStyle(name="faint", source="embedded", images=8, epochs=1, rank=2, seed=7, lr=1e-2)

    *_, trained = prepare("aaaaaaaaaa", order, settings, "embedded", lambda _done, _total: None).pieces()

    assert isinstance(trained, StyleTrained)
    assert styles.own_names(settings) == ["faint"]
