"""What a card paints with, on a processor: fixed shapes, compiled forms, what was measured and remembered."""

import json
import logging
import os
import stat
import sys
import threading
import uuid
import weakref
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.upsampling import Upsample2D
from torch import Tensor
from torch.cuda._utils import _get_device_index
from torch.nn import GroupNorm, Module

from engine import embedded, models
from engine.contract.approaches import EMBEDDED, JUDGES, TURBO, V1_4
from engine.contract.errors import OutOfMemory, PaintingFailed
from engine.contract.events import GridMade, JobFailed
from engine.denoising import Denoising
from engine.device import backends, sizes
from engine.device.background import in_background
from engine.device.buckets import filled
from engine.device.card import Card
from engine.device.clock import Clock
from engine.device.compile_cache import MACHINES, VARIABLES, keep_compiled
from engine.device.compiling import Compiling
from engine.device.forms import Forms
from engine.device.memory import memory_of
from engine.device.norms import by_channel
from engine.device.remembered import Remembered
from engine.device.saturation import Call, saturation
from engine.device.sizes import Sizes
from engine.device.upsampling import transposed
from engine.diffusion import DiffusionPainter
from engine.embeddings import REMEMBERED, embeddings
from engine.host_copy import HostCopy
from engine.metrics.clip import Judge
from engine.painter import Pixels
from engine.pool import Pool
from engine.settings import Settings
from engine.wave import Mix, Wave
from tests.engines import events, grid, running_engine
from tests.stand_ins import tiny
from tests.styles import make_style
from tests.test_diffusion import ROUNDING, reference
from tests.waves import furthest, wave

CPU = torch.device("cpu")
BUCKET = Sizes(pictures=4, decoded=2)
SMALL = [(2, 16, 8)]


def load(folder: Path) -> Any:
    pipe = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module", params=["embedded", "v1-4", "turbo"])
def pipe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    places: dict[str, Callable[[Path], Path]] = {
        "embedded": lambda _: embedded.PIPELINE,
        "v1-4": tiny.v1_4,
        "turbo": tiny.turbo,
    }
    torch.set_num_threads(1)
    return load(places[request.param](tmp_path_factory.mktemp(request.param)))


@pytest.fixture
def mix(pipe: Any) -> Mix:
    guided = type(pipe.scheduler).__name__ != "EulerDiscreteScheduler"
    return Mix("any", None, 0.0, 3, 3.0 if guided else 0.0)


@pytest.fixture
def forms(pipe: Any) -> Forms:
    """Not compiled: what a card paints with in its first minutes."""
    return Forms(pipe, BUCKET, backend=None)


def painted(pipe: Any, forms: Forms, work: Wave) -> list[Pixels]:
    state = Denoising(pipe, work, forms.predict(guided=work.mix.guidance > 1))
    for _ in range(state.steps):
        state.step(pipe.unet)
    return state.decoded(forms.decode).pictures()


@pytest.mark.parametrize("seeds", [[7, 8, 9], [1, 2, 3, 4, 5, 6]], ids=["fewer than a bucket", "more than one"])
def test_pictures_of_a_bucket_are_those_of_plain_diffusers(pipe: Any, mix: Mix, forms: Forms, seeds: list[int]) -> None:
    work = wave(1, mix, seeds)

    ours = painted(pipe, forms, work)

    assert furthest(ours, reference(pipe, work)) <= 1


def test_in_a_bucket_a_seed_is_the_same_picture_to_the_bit_under_any_load(pipe: Any, mix: Mix, forms: Forms) -> None:
    alone = painted(pipe, forms, wave(1, mix, [7]))

    among = painted(pipe, forms, wave(2, mix, [1, 2, 7]))
    among_many = painted(pipe, forms, wave(3, mix, [1, 2, 3, 4, 5, 7]))

    assert furthest(alone, among[2:]) == 0
    assert furthest(alone, among_many[5:]) == 0


