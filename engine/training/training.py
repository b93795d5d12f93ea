"""One training from pictures to a saved style, as a generator: everything between two yields is one piece of work for
the device, small enough that a painter can run pieces between the steps of somebody's grid.
"""

from collections.abc import Generator

import torch

from engine import models
from engine.contract.approaches import Profile
from engine.contract.errors import Cancelled
from engine.contract.events import Progress
from engine.contract.training import EpochEnded, StyleTrained, TrainStyle
from engine.painter import Pixels
from engine.settings import Settings
from engine.training import adapter, checkpoint, saving
from engine.training.base import Base
from engine.training.data import Pictures
from engine.training.encoding import Encoded, encode
from engine.training.finishing import Finish
from engine.training.noising import Noising
from engine.training.pace import Pace
from engine.training.recipe import Recipe, distilled_steps
from engine.training.rounds import NOTHING, Rounds
from engine.training.trainer import Trainer

Piece = Progress | EpochEnded | StyleTrained | None


class Training:
    """`cancel` may be called from any thread; the best epoch so far is then saved."""

    def __init__(
        self, job: str, order: TrainStyle, recipe: Recipe, pictures: Pictures, settings: Settings, profile: Profile
    ) -> None:
        self.order, self.recipe = order, recipe
        self.job, self.pictures, self._settings, self.profile = job, pictures, settings, profile
        self._root = settings.training_dir / order.name
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._warnings = list(pictures.warnings)
        self._rounds: Rounds | None = None
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        if self._rounds:
            self._rounds.cancel()

    def pieces(self) -> Generator[Piece, None, None]:
        """News, or None, after each piece; the last is StyleTrained.

        Raises TrainingFailed, NoModel, BadRequest, DiskFull, Cancelled where no epoch was finished, and torch's own
        errors where a piece does not fit into the memory.
        """
        try:
            yield from self._pieces()
        except OSError as error:
            raise saving.disk(error, self._root) from error

    def _pieces(self) -> Generator[Piece, None, None]:
        base = Base(models.folder(self.recipe.base), self._device)
        yield Progress(done=0, total=1, phase="loading")
        for _ in base.load():
            yield None
            self._heed_cancel()
        encoded, small = yield from self._encode(base)
        trainer = self._trainer(base, encoded)
        facts = {
            "job": self.job,
            "recipe": self.recipe.as_json(),
            "pictures": len(encoded),
            "digest": self.pictures.digest,
        }
        pace = Pace(self._settings, self.recipe, self._device.type)
        rounds = self._rounds = Rounds(trainer, self.recipe, self._root, facts, pace)
        if checkpoint.state(self._root) is not None:
            yield from rounds.go_on(checkpoint.read(self._root))
        yield None
        if self._cancelled:
            rounds.cancel()
        stopped = yield from rounds.run()
        yield Progress(done=0, total=1, phase="saving")
        finish = Finish(
            self.order,
            self.recipe,
            self.pictures,
            self.profile,
            self._root,
            self._settings.styles_dir,
            self._warnings,
        )
        yield from finish.pieces(base, trainer, rounds, stopped, small)

    def _encode(self, base: Base) -> Generator[Piece, None, tuple[Encoded, list[Pixels]]]:
        examples, done = self.pictures.examples, 0
        parts: list[Encoded] = []
        small: list[Pixels] = []
        for part, pixels in encode(base, examples, models.facts(base.folder).size):
            self._heed_cancel()
            parts.append(part)
            small += pixels
            done += len(part)
            yield Progress(done=done, total=len(examples), phase="encoding")
        count = sum(base.is_cut(example.caption) for example in examples)
        if count:
            self._warnings.append(f"{count} captions are longer than the model reads, so their ends were cut off.")
        return Encoded.joined(parts), small

    def _trainer(self, base: Base, encoded: Encoded) -> Trainer:
        base.put_encoders(torch.device("cpu"))
        adapter.add(base.unet, self.recipe)
        noising = Noising(base.scheduler, distilled_steps(self.recipe.base), self._device)
        return Trainer(base.unet, noising, encoded, self.recipe, self._device)

    def _heed_cancel(self) -> None:
        if self._cancelled:
            raise Cancelled(NOTHING)
