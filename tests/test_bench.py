"""The benchmarks: turns are taken, what is counted is right, and the commands for a card run."""

import json
import pkgutil
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench import architectures, chain, contenders, floor, gpu, large, painters, plot, report, rounds, work
from bench.__main__ import main, run
from bench.gpu import timing
from bench.part import PARTS, part
from bench.size import QUICK
from bench.waiting import WaitingCard
from engine import embedded
from engine.contract.events import JobFailed
from engine.wave import Mix
from tests.bot_rig import rig
from tests.waves import wave

RESULTS = Path(report.__file__).parent / "results"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


async def test_contenders_take_turns_and_the_first_turn_does_not_count() -> None:
    order: list[str] = []

    def contender(name: str) -> rounds.Contender:
        async def run() -> rounds.Marks:
            order.append(name)
            return {"painted": float(len(order))}

        return run

    found = await rounds.alternate({"a": contender("a"), "b": contender("b")}, 2)

    assert order == ["a", "b"] * 3
    assert [mark["painted"] for mark in found["a"]] == [3.0, 5.0]


def test_a_ratio_compares_neighbours_in_time() -> None:
    assert rounds.ratio([2.0, 30.0, 4.0], [1.0, 10.0, 4.0])["all"] == [2.0, 3.0, 1.0]


def test_the_arithmetic_of_a_picture_is_counted_as_by_hand() -> None:
    cost = floor.count(contenders.pipeline(embedded.PIPELINE), steps=12, rows=2)

    # By hand, 4 x queries x keys x channels for every attention: up to 256 places, each to all places and to 32 tokens.
    places = ((256, 48, 2), (64, 96, 3), (16, 128, 4))
    attention = sum(4 * q * keys * width * layers for q, width, layers in places for keys in (q, 32)) / 1e9
    # What is convolution and linear layers was counted when the model had four latent channels: 0.485 and 0.504 GFLOP.
    four_more = 2 * 4 * 9 * 256 / 1e9  # each time one channel of the convolution beside them
    assert cost["unet_row_gflop"] == pytest.approx(0.485 + 2 * 48 * four_more + attention, abs=0.001)
    assert cost["vae_gflop"] == pytest.approx(0.504 + 64 * four_more, abs=0.001)
    assert cost["gflop"] == pytest.approx(24 * cost["unet_row_gflop"] + cost["vae_gflop"])


def test_the_floor_is_what_takes_longer_arithmetic_or_bytes() -> None:
    cost = {"gflop": 10.0, "gbyte": 4.0}

    found = floor.seconds(cost, {"fp32": 100.0, "bf16": 400.0, "copy": 20.0}, "bf16")

    # bf16 halves the bytes.
    assert found == {"compute": 0.025, "bytes": 0.1, "floor": 0.1}