def test_in_a_bucket_a_thinned_wave_goes_on_to_the_same_bits(pipe: Any, mix: Mix, forms: Forms) -> None:
    undisturbed = painted(pipe, forms, wave(1, mix, [5, 6, 7, 8]))

    thinned = Denoising(pipe, wave(1, mix, [5, 6, 7, 8]), forms.predict(guided=mix.guidance > 1))
    thinned.step(pipe.unet)
    thinned.thin([1, 3])
    for _ in range(thinned.steps - 1):
        thinned.step(pipe.unet)

    assert furthest(thinned.decoded(forms.decode).pictures(), [undisturbed[1], undisturbed[3]]) == 0


def test_the_last_part_is_filled_up_with_its_own_first_row() -> None:
    parts = [part.tolist() for (part,) in filled(4, torch.arange(6))]

    assert parts == [[0, 1, 2, 3], [4, 5, 4, 4]]


def double(rows: Tensor) -> Tensor:
    return 2 * rows


def kept(compiled: list[tuple[int, ...]]) -> Callable[..., Any]:
    """A compiler that notes the shapes of what it compiles."""

    def backend(graph: Any, inputs: list[Tensor]) -> Any:
        compiled.append(tuple(inputs[0].shape))
        return graph.forward

    return backend


def test_a_model_answers_as_it_comes_until_its_compiled_form_is_ready() -> None:
    seen: list[tuple[int, ...]] = []
    compiling = Compiling(double, kept(seen))  # type: ignore[arg-type] # a function of Python is one
    first = compiling.form(torch.ones(3))
    compiling.wait()

    later = compiling.form(torch.ones(3))
    compiling.close()

    assert first is double
    assert later is not double
    with torch.inference_mode():
        assert torch.equal(later(torch.ones(3)), torch.full((3,), 2.0))
    assert seen == [(3,)]


def test_every_shape_has_a_form_of_its_own_however_many_there_are() -> None:
    seen: list[tuple[int, ...]] = []
    models = [Compiling(double, kept(seen)) for _ in range(12)]  # type: ignore[arg-type]
    for size, compiling in enumerate(models, start=2):
        compiling.form(torch.ones(size))
        compiling.wait()
        with torch.inference_mode():
            compiling.form(torch.ones(size))(torch.ones(size))
        compiling.close()

    assert seen == [(size,) for size in range(2, 14)]


@pytest.mark.parametrize(
    ("plain", "ready"),
    [
        (partial(GroupNorm, 8, 32), by_channel),
        (partial(Upsample2D, 32, use_conv=True), transposed),
    ],
    ids=["norm", "upsampling"],
)
def test_while_a_compiler_works_others_paint_with_layers_as_they_come(
    plain: Callable[[], Module], ready: Callable[[Any], None]
) -> None:
    layer, rows = plain(), torch.randn(2, 32, 8, 8, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        expected = layer(rows)
    ready(layer)
    seen: list[Tensor] = []

    def meanwhile() -> None:
        with torch.inference_mode():
            seen.append(layer(rows))

    def backend(graph: Any, _inputs: list[Tensor]) -> Any:
        painting = threading.Thread(target=meanwhile)
        painting.start()
        painting.join()
        return graph.forward

    torch.compile(double, backend=backend)(rows)

    assert torch.equal(seen[0], expected)


def test_a_model_that_cannot_be_compiled_stays_as_it_is_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_graph: Any, _inputs: list[Tensor]) -> Any:
        raise RuntimeError("no compiler here")

    compiling = Compiling(double, broken)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        compiling.form(torch.ones(3))
        compiling.wait()

    assert compiling.form(torch.ones(3)) is double
    assert "cannot be compiled here and stays as it is" in caplog.text
    compiling.close()


def test_each_form_is_recorded_once_where_it_is_used_the_plain_one_too() -> None:
    """The compiler keeps Python busy, so that painting had better need little of it."""
    recorded: list[Any] = []

    def record(run: Any, _example: Any) -> Any:
        recorded.append(run)
        return lambda rows: run(rows) + 0

    compiling = Compiling(double, "eager", record)  # type: ignore[arg-type]
    early = compiling.form(torch.ones(3))
    compiling.wait()
    later = [compiling.form(torch.ones(3)) for _ in range(2)]
    compiling.close()

    assert recorded[0] is double
    assert len(recorded) == 2
    assert early is not later[0]
    assert later[0] is later[1]


