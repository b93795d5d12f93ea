"""How often does a training stop at a wrong epoch? The original's rule and ours, on the embedded drawings.

    python -m bench.early_stopping [--seeds 5] [--epochs 30] [--out bench/results]

For every seed one training runs to the end without stopping. A large set of fixed triples on pictures that neither
rule sees says how good each epoch's adapter really is. Then both rules are asked where they would have stopped, with
the same patience: the original's by the mean training loss (random timesteps, the last epoch kept), ours by the
held-out loss (fixed triples, the best epoch kept). An epoch is wrong where the true loss is more than 1 % above the
lowest one.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from engine import models
from engine.contract.training import Epoch, TrainStyle
from engine.quiet import quiet
from engine.settings import Settings
from engine.training import adapter, plot
from engine.training.base import Base
from engine.training.data import collect
from engine.training.encoding import Encoded, encode
from engine.training.noising import Noising
from engine.training.recipe import Recipe, recipe
from engine.training.stopping import Stopping
from engine.training.trainer import Trainer

TRUE_PICTURES, WRONG = 24, 1.01
CPU = torch.device("cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    options = parser.parse_args()
    quiet()
    # The original's way of drawing: a constant rate, a new picture and a new timestep every step.
    order = TrainStyle(name="bench", source="embedded", epochs=options.epochs, seed=0)
    numbers = replace(recipe(order, "embedded"), batch=1, lr=5e-4, last_lr=1.0, caption_dropout=0.0, patience=2)
    base = Base(models.folder("embedded"), CPU)
    for _ in base.load():
        pass
    encoded = _encode(base, order, numbers.images + TRUE_PICTURES)
    runs: list[dict[str, Any]] = []
    for seed in range(1, options.seeds + 1):
        runs.append(_run(base, encoded, replace(numbers, seed=seed)))
        report(runs, numbers, options.out)


def report(runs: list[dict[str, Any]], numbers: Recipe, out: Path) -> None:
    """JSON, the first seed's curve, and a table on standard output."""
    out.mkdir(parents=True, exist_ok=True)
    wrongs = {rule: wrong(runs, rule) for rule in ("original", "ours")}
    results = {"recipe": numbers.as_json(), "runs": runs, "wrong": wrongs}
    (out / "early_stopping.json").write_text(json.dumps(results, indent=1))
    epochs = [
        Epoch(epoch=number, train_loss=train, held_out_loss=held, seconds=0)
        for number, (train, held) in enumerate(zip(runs[0]["train"], runs[0]["held_out"], strict=True), 1)
    ]
    plot.plot(epochs, runs[0]["ours"]["kept"]).save(out / "early_stopping.png")
    print("| seed | best epoch | original keeps (excess) | ours keeps (excess) |\n|---|---|---|---|")
    for run in runs:
        cells = [f"{run[rule]['kept']} ({100 * run[rule]['excess']:.1f} %)" for rule in ("original", "ours")]
        print(f"| {run['seed']} | {run['best']} | {' | '.join(cells)} |")
    print(f"wrong epochs: original {wrongs['original']} of {len(runs)}, ours {wrongs['ours']}")


def wrong(runs: list[dict[str, Any]], rule: str) -> int:
    return sum(run[rule]["excess"] > WRONG - 1 for run in runs)


def original_keeps(train: list[float], patience: int) -> int:
    """The mean training loss decides, and the last epoch is what there is."""
    stopping = Stopping(patience)
    for loss in train:
        stopping.ended(loss)
        if stopping.enough:
            break
    return stopping.epoch


def ours_keeps(held_out: list[float], patience: int) -> int:
    stopping = Stopping(patience)
    for loss in held_out:
        stopping.ended(loss)
        if stopping.enough:
            break
    return stopping.best


def _encode(base: Base, order: TrainStyle, n: int) -> Encoded:
    pictures = collect(order, n, Settings(), lambda _done, _total: None)
    side = models.facts(base.folder).size
    return Encoded.joined([part for part, _ in encode(base, pictures.examples, side)])


def _run(base: Base, encoded: Encoded, numbers: Recipe) -> dict[str, Any]:
    """One seed, without stopping, and what each rule makes of it."""
    adapter.add(base.unet, numbers)
    noising = Noising(base.scheduler, None, CPU)
    pictures = encoded.part(list(range(numbers.images)))
    trainer = Trainer(base.unet, noising, pictures, numbers, CPU)
    judge = _Judge(base, noising, encoded.part(list(range(numbers.images, len(encoded)))))
    train, held_out, true = [], [], []
    for epoch in range(1, numbers.epochs + 1):
        train.append(sum(trainer.step(epoch, step) for step in range(trainer.steps)) / trainer.steps)
        held_out.append(torch.cat([trainer.measure(piece) for piece in range(trainer.measures)]).mean().item())
        true.append(judge.loss(trainer))
    base.unet.delete_adapters(adapter.NAME)
    kept_epochs = {"original": original_keeps(train, numbers.patience), "ours": ours_keeps(held_out, numbers.patience)}
    lowest = min(true)
    results: dict[str, Any] = {"seed": numbers.seed, "train": train, "held_out": held_out, "true": true}
    results["best"] = true.index(lowest) + 1
    for rule, epoch in kept_epochs.items():
        results[rule] = {"kept": epoch, "excess": true[epoch - 1] / lowest - 1}
    print(
        f"seed {numbers.seed}: best {results['best']}, original {kept_epochs['original']}, ours {kept_epochs['ours']}",
        flush=True,
    )
    return results


class _Judge:
    """The true loss: pictures that no rule sees, eight fixed triples each, the same for every seed."""

    def __init__(self, base: Base, noising: Noising, pictures: Encoded) -> None:
        chance = torch.Generator().manual_seed(99)
        each = 8
        who = torch.arange(len(pictures)).repeat_interleave(each)
        timesteps = torch.cat([noising.spread(each, chance) for _ in range(len(pictures))])
        noise = torch.randn((len(who), *pictures.latents.shape[2:]), generator=chance)
        self._shown = noising.show(pictures.latents[who, 0], noise, timesteps)
        self._words = pictures.words[who]
        self._unet = base.unet

    @torch.inference_mode()
    def loss(self, trainer: Trainer) -> float:
        trainer.unet.eval()
        losses = []
        for start in range(0, len(self._words), 32):
            part = slice(start, start + 32)
            answer = self._unet(
                self._shown.inputs[part], self._shown.timesteps[part], self._words[part], return_dict=False
            )[0]
            losses.append((answer - self._shown.targets[part]).square().mean((1, 2, 3)))
        return torch.cat(losses).mean().item()


if __name__ == "__main__":
    main()
