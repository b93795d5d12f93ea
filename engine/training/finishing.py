"""From the best adapter to a style: samples before and after, scores, the copy check, the folder, its checks."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine import leftovers, models
from engine.contract.approaches import JUDGES, Profile
from engine.contract.training import Stopped, StyleTrained, TrainStyle
from engine.metrics.clip import Judge
from engine.painter import Pixels
from engine.training import adapter, card, samples, saving
from engine.training.base import Base
from engine.training.data import Pictures
from engine.training.recipe import Recipe, styled
from engine.training.rounds import Rounds
from engine.training.split import chance, split
from engine.training.trainer import Trainer


@dataclass
class Finish:
    """What a training has at its end. `root` holds the checkpoints, `styles` the finished styles."""

    order: TrainStyle
    recipe: Recipe
    pictures: Pictures
    profile: Profile
    root: Path
    styles: Path
    warnings: list[str]

    def pieces(
        self, base: Base, trainer: Trainer, rounds: Rounds, stopped: Stopped, small: Sequence[Pixels]
    ) -> Generator[StyleTrained | None, None, None]:
        """`small`: copies of all pictures. Raises TrainingFailed, NoModel, BadRequest, OSError."""
        adapter.put(base.unet, rounds.best)
        loss_without = yield from trainer.loss_without_adapter()
        self._doubt(rounds, loss_without)
        row = styled(self.profile)
        target = base
        if row.model != self.recipe.base:
            # A base may be trained in another's place (SD 2.1 for sd-turbo); samples show the one that will paint.
            target = Base(models.folder(row.model), base.device)
            yield from target.load()
            adapter.add(target.unet, self.recipe)
            adapter.put(target.unet, rounds.best)
        target.put_encoders(base.device)
        sample_set = self._samples()
        yield from samples.paint(target.pipeline(), row, self.recipe.words, sample_set)
        result = self._result(rounds, stopped, sample_set, small, loss_without)
        yield None
        half = self.root / "style"
        saving.write(half, rounds.best, result, sample_set.sheet())
        saving.check(half, base.unet, trainer.probe(), self.recipe)
        folder = saving.adopt(half, self.order.name, self.styles)
        leftovers.end(self.root)
        yield self._style_trained(folder, rounds, stopped, sample_set)

    def _doubt(self, rounds: Rounds, loss_without: float) -> None:
        """Warn of a style that did not learn what all its pictures have in common."""
        best = rounds.epochs[rounds.stopping.best - 1].held_out_loss
        if best >= loss_without:
            self.warnings.append(
                f"on held-out pictures the model predicts no better with this style ({best:.4f}) than without it "
                f"({loss_without:.4f}), so it is likely to spoil pictures. Try a lower lr than {self.recipe.lr:g}."
            )

    def _samples(self) -> samples.Samples:
        """Prompts from held-out pictures where these have captions, so that none of them was trained on."""
        _, held_out = split(len(self.pictures.examples), self.recipe.seed)
        subjects = [self.pictures.examples[index].subject for index in held_out]
        prompts = list(dict.fromkeys([*filter(None, subjects), *samples.PROMPTS]))[: len(samples.PROMPTS)]
        draw = chance(self.recipe.seed, "samples")
        return samples.Samples(prompts, torch.randint(2**32, (len(prompts),), generator=draw).tolist())

    def _result(
        self,
        rounds: Rounds,
        stopped: Stopped,
        sample_set: samples.Samples,
        small: Sequence[Pixels],
        loss_without: float,
    ) -> card.Result:
        name = JUDGES[self.profile]
        judge = Judge(models.folder(name, judge=True), torch.device("cpu"))
        indices, _ = split(len(small), self.recipe.seed)
        names, learned_pictures = (
            [self.pictures.examples[index].name for index in indices],
            [small[index] for index in indices],
        )
        nearest = [
            (prompt, names[index], cosine)
            for prompt, index, cosine in samples.nearest(judge, sample_set, learned_pictures)
        ]
        copies = sum(cosine > card.COPIED for _, _, cosine in nearest)
        if copies and self.order.source != "embedded":
            note = "samples look almost like a training picture; check the card before using the style."
            self.warnings.append(f"{copies} of {len(nearest)} {note}")
        return card.Result(
            order=self.order,
            recipe=self.recipe,
            pictures=self.pictures,
            stopped=stopped,
            best=rounds.stopping.best,
            epochs=rounds.epochs,
            loss_without=loss_without,
            scores=samples.judge(judge, sample_set, learned_pictures),
            judge=name,
            nearest=nearest,
            revision=models.facts(models.folder(self.recipe.base)).revision,
            warnings=self.warnings,
        )

    def _style_trained(
        self, folder: Path, rounds: Rounds, stopped: Stopped, sample_set: samples.Samples
    ) -> StyleTrained:
        return StyleTrained(
            name=self.order.name,
            folder=str(folder),
            base=self.recipe.base,
            stopped=stopped,
            best_epoch=rounds.stopping.best,
            epochs=tuple(rounds.epochs),
            plot=str(folder / saving.PLOT),
            card=str(folder / saving.README),
            warnings=tuple(self.warnings),
            sheet=sample_set.jpeg(),
        )