def test_a_compiled_form_is_recorded_without_being_compiled_once_more() -> None:
    """Tensors made inside and outside of inference mode are of two kinds, and each would have a form of its own."""
    seen: list[tuple[int, ...]] = []

    def record(run: Any, example: Any) -> Any:
        with torch.inference_mode():
            run(*example)
        return run

    compiling = Compiling(double, kept(seen), record)  # type: ignore[arg-type]
    compiling.form(torch.ones(3))
    compiling.wait()
    compiling.form(torch.ones(3))
    compiling.close()

    assert seen == [(3,)]


def test_what_cannot_be_recorded_is_called_as_it_is_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def record(_run: Any, _example: Any) -> Any:
        raise torch.OutOfMemoryError("no room")

    compiling = Compiling(double, "eager", record)  # type: ignore[arg-type]

    assert compiling.form(torch.ones(3)) is double
    assert "cannot be recorded here" in caplog.text
    compiling.wait()
    compiling.close()


def test_what_waits_to_be_compiled_is_not_begun_once_it_is_closed() -> None:
    held, seen = threading.Event(), list[tuple[int, ...]]()
    before = in_background(held.wait)
    compiling = Compiling(double, kept(seen))  # type: ignore[arg-type]
    compiling.form(torch.ones(3))

    compiling.close()
    held.set()

    assert before.result()
    assert compiling.form(torch.ones(3)) is double
    in_background(lambda: None).result()
    assert seen == []


def test_a_thread_that_computes_gives_others_their_turn_soon() -> None:
    usual = sys.getswitchinterval()

    meanwhile = in_background(sys.getswitchinterval).result()

    assert meanwhile < usual / 10
    assert sys.getswitchinterval() == pytest.approx(usual)


@pytest.fixture
def compiled() -> list[tuple[int, ...]]:
    """Shapes of what was compiled."""
    return []


@pytest.fixture
async def painter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[tuple[int, ...]]
) -> AsyncIterator[DiffusionPainter]:
    """The full profile with a card's way of painting, on the processor, with tiny checkpoints."""
    places = {
        V1_4: tiny.v1_4(tmp_path / "v1-4"),
        TURBO: tiny.turbo(tmp_path / "turbo"),
        JUDGES["full"]: tiny.judge(tmp_path / "judge"),
    }
    monkeypatch.setattr(models, "folder", lambda model, _progress=None, **_: places[model])
    card = Card({TURBO: BUCKET}, kept(compiled), record=None)
    found = DiffusionPainter(Settings(data_dir=tmp_path, _env_file=None), "full", card)
    yield found
    await found.close()


async def test_compiled_in_the_background_a_model_paints_the_same_with_and_without_a_style(
    painter: DiffusionPainter, tmp_path: Path, compiled: list[tuple[int, ...]]
) -> None:
    make_style(tmp_path / "styles", "ink", UNet2DConditionModel.from_pretrained(tmp_path / "turbo" / "unet"), 1)
    plain, ink = Mix(TURBO, None, 0.0, 2, 0.0), Mix(TURBO, "ink", 1.0, 2, 0.0)
    early = {style: await paint(painter, wave(1, style, [7, 8])) for style in (plain, ink)}
    loaded = painter._pipelines.get(TURBO)
    assert loaded.forms is not None
    loaded.forms.wait()

    late = {style: await paint(painter, wave(2, style, [7, 8])) for style in (plain, ink, plain)}

    assert furthest(early[plain], early[ink]) > 3
    assert furthest(late[plain], early[plain]) <= 1
    assert furthest(late[ink], early[ink]) <= ROUNDING
    assert furthest(late[plain], reference(loaded.pipe, wave(2, plain, [7, 8]))) <= 1
    # Once the denoising model, once the autoencoder; nothing is compiled while somebody waits.
    assert len(compiled) == 2


async def paint(painter: DiffusionPainter, work: Wave) -> list[Pixels]:
    for _ in range(await painter.begin(work)):
        await painter.step(work.id)
    return [picture.pixels for picture in await painter.finish(work.id) if picture.pixels is not None]


