"""What makes painting faster on a processor leaves the pictures as they are, and saves the work it should save."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import current_thread
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from diffusers.models.attention import FeedForward
from PIL import Image
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from engine import cores, embedded, pipelines, predicting
from engine.contract.approaches import EMBEDDED
from engine.contract.orders import MakeGrid
from engine.denoising import Denoising
from engine.diffusion import DiffusionPainter
from engine.evaluation.intervals import SAME
from engine.metrics.clip import Judge
from engine.one_grid import several
from engine.painter import Pixels
from engine.settings import Settings
from engine.wave import Mix, Wave
from tests.stand_ins import tiny
from tests.test_diffusion import ROUNDING, painted, reference
from tests.waves import furthest, wave

CPU = torch.device("cpu")
GUIDED = Mix(EMBEDDED, None, 0.0, 4, 3.0)


def load(folder: Path) -> Any:
    pipe = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=["embedded", "v1-4", "turbo"])
def pipes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The same checkpoint twice: plain, and prepared as `Pipelines` does it."""
    places = {"embedded": lambda _: embedded.PIPELINE, "v1-4": tiny.v1_4, "turbo": tiny.turbo}
    folder: Path = places[request.param](tmp_path_factory.mktemp(request.param))
    plain, prepared = load(folder), load(folder)
    predicting.prepare(prepared.unet)
    prepared.vae.to(memory_format=torch.channels_last)
    return plain, prepared


@pytest.fixture
def mix(pipes: tuple[Any, Any]) -> Mix:
    guided = type(pipes[0].scheduler).__name__ != "EulerDiscreteScheduler"
    return Mix("any", None, 0.0, 4, 3.0 if guided else 0.0)


def test_a_prepared_model_paints_the_pictures_of_plain_diffusers(
    pipes: tuple[Any, Any], mix: Mix, threads: int
) -> None:
    plain, prepared = pipes
    work = wave(1, mix, [7, 8, 9])

    ours = painted(prepared, work)

    assert furthest(ours, reference(plain, work)) <= 1


def test_a_prepared_wave_that_is_thinned_forgets_the_words_of_the_rows_that_left(
    pipes: tuple[Any, Any], mix: Mix, threads: int
) -> None:
    plain, prepared = pipes
    undisturbed = painted(plain, wave(1, mix, [5, 6, 7, 8]))

    thinned = Denoising(prepared, wave(1, mix, [5, 6, 7, 8]))
    thinned.step(prepared.unet)
    thinned.thin([1, 3])
    for _ in range(thinned.steps - 1):
        thinned.step(prepared.unet)

    assert furthest(thinned.decode(prepared.vae), [undisturbed[1], undisturbed[3]]) <= ROUNDING


def test_every_layer_reads_the_words_once_a_wave(pipes: tuple[Any, Any], mix: Mix) -> None:
    torch.set_num_threads(1)
    prepared = pipes[1]
    layers = [module for name, module in prepared.unet.named_modules() if name.endswith("attn2.to_k")]
    read: list[Any] = []
    hooks = [layer.register_forward_hook(lambda layer, *_: read.append(layer)) for layer in layers]

    painted(prepared, wave(1, mix, [7, 8]))
    for hook in hooks:
        hook.remove()

    assert len(layers) == len(read) == len(set(read))


def test_the_layers_before_the_words_work_on_half_of_a_guided_batch() -> None:
    torch.set_num_threads(1)
    pipe = load(embedded.PIPELINE)
    work = wave(1, GUIDED, [7, 8])
    plain = flops(pipe, work)
    predicting.prepare(pipe.unet)

    first, later = flops(pipe, work), flops(pipe, work, after=1)

    # Counted: the shared layers are a tenth of a call and are halved; the words' keys and values are 3 %.
    assert first / plain == pytest.approx(0.951, abs=0.005)
    assert later / plain == pytest.approx(0.921, abs=0.005)


def test_feed_forward_layers_take_some_tokens_at_a_time_and_make_the_same_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.feed_forward.TOKENS", 100)
    plain, prepared = load(embedded.PIPELINE).unet, load(embedded.PIPELINE).unet
    predicting.prepare(prepared)
    layers = [name for name, layer in plain.named_modules() if type(layer) is FeedForward]
    generator = torch.Generator().manual_seed(1)

    for name in layers:
        layer, ours = plain.get_submodule(name), prepared.get_submodule(name)
        widths: list[int] = []
        tokens = torch.randn(3, 64, layer.net[0].proj.in_features, generator=generator)
        ours.net[0].proj.register_forward_hook(lambda *call, widths=widths: widths.append(len(call[2])))
        with torch.inference_mode():
            before = tokens.clone()
            assert torch.allclose(ours(tokens), layer(tokens), rtol=1e-5, atol=1e-6)
        assert widths == [100, 92]
        assert torch.equal(tokens, before)
    assert len(layers) == 9


def flops(pipe: Any, work: Wave, after: int = 0) -> int:
    """Of one step, after some others."""
    state = Denoising(pipe, work)
    for _ in range(after):
        state.step(pipe.unet)
    with FlopCounterMode(display=False) as counted:
        state.step(pipe.unet)
    return int(counted.get_total_flops())


