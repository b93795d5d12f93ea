"""A training that is killed before each of its writes in turn: `python -m tests.killed_saving FOLDER`.

FOLDER gets `base` (a tiny model), `whole` (an unbroken run's data), and a copy of the data as every kill left it. Each
kill hits a process of its own that was forked just before the writing begins.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from engine import models
from engine.contract.training import TrainStyle
from engine.settings import Settings
from engine.training import checkpoint, saving, tensors
from engine.training.prepare import prepare
from tests.stand_ins import tiny

WRITES = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"}
EMPTYING = {"os.remove", "os.rmdir"}
NEVER = 10**9
ORDER = TrainStyle(name="sketch", source="embedded", images=8, epochs=2, rank=2, batch=4, seed=7, lr=0.01)


def use(base: Path) -> None:
    """The embedded profile's model is the tiny one in `base`; the judge stays."""
    real = models.folder
    models.folder = lambda model, *rest, judge=False: real(model, *rest, judge=judge) if judge else base  # type: ignore[assignment]


def train(data: Path, order: TrainStyle, job: str = "aaaaaaaaaa") -> Path:
    settings = Settings(data_dir=data, profile="embedded", _env_file=None)
    *_, trained = prepare(job, order, settings, "embedded", lambda _done, _total: None).pieces()
    return Path(trained.folder)


class Doom:
    """Kills this process before its `left`-th write under `data`; a tensor file that it hits is left half written."""

    def __init__(self, data: Path, left: int) -> None:
        self._data, self._left = str(data), left

    def begin(self) -> None:
        self._save = tensors.save
        tensors.save = self._saved
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        # A folder is emptied by names that are relative to it.
        if event not in WRITES or not (str(arguments[0]).startswith(self._data) or event in EMPTYING):
            return
        if event != "open" or "w" in str(arguments[1]) or "x" in str(arguments[1]):
            self._count()

    def _saved(self, state: Any, file: Path, metadata: Any = None) -> None:
        left, self._left = self._left, NEVER
        self._save(state, file, metadata)
        if left == 1:
            os.truncate(file, file.stat().st_size // 2)
        self._left = left
        self._count()

    def _count(self) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def survived(folder: Path, data: Path, what: str) -> bool:
    """Fork: True in processes that are killed ever later, False in this one when one of them came through."""
    before = folder / "before"
    shutil.copytree(data, before)
    for number in range(1, 200):
        child = os.fork()
        if not child:
            Doom(data, number).begin()
            return False
        _, status = os.waitpid(child, 0)
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        data.rename(folder / f"{what}-{number:02d}")
        shutil.copytree(before, data)
    shutil.rmtree(data)
    before.rename(data)
    return True


def main(folder: Path) -> None:
    """A style is there before; the unbroken run serves as that one too."""
    torch.set_num_threads(1)
    use(tiny.v1_4(folder / "base"))
    data = folder / "data"
    shutil.copytree(train(folder / "whole", ORDER), data / "styles" / "old")
    keep, write = checkpoint.write, saving.write

    def kept(root: Path, epoch: int, *rest: Any) -> None:
        if epoch == ORDER.epochs and not survived(folder, data, "keeping"):
            keep(root, epoch, *rest)
            os._exit(0)
        keep(root, epoch, *rest)

    def written(*all_: Any) -> None:
        # What follows the writing runs in the forked processes too: the checks, the move, the cleaning up.
        if survived(folder, data, "saving"):
            os._exit(0)
        write(*all_)

    checkpoint.write, saving.write = kept, written  # type: ignore[assignment]
    train(data, ORDER)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