async def test_a_wave_is_as_large_as_the_largest_bucket(painter: DiffusionPainter) -> None:
    assert painter.most == 4
    assert Card({}).most == Sizes().pictures


async def test_a_wave_whose_model_was_put_away_for_one_that_cut_in_goes_on_to_the_same_picture(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card of little memory holds one model. What is recorded knows where its weights lie, and keeps none alive."""

    def by_address(run: Any, _example: Any) -> Any:
        place = weakref.ref(run)

        def replay(*given: Tensor) -> Any:
            found = place()
            assert found is not None, "the weights are gone"
            return found(*given)

        return replay

    painter._pipelines._card = Card({V1_4: BUCKET, TURBO: BUCKET}, kept([]), by_address)
    monkeypatch.setattr(painter._pipelines, "_most", lambda: 1)
    long, short = wave(1, Mix(V1_4, None, 0.0, 3, 7.5), [7]), wave(2, Mix(TURBO, None, 0.0, 1, 0.0), [8])
    left = await painter.begin(long)
    forms = painter._pipelines.get(V1_4).forms
    assert forms is not None
    # A compiler at work would keep the weights.
    forms.wait()
    del forms
    await painter.step(1)

    await paint(painter, short)
    for _ in range(left - 1):
        await painter.step(1)
    pictures = [picture.pixels for picture in await painter.finish(1) if picture.pixels is not None]

    assert furthest(pictures, reference(painter._pipelines.get(V1_4).pipe, long)) <= 1


async def test_where_the_memory_is_full_a_card_paints_less_at_once_from_then_on(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Fewer rows in a wave would not help, as a bucket is filled up."""
    mix, real = Mix(TURBO, None, 0.0, 2, 0.0), UNet2DConditionModel.forward
    seen: list[int] = []

    def small(self: Any, sample: Tensor, *arguments: Any, **named: Any) -> Any:
        seen.append(len(sample))
        if len(sample) > 2:
            raise torch.OutOfMemoryError("full")
        return real(self, sample, *arguments, **named)

    monkeypatch.setattr(UNet2DConditionModel, "forward", small)
    painter._pipelines._card = Card({TURBO: BUCKET}, backend=None, record=None)
    await painter.begin(wave(1, mix, [7, 8]))
    with pytest.raises(OutOfMemory):
        await painter.step(1)
    await painter.drop(1)

    pictures = await paint(painter, wave(2, mix, [7]))

    assert seen == [4, 2, 2]
    assert "half as many pictures" in caplog.text
    monkeypatch.setattr(UNet2DConditionModel, "forward", real)
    assert furthest(pictures, reference(painter._pipelines.get(TURBO).pipe, wave(3, mix, [7]))) <= 1


async def test_where_the_memory_is_full_a_grid_of_one_picture_is_tried_until_no_less_can_be_painted_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wave of one row cannot be halved, but what it is filled up to can."""
    real, most = UNet2DConditionModel.forward, [4]

    def small(self: Any, sample: Tensor, *arguments: Any, **named: Any) -> Any:
        if len(sample) > most[0]:
            raise torch.OutOfMemoryError("full")
        return real(self, sample, *arguments, **named)

    monkeypatch.setattr(UNet2DConditionModel, "forward", small)
    card = Card({EMBEDDED: Sizes(pictures=8, decoded=2)}, backend=None, record=None)
    painter = DiffusionPainter(Settings(data_dir=tmp_path, _env_file=None), "embedded", card)
    async with running_engine(tmp_path, Pool(painter)) as engine:
        made = (await events(engine.submit(grid(blocks=1, approach=1, steps=1))))[-1]
        most[0] = 0
        failed = (await events(engine.submit(grid(blocks=1, approach=1, steps=1))))[-1]

    assert isinstance(made, GridMade)
    assert isinstance(failed, JobFailed)
    assert failed.reason == "out_of_memory"


async def test_where_the_memory_is_full_room_is_made_for_the_judge(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [np.full((64, 64, 3), shade, np.uint8) for shade in (10, 200)]
    expected = await painter.judge(pictures, ["a cat"])
    full, cosines = [True], Judge.cosines

    def once(self: Judge, *arguments: Any) -> Any:
        if full:
            full.clear()
            raise torch.OutOfMemoryError("full")
        return cosines(self, *arguments)

    monkeypatch.setattr(Judge, "cosines", once)

    assert np.array_equal(await painter.judge(pictures, ["a cat"]), expected)
    assert not full


async def test_memory_is_given_back_where_nothing_can_be_recorded_meanwhile(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch refuses to free what it holds (“captures_underway.empty()”) while any thread records a graph."""

    def full(self: Judge, *_: Any) -> Any:
        raise torch.OutOfMemoryError("full")

    where: list[str] = []
    monkeypatch.setattr(Judge, "cosines", full)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: where.append(threading.current_thread().name))

    with pytest.raises(OutOfMemory):
        await painter.judge([np.zeros((64, 64, 3), np.uint8)], ["a cat"])

    assert set(where) == {"painter_0"}