def test_rows_are_spread_in_order_over_threads_that_pytorch_uses_alone(threads: int) -> None:
    seen: list[tuple[int, str]] = []

    def work(index: int, rows: Tensor) -> Tensor:
        seen.append((torch.get_num_threads(), current_thread().name.partition("_")[0]))
        return rows * 10 + index

    found = torch.cat(cores.spread(work, torch.arange(5), device=CPU))

    assert found.tolist() == ([0, 10, 20, 30, 40] if threads == 1 else [0, 10, 20, 31, 41])
    assert set(seen) == ({(1, "MainThread")} if threads == 1 else {(1, "rows")})
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(("rows", "parts"), [(1, 1), (2, 2), (3, 3), (5, 4)])
def test_rows_for_less_than_half_of_the_cores_are_left_to_pytorch(rows: int, parts: int) -> None:
    torch.set_num_threads(4)

    found = cores.spread(lambda _, part: current_thread().name.partition("_")[0], torch.zeros(rows), device=CPU)

    assert found == ["MainThread" if rows == 1 else "rows"] * parts
    torch.set_num_threads(1)


def test_a_single_row_is_painted_by_one_of_two_cores() -> None:
    torch.set_num_threads(2)

    found = cores.spread(lambda _, rows: (current_thread().name[:4], len(rows)), torch.zeros(1), device=CPU)

    assert found == [("rows", 1)]
    torch.set_num_threads(1)


def test_an_error_in_a_part_is_raised_to_the_caller(threads: int) -> None:
    def work(_index: int, _rows: Tensor) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(RuntimeError, match="can't allocate memory"):
        cores.spread(work, torch.zeros(4), device=CPU)


def test_little_work_is_done_on_one_core_that_pytorch_uses_alone(threads: int) -> None:
    found = cores.alone(lambda: (torch.get_num_threads(), current_thread().name.partition("_")[0]), CPU)

    assert found == (1, "MainThread" if threads == 1 else "rows")
    assert torch.get_num_threads() == threads


def test_scores_are_the_same_on_one_core_and_on_two_but_for_rounding() -> None:
    pictures = list(np.random.default_rng(3).integers(0, 256, (9, 64, 64, 3), np.uint8))
    found = []
    for threads in (2, 1):
        torch.set_num_threads(threads)
        found.append(Judge(embedded.JUDGE, CPU).scores(pictures, ["a red cat", "a boat at night"]))

    # Some libraries multiply another number of rows in another order.
    assert np.allclose(*found, rtol=0, atol=SAME)


@pytest.fixture
async def painter(tmp_path: Path) -> AsyncIterator[DiffusionPainter]:
    torch.set_num_threads(1)
    found = DiffusionPainter(Settings(data_dir=tmp_path, _env_file=None), "embedded")
    yield found
    await found.close()


async def paint(painter: DiffusionPainter, mix: Mix) -> list[Pixels]:
    for _ in range(await painter.begin(wave(1, mix, [7, 8], prompt="a red car"))):
        await painter.step(1)
    return [picture.pixels for picture in await painter.finish(1) if picture.pixels is not None]


async def test_the_fast_preset_paints_nearly_the_same_and_leaves_the_reference_as_it_was(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "_has_bf16", lambda: True)
    before = await paint(painter, GUIDED)

    fast = await paint(painter, Mix(EMBEDDED, None, 0.0, 4, 3.0, "fast"))
    after = await paint(painter, GUIDED)

    assert 0 < np.abs(np.array(fast, int) - np.array(before, int)).mean() < 5
    assert furthest(before, after) == 0
    assert {dtype for _, dtype in painter._pipelines._loaded} == {torch.float32, torch.bfloat16}


async def test_the_fast_preset_is_the_reference_where_the_processor_has_no_bf16(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "_has_bf16", lambda: False)
    before = await paint(painter, GUIDED)

    fast = await paint(painter, Mix(EMBEDDED, None, 0.0, 4, 3.0, "fast"))

    assert furthest(before, fast) == 0
    assert len(painter._pipelines._loaded) == 1


async def test_a_grid_is_painted_in_two_waves_and_its_prompts_pictures_are_the_same_bits_whatever_the_fillers_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    begin = DiffusionPainter.begin

    async def noted(painter: DiffusionPainter, wave: Wave) -> int:
        sizes.append(len(wave.rows))
        return await begin(painter, wave)

    monkeypatch.setattr(DiffusionPainter, "begin", noted)
    orders = [MakeGrid(prompt="a cat", approach=approach, seed=7, steps=2) for approach in (1, 3)]

    settings = Settings(data_dir=tmp_path, profile="embedded", _env_file=None)
    photos, painted = [grid["cells"] for grid in await several(settings, orders, tmp_path / "out")]

    assert sizes == [16, 16, 48]
    same = [
        Image.open(one["file"]).tobytes() == Image.open(other["file"]).tobytes()
        for one, other in zip(photos, painted, strict=True)
        if other["prompt"] == "a cat"
    ]
    assert same == [True] * 16