@pytest.mark.parametrize("model", ["v1-4", "turbo"])
def test_the_commands_for_a_card_run_with_narrow_models(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    what = ["rows", "vae", "attention", "kernels", "layers", "grid", "training"]

    gpu.main(["--model", model, "--steps", "1", "2", "--tiny", "--out", str(tmp_path)])

    shown = capsys.readouterr().out
    for name in what:
        found = json.loads(next(tmp_path.glob(f"gpu-*-{model}-{name}-tiny.json")).read_text())
        assert found["machine"]["versions"]["torch"] == torch.__version__
        assert all(result["ms"] > 0 for result in found["results"] if name not in {"attention", "kernels", "layers"})
        assert gpu.table(found["results"]) in shown


class Over(Exception):
    """The time of a command."""


@pytest.mark.parametrize(
    ("what", "place"),
    [
        ("grid", "bench.gpu.grids.measured"),
        ("rows", "bench.gpu.parts.measured"),
        ("vae", "bench.gpu.parts.measured"),
        ("kernels", "bench.gpu.kernels._kernels"),
        ("layers", "bench.gpu.layers._rates"),
    ],
)
def test_what_was_measured_on_a_card_is_kept_when_the_time_is_over(
    what: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, name = place.rpartition(".")
    owner = pkgutil.resolve_name(module)
    real, calls = getattr(owner, name), count()

    def over(*given: Any, **named: Any) -> Any:
        if next(calls):
            raise Over
        return real(*given, **named)

    monkeypatch.setattr(owner, name, over)
    with pytest.raises(Over):
        gpu.main([what, "--tiny", "--out", str(tmp_path)])

    assert json.loads(next(tmp_path.glob(f"gpu-*-v1-4-{what}-tiny.json")).read_text())["results"]


def test_the_engine_is_started_twice_with_a_checkpoint_of_that_shape_and_what_was_measured_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, calls = chain.Watch.begin, count(1)

    def over_at_the_last(watch: chain.Watch) -> None:
        if next(calls) == 5:
            raise Over
        begin(watch)

    monkeypatch.setattr(chain.Watch, "begin", over_at_the_last)
    with pytest.raises(Over):
        gpu.main(["start", "--tiny", "--out", str(tmp_path)])

    found = json.loads(next(tmp_path.glob("gpu-*-v1-4-start-tiny.json")).read_text())["results"]
    assert [row["start"] for row in found] == ["first"] * 3 + ["second"]
    assert [row["grid"] for row in found] == [1, 2, 3, 1]
    assert all(row["posted_s"] >= row["sheet_s"] >= row["painted_s"] >= row["first_s"] > 0 for row in found)
    assert all(row["first_s"] > row["acknowledged_s"] > 0 and row["wave"] > 0 for row in found)


def test_a_measure_that_there_is_not_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        gpu.main(["kernel", "--tiny"])

    assert "nothing is called kernel; there is grid, kernels, layers" in capsys.readouterr().err


def test_an_engine_without_memory_is_not_started(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        gpu.main(["start", "--memory", "0", "--tiny"])

    assert "--memory is GiB of the card, such as 8" in capsys.readouterr().err


def test_the_engine_is_started_with_one_model_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        gpu.main(["start", "--model", "turbo", "--tiny"])

    assert "start is measured with v1-4" in capsys.readouterr().err


def test_what_there_is_no_time_for_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(timing, "LIMIT_SECONDS", -1.0)

    assert list(timing.in_time([64], "compiled")) == []
    assert "not measured: compiled 64" in capsys.readouterr().out


def test_a_call_that_fails_is_told_and_has_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise RuntimeError("too large")

    model = architectures.build("v1-4", torch.device("cpu"), tiny=True)

    assert timing.measured(fails, model, 1)["ms"] == 0.0
    assert "failed: too large" in capsys.readouterr().out


async def test_who_needs_no_warming_takes_only_turns_that_count() -> None:
    order: list[str] = []

    def contender(name: str) -> rounds.Contender:
        async def run() -> rounds.Marks:
            order.append(name)
            return {"painted": 1.0}

        return run

    await rounds.alternate({"a": contender("a"), "b": contender("b")}, 1, warm=["b"])

    assert order == ["b", "a", "b"]


async def test_no_round_is_begun_after_the_limit_but_a_median_there_is() -> None:
    now = [0.0]

    async def slow() -> rounds.Marks:
        now[0] += 10.0
        return {"painted": 10.0}

    found = await rounds.alternate({"a": slow}, 9, limit_s=55.0, clock=lambda: now[0])
    hurried = await rounds.alternate({"a": slow}, 9, limit_s=1.0, clock=lambda: now[0])

    assert len(found["a"]) == 5
    assert len(hurried["a"]) == rounds.LEAST


SMALL = replace(QUICK, rounds=1, rows=(10, 30), people=(1, 3), grown_blocks=(1,), grown_steps=(2,), steps=1)


async def test_full_sized_pictures_are_posted_without_anything_painted(tmp_path: Path) -> None:
    found = await large.measure(tmp_path, replace(SMALL, blocks=1))

    assert found["pictures"] == 4
    assert found["sheet"].startswith("PNG, ")
    assert found["besides"]["posted"]["median"] >= found["besides"]["painted"]["median"] > 0


@pytest.mark.parametrize("name", ["history", "people", "growth"])
def test_a_part_measures_and_writes_json_a_table_and_plots(name: str, tmp_path: Path) -> None:
    run(name, SMALL, tmp_path)

    found = json.loads((tmp_path / f"{name}-quick.json").read_text())
    told = (tmp_path / "quick.md").read_text()
    assert found["machine"]["cores"] >= 1
    assert f"## {part(name).title}" in told
    assert report.table(found) in told
    assert list(tmp_path.glob(f"{name}-quick-*.svg"))


def test_steps_of_a_training_are_measured_beside_a_plain_loop(tmp_path: Path) -> None:
    run("training", SMALL, tmp_path)

    found = json.loads((tmp_path / "training-quick.json").read_text())
    assert found["results"]["steps_a_second"].keys() == {"ours", "plain"}
    assert "plain loop" in (tmp_path / "quick.md").read_text()


def test_without_ray_the_table_says_that_painters_were_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.painters.find_spec", lambda _name: None)

    run("painters", SMALL, tmp_path)

    assert "Not measured, as Ray is not installed here" in (tmp_path / "quick.md").read_text()
    assert not list(tmp_path.glob("*.svg"))


def test_shares_under_the_aim_are_named() -> None:
    shares = {"1": 0.98, "8": 0.94, "16": 0.88}
    painted = {n: {"seconds": rounds.spread([12.0]), "share": rounds.spread([share])} for n, share in shares.items()}

    good = {"1": painted["1"]}
    told = painters.table({"ray": "2", "wave_s": 3.0, "painters": {"ahead": good, "each": painted}})

    assert "a step ahead, as a card: reached with all; at each step: missed with 8, 16." in told


@pytest.mark.parametrize(
    ("ahead", "answers"),
    [(True, [0.0, 101.0, 102.0, 103.0]), (False, [101.0, 102.0, 103.0, 104.0])],
    ids=["ahead", "each"],
)
async def test_waiting_a_step_ahead_takes_no_less_time_than_waiting_at_each(
    ahead: bool, answers: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is answered when the one before it is done; the wave's pictures wait for the last."""
    waited: list[float] = []

    async def note(moment: float) -> None:
        waited.append(moment)

    monkeypatch.setattr("bench.waiting.time", SimpleNamespace(monotonic=lambda: 100.0))
    monkeypatch.setattr("bench.waiting._until", note)
    painter = WaitingCard(1.0, ahead=ahead)
    for _ in range(await painter.begin(wave(1, Mix("any", None, 0.0, 4, 0.0), [7]))):
        await painter.step(1)
    await painter.finish(1)

    assert waited == [*answers, 104.0]


@pytest.mark.parametrize(("ahead", "shown"), [(True, [False, True, False]), (False, [True] * 3)], ids=["ahead", "each"])
async def test_a_painter_that_waits_a_step_ahead_shows_a_preview_a_step_later(ahead: bool, shown: list[bool]) -> None:
    painter = WaitingCard(0.0, ahead=ahead)
    await painter.begin(wave(1, Mix("any", None, 0.0, 4, 0.0), [7]))

    assert [await painter.step(1, preview=True) is not None for _ in shown] == shown


def test_only_as_many_pictures_are_held_against_an_h200() -> None:
    besides = {moment: rounds.spread([1.28]) for moment in ("painted", "sheet", "posted")}
    found = {"pictures": 64, "waits_s": 2.4, "sheet": "PNG", "besides": besides}

    assert "the last line is 10.0%" in large.table(found)
    assert "H200" not in large.table({**found, "pictures": 4})


@pytest.mark.parametrize("name", PARTS)
def test_every_part_can_be_chosen(name: str) -> None:
    assert callable(part(name).measure)
    assert callable(part(name).table)


def test_a_part_that_there_is_not_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["grwoth"])

    assert "there is no part grwoth; there are grid-1" in capsys.readouterr().err


RECORDED = [file for file in sorted(RESULTS.glob("*.json")) if file.stem.rpartition("-")[0] in PARTS]


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_a_recorded_table_says_what_its_json_says(file: Path) -> None:
    found: dict[str, Any] = json.loads(file.read_text())

    assert report.table(found) in (RESULTS / f"{found['size']}.md").read_text()


def test_a_bar_is_as_long_as_its_median() -> None:
    value = {"median": 2.0, "least": 1.0, "most": 4.0}

    drawn = plot.bars("t", {"who": value}, floor=1.0)

    half = (plot.WIDTH - plot.LEFT - plot.RIGHT) / 2
    assert f'width="{half:.1f}"' in drawn


async def test_a_grid_that_fails_ends_the_measuring_with_what_a_person_would_read(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.failing[work.PROMPT] = JobFailed(reason="no_model", detail="The checkpoint is not here.")

        with pytest.raises(RuntimeError, match="The checkpoint is not here"):
            await chain.ordering(r.app, r.chat, chain.Watch(), blocks=1)()