def test_half_of_one_picture_is_one_picture() -> None:
    assert Sizes(4, 2).halved(1) == Sizes(2, 1)
    assert Sizes(4, 2).halved(5) == Sizes(1, 1)


class Ticking(Clock):
    """A second for everything but attention, whose kernels come in turns; one that is not named cannot do it."""

    def __init__(self, seconds: dict[str, float], slow_until: int = 0, full: str | None = None) -> None:
        super().__init__(CPU)
        self.asked: Counter[str] = Counter()
        self._seconds, self._slow_until, self._full = seconds, slow_until, full
        self._left = deque(backends.BACKENDS)

    def __call__(self, work: Callable[[], object]) -> float:
        if not isinstance(work, partial):
            work()
            return 1.0
        name = self._left.popleft()
        self.asked[name] += 1
        if name == self._full:
            raise torch.OutOfMemoryError("full")
        if name not in self._seconds:
            raise RuntimeError("No available kernel.")
        self._left.append(name)
        disturbed = name == "cudnn" and self.asked[name] <= self._slow_until
        return self._seconds[name] * (8 if disturbed else 1)


def timed(seconds: dict[int, float], peak: float = 0.0) -> Callable[[int], Call]:
    def call(pictures: int) -> Call:
        if pictures not in seconds:
            raise OutOfMemory("full")
        return Call(seconds[pictures], peak * pictures)

    return call


@pytest.mark.parametrize(
    ("seconds", "peak", "pictures"),
    [
        ({1: 1.0, 2: 1.0, 4: 1.2, 8: 2.4, 16: 4.8}, 0.0, 4),
        ({1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0, 16: 1.0, 32: 1.0, 64: 1.0}, 0.0, 64),
        ({1: 1.0, 2: 1.0}, 0.0, 2),
        ({1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0}, 100.0, 4),
        ({1: 1.0, 2: 2.1}, 0.0, 1),
        ({1: 2.0, 2: 2.4, 4: 4.0, 8: 7.4, 16: 14.0, 32: 27.0}, 0.0, 16),
        ({1: 2.0, 2: 2.1, 4: 2.4, 8: 3.0, 16: 4.0, 32: 5.9, 64: 11.0}, 0.0, 32),
    ],
    ids=[
        "busy at four",
        "never busy",
        "no room for four",
        "eight leave no room for others",
        "busy at once",
        "a little faster than with an ordinary grid's sixteen",
        "half as fast again with more than an ordinary grid's",
    ],
)
def test_a_wave_holds_the_fewest_pictures_that_keep_the_device_busy(
    seconds: dict[int, float], peak: float, pictures: int
) -> None:
    assert saturation(timed(seconds, peak), total_bytes=1000.0 if peak else 1.0).pictures == pictures


def test_a_device_without_room_for_one_picture_is_an_error() -> None:
    with pytest.raises(OutOfMemory):
        saturation(timed({}), 1000.0)


@pytest.mark.parametrize(("peak", "total", "together"), [(0, 0, 8), (1, 100, 8), (1, 10, 3), (8, 10, 1)])
def test_as_many_pictures_are_decoded_together_as_waves_leave_room_for(peak: int, total: int, together: int) -> None:
    assert sizes.decoded(peak, total) == together


