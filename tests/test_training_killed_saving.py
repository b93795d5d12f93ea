"""SIGKILL before every single write of a checkpoint and of a style: what was there stays whole, the rest goes on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from engine import leftovers, models, styles
from engine.contract.approaches import EMBEDDED
from engine.settings import Settings
from tests.killed_saving import ORDER, train

LATER = 2 * leftovers.OLD_SECONDS


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tests.killed_saving leaves."""
    folder = tmp_path_factory.mktemp("killed")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.killed_saving", str(folder)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(autouse=True)
def tiny_base(killed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real, threads = models.folder, torch.get_num_threads()
    base = killed / "base"
    monkeypatch.setattr(
        models, "folder", lambda model, *rest, judge=False: real(model, *rest, judge=judge) if judge else base
    )
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def places(killed: Path, what: str = "") -> list[Path]:
    return sorted(place for place in killed.iterdir() if place.name.startswith(what) and "-" in place.name)


def settings(data: Path) -> Settings:
    return Settings(data_dir=data, profile="embedded", _env_file=None)


def checked(data: Path) -> list[str]:
    """The styles that are listed; every one of them is whole."""
    facts = models.facts(models.folder("embedded"))
    return [styles.find(name, settings(data), EMBEDDED, facts).name for name in styles.own_names(settings(data))]


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def adapter(data: Path) -> dict[str, torch.Tensor]:
    return load_file(data / "styles" / "sketch" / styles.WEIGHTS)


def test_a_style_that_was_there_stays_whole_and_no_half_one_is_ever_listed(killed: Path) -> None:
    before = files(killed / "whole" / "styles" / "sketch")

    listed = [checked(place) for place in places(killed)]

    assert len(listed) > 25
    assert all(names in (["old"], ["old", "sketch"]) for names in listed)
    assert all(files(place / "styles" / "old") == before for place in places(killed))


def test_what_is_left_half_written_is_put_away_when_an_engine_starts_and_a_saved_style_needs_no_checkpoint(
    killed: Path, tmp_path: Path
) -> None:
    for place in places(killed):
        data = shutil.copytree(place, tmp_path / place.name)
        now = max(file.stat().st_mtime for file in data.rglob("*")) + LATER

        leftovers.put_away(settings(data), now)

        saved = "sketch" in checked(data)
        left = [file.name for file in (data / "training").iterdir() if file.is_dir()]
        assert left == ([] if saved else ["sketch"]), place.name
        halves = [half.name for half in data.rglob("*") if half.name in leftovers.HALVES]
        assert halves == [], place.name


def test_what_another_process_is_writing_just_now_is_left_alone(killed: Path, tmp_path: Path) -> None:
    data = shutil.copytree(places(killed, "saving")[5], tmp_path / "data")
    half = data / "training" / "sketch" / "style"

    leftovers.put_away(settings(data), half.stat().st_mtime + 1)

    assert half.is_dir()


def test_half_a_shard_of_a_killed_process_is_put_away_and_one_that_is_being_fetched_is_not(tmp_path: Path) -> None:
    half = tmp_path / "cache" / "wikiart" / "shards" / ".cache" / "a.1b2c.incomplete"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    fetched = half.stat().st_mtime

    leftovers.put_away(settings(tmp_path), fetched + 1)
    young = half.exists()
    leftovers.put_away(settings(tmp_path), fetched + LATER)

    assert young
    assert not half.exists()


def test_shards_that_are_finished_while_an_engine_starts_do_not_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache" / "wikiart"
    folder.mkdir(parents=True)
    halves = [folder / f"{name}.incomplete" for name in "ab"]
    for half in halves:
        half.write_bytes(b"half")
    fetched, unlink = halves[0].stat().st_mtime, Path.unlink

    def all_are_finished(_half: Path, **how: bool) -> None:
        for half in halves:
            unlink(half, **how)

    monkeypatch.setattr(Path, "unlink", all_are_finished)
    leftovers.put_away(settings(tmp_path), fetched + LATER)

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("what", ["keeping", "saving"])
def test_the_training_goes_on_to_the_adapter_of_an_unbroken_one(killed: Path, what: str) -> None:
    cut_off = [place for place in places(killed, what) if "sketch" not in checked(place)]
    place = cut_off[len(cut_off) // 2]

    train(place, ORDER)

    expected, found = adapter(killed / "whole"), adapter(place)
    assert checked(place) == ["old", "sketch"]
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)
