"""What all tests share: no settings of the machine they run on."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.clusters import LOOPBACK

for name in [name for name in os.environ if name.lower() in Settings.model_fields]:
    del os.environ[name]

os.environ.pop("RAY_ADDRESS", None)
os.environ |= LOOPBACK

# Files that take a minute or more begin first, so that no worker is left alone with one at the end.
LONGEST = ("training", "cluster", "soak", "evaluate", "bench", "web_browser", "training_killed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: the longest tests wait for other processes more than they compute."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several workers take whole files in this order."""
    first = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path.stem, len(first)))


def pytest_collection_finish() -> None:
    """What was imported stays, half a million objects: looking for garbage there took a fifth of some files' time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def home(_shared: Path) -> Generator[Path]:
    """A data folder for all engines of a run, so that the filler drawings are made once. No style may stay in it."""
    yield _shared
    assert not list((_shared / "styles").glob("*")), "the next test would see this style: train in tmp_path"