def test_sizes_are_measured_once_with_random_weights_and_remembered(tmp_path: Path) -> None:
    checkpoint = tiny.turbo(tmp_path / "turbo")
    for weights in checkpoint.rglob("*.safetensors"):
        weights.unlink()
    file = tmp_path / "device.json"

    measured = sizes.sizes(checkpoint, CPU, torch.float32, Ticking({}), Remembered(file, "this card"))
    known = json.loads(file.read_text())
    (name,) = known["this card"]
    known["this card"][name]["pictures"] = 3
    file.write_text(json.dumps(known))

    assert measured.pictures in {1, 2, 4, 8, 16, 32, 64}
    assert known["this card"][name]["measured"]["ms_each"]["1"] > 0
    assert sizes.sizes(checkpoint, CPU, torch.float32, Ticking({}), Remembered(file, "this card")).pictures == 3


def test_another_device_measures_anew_and_a_broken_file_is_nothing_known(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "device.json"
    Remembered(file, "one card").put("attention", {"flash": 1.0})

    assert Remembered(file, "one card").get("attention") == {"flash": 1.0}
    assert Remembered(file, "another card").get("attention") is None
    file.write_text("{broken")
    assert Remembered(file, "one card").get("attention") is None


def test_the_fastest_attention_comes_first_those_that_fail_last_and_it_is_measured_once(tmp_path: Path) -> None:
    clock = Ticking({"flash": 3.0, "cudnn": 1.0, "efficient": 2.0})

    remembered = Remembered(tmp_path / "device.json", "this card")
    found = [backends.fastest(CPU, torch.float32, clock, remembered, SMALL) for _ in range(2)]

    assert found == [["cudnn", "efficient", "flash", "math"]] * 2
    assert clock.asked == {"flash": 5, "cudnn": 5, "efficient": 5, "math": 1}


def test_somebody_elses_moment_on_the_device_does_not_choose_the_attention(tmp_path: Path) -> None:
    clock = Ticking({"flash": 3.0, "cudnn": 1.0, "efficient": 2.0, "math": 9.0}, slow_until=2)

    found = backends.fastest(CPU, torch.float32, clock, Remembered(tmp_path / "device.json", "this card"), SMALL)

    assert found == ["cudnn", "efficient", "flash", "math"]


@pytest.mark.parametrize("fault", ["restless", "full"])
def test_what_was_measured_beside_others_is_used_but_not_remembered(tmp_path: Path, fault: str) -> None:
    clock = Ticking(
        {"flash": 3.0, "cudnn": 1.0, "efficient": 2.0, "math": 9.0}, full="flash" if fault == "full" else None
    )
    clock.restless = fault == "restless"
    remembered = Remembered(tmp_path / "device.json", "this card")

    found = backends.fastest(CPU, torch.float32, clock, remembered, SMALL)
    sizes.sizes(tiny.turbo(tmp_path / "turbo"), CPU, torch.float32, clock, remembered)

    assert found[0] == "cudnn"
    assert not (tmp_path / "device.json").exists()


@pytest.mark.parametrize(
    ("ticks", "restless"), [([9, 2, 2.1, 2.2], False), ([2, 2, 4, 4], True), ([2, 2, 2, 9], False)]
)
def test_the_best_try_counts_after_one_that_warms_up_and_others_are_noticed(ticks: list[float], restless: bool) -> None:
    readings = iter([reading for tick in ticks for reading in (0.0, tick)])
    clock = Clock(CPU, lambda: next(readings))

    assert clock(lambda: None) == 2
    assert clock.restless is restless


@pytest.mark.parametrize("order", [["flash", "math"], ["math", "flash"]])
def test_pictures_do_not_depend_on_the_attention_that_is_preferred(pipe: Any, mix: Mix, order: list[str]) -> None:
    work = wave(1, mix, [7, 8])
    with backends.preferring(order):
        state = Denoising(pipe, work)
        for _ in range(state.steps):
            state.step(pipe.unet)

    assert furthest(state.decode(pipe.vae), reference(pipe, work)) <= 1


@pytest.fixture
def untouched_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "before")


