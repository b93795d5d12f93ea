"""Epoch after epoch until there is a reason to stop: steps, the held-out loss, the best adapter, a checkpoint."""

import base64
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.contract.errors import Cancelled
from engine.contract.events import Progress
from engine.contract.training import Epoch, EpochEnded, Stopped
from engine.training import adapter, checkpoint, plot
from engine.training.pace import Pace
from engine.training.recipe import Recipe
from engine.training.stopping import Stopping
from engine.training.trainer import Trainer

Piece = Progress | EpochEnded | None
NOTHING = "The training was cancelled before its first epoch ended, so there is no style."


class Rounds:
    """`best` is the adapter of the epoch `stopping.best`. `facts` is what every checkpoint keeps besides the losses."""

    def __init__(self, trainer: Trainer, recipe: Recipe, root: Path, facts: dict[str, Any], pace: Pace) -> None:
        self.epochs: list[Epoch] = []
        self.best: adapter.State = {}
        self.stopping = Stopping(recipe.patience)
        self._trainer, self._recipe = trainer, recipe
        self._root, self._facts, self._pace = root, facts, pace
        self._cancelled = False

    def cancel(self) -> None:
        """Stop before the next step."""
        self._cancelled = True

    def go_on(self, saved: checkpoint.Saved) -> Generator[EpochEnded, None, None]:
        """Begin where a checkpoint ends. Its epochs are told again, as whoever listens may have heard of none."""
        checkpoint.restore(self._trainer, saved)
        self.best = saved.best
        earlier_epochs = [Epoch.model_validate(epoch) for epoch in saved.state["epochs"]]
        for epoch in earlier_epochs:
            self.stopping.ended(epoch.held_out_loss)
            self.epochs.append(epoch)
            yield self._ended(drawn=epoch is earlier_epochs[-1])

    def run(self) -> Generator[Piece, None, Stopped]:
        """Returns the reason to stop. Raises Cancelled where there is no best epoch, TrainingFailed, OSError."""
        while not self._cancelled:
            if self.stopping.enough:
                return "patience"
            if len(self.epochs) >= self._recipe.epochs:
                return "epochs"
            yield from self._epoch(len(self.epochs) + 1)
        if not self.best:
            raise Cancelled(NOTHING)
        return "cancelled"

    def _epoch(self, number: int) -> Generator[Piece, None, None]:
        start = time.monotonic()
        losses = yield from self._steps(number)
        held_out = []
        for piece in range(self._trainer.measures):
            if self._cancelled:
                return
            held_out.append(self._trainer.measure(piece))
            yield None
        loss = torch.cat(held_out).mean().item()
        if self.stopping.ended(loss):
            self.best = adapter.state(self._trainer.unet)
        seconds = time.monotonic() - start
        epoch = Epoch(epoch=number, train_loss=float(np.mean(losses)), held_out_loss=loss, seconds=seconds)
        self.epochs.append(epoch)
        self._keep(number)
        yield self._ended(drawn=True)

    def _steps(self, number: int) -> Generator[Piece, None, list[float]]:
        losses = []
        total = self._trainer.steps * self._recipe.epochs
        for step in range(self._trainer.steps):
            if self._cancelled:
                break
            with self._pace.timed() as watch:
                loss = self._trainer.loss(number, step)
                if self._trainer.splits:
                    with watch.stopped():
                        yield None
                self._trainer.learn(loss)
            losses.append(loss.item())
            done = (number - 1) * self._trainer.steps + step + 1
            yield Progress(done=done, total=total, phase="training", eta_s=self._pace.seconds_for(total - done))
        return losses

    def _ended(self, *, drawn: bool) -> EpochEnded:
        """The last epoch, with the curve where it is `drawn`."""
        curve = base64.b64encode(plot.png(self.epochs, self.stopping.best)).decode() if drawn else None
        return EpochEnded(**self.epochs[-1].model_dump(), best=self.stopping.best, plot=curve)

    def _keep(self, number: int) -> None:
        losses = [epoch.model_dump() for epoch in self.epochs]
        checkpoint.write(self._root, number, self._trainer, self.best, {**self._facts, "epochs": losses})
        self._pace.keep()