def test_compiled_code_is_kept_where_only_this_user_writes(tmp_path: Path, untouched_environment: None) -> None:
    folder = keep_compiled(tmp_path, "this card")
    (folder / "code.so").touch()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {os.environ[name] for name in VARIABLES} == {str(folder / name) for name in VARIABLES.values()}
    assert keep_compiled(tmp_path, "this card") == folder
    assert (folder / "code.so").exists()
    assert keep_compiled(tmp_path, "another card") != folder


def test_a_machine_without_a_name_or_a_network_finds_its_compiled_code_again(
    tmp_path: Path, untouched_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.device.compile_cache.MACHINES", (str(tmp_path / "machine-id"), MACHINES[-1]))
    places = set()

    for number in (1, 2):
        # What a process takes for its network card's address where there is none: a number by chance.
        monkeypatch.setattr(uuid, "getnode", lambda number=number: number)
        places.add(keep_compiled(tmp_path, "this card"))

    assert len(places) == 1


@pytest.mark.parametrize("fault", ["writable by others", "a link", "of another machine"])
def test_compiled_code_that_this_machine_did_not_write_is_never_used(
    tmp_path: Path, untouched_environment: None, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    folder = keep_compiled(tmp_path, "this card")
    (folder / "code.so").touch()
    if fault == "writable by others":
        folder.chmod(0o777)
    elif fault == "a link":
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        monkeypatch.setattr("engine.device.compile_cache._machine", lambda: "another")

    used = keep_compiled(tmp_path, "this card")

    assert not used.is_symlink()
    assert not list(used.iterdir())
    assert os.environ["TRITON_CACHE_DIR"].startswith(str(used))


def test_colours_are_rounded_as_diffusers_does_it() -> None:
    from diffusers.image_processor import VaeImageProcessor

    decoded = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))

    theirs = [np.asarray(image) for image in VaeImageProcessor().postprocess(decoded, "pil")]

    assert furthest(HostCopy([decoded[:2], decoded[2:]]).pictures(), theirs) == 0


def test_numbers_that_are_none_are_found_when_the_pictures_have_arrived() -> None:
    copy = HostCopy([torch.zeros(1, 3, 8, 8), torch.full((1, 3, 8, 8), float("inf"))])

    with pytest.raises(PaintingFailed, match="try another seed"):
        copy.pictures()


def test_a_text_becomes_the_same_whatever_else_is_asked_for_and_is_encoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny.v1_4(tmp_path)
    one, other = load(folder), load(folder)
    encoded: list[str] = []
    encode = other.encode_prompt
    monkeypatch.setattr(other, "encode_prompt", lambda texts, *a, **k: encoded.extend(texts) or encode(texts, *a, **k))
    with torch.inference_mode():
        alone = embeddings(one, ["a cat"])
        among = embeddings(other, ["a red dog", "a cat", "a red dog"])
        again = embeddings(other, ["a cat"])

    assert torch.equal(alone[0], among[1])
    assert torch.equal(alone, again)
    assert [text for text in encoded if text] == ["a red dog", "a cat"]


def test_only_so_many_texts_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = load(tiny.turbo(tmp_path))
    asked: list[str] = []

    def encode(texts: list[str], *_: Any, **__: Any) -> tuple[Tensor, None]:
        asked.extend(text for text in texts if text)
        return torch.ones(len(texts), 2, 2), None

    monkeypatch.setattr(pipe, "encode_prompt", encode)
    embeddings(pipe, ["first", "second"])
    embeddings(pipe, [f"text {n}" for n in range(REMEMBERED - 1)])
    asked.clear()

    embeddings(pipe, ["second", "first"])

    assert asked == ["first"]


@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
@pytest.mark.parametrize(("fraction", "gib"), [(1.0, 80), (0.25, 20)], ids=["all of it", "a part"])
def test_a_part_of_a_shared_card_is_all_that_there_is(
    name: str, fraction: float, gib: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def share(device: torch.device | int | None = None) -> float:
        # PyTorch's own begins so: where nothing is said it takes the current card, and "cuda" alone it refuses.
        if device is not None:
            _get_device_index(device)
        return fraction

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (2**30, 80 * 2**30))
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", share)

    assert memory_of(torch.device(name)) == gib * 2**30
    assert memory_of(CPU) == 0
