"""Training steps per second, beside a plain loop that encodes picture and caption again at every step.

Both train the same adapter (rank 8 on the attention's projections) on the same drawings, batch by batch, in turns. The
plain loop is that of the usual examples: autoencoder, text encoder, noise, UNet, mean square error, AdamW.
"""

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench import report
from bench.grids import settings_in
from bench.rounds import alternate, ratio, spread
from bench.size import Size
from engine import cores, models
from engine.contract.training import TrainStyle
from engine.quiet import quiet
from engine.training import adapter
from engine.training.base import Base
from engine.training.data import Example, collect
from engine.training.encoding import Encoded, encode
from engine.training.noising import Noising
from engine.training.recipe import Recipe, distilled_steps, recipe
from engine.training.trainer import Trainer

PICTURES = 16
CPU = torch.device("cpu")
NAMES = {"ours": "Tessera, encoded once", "plain": "plain loop, encoded at every step"}


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Steps per second of each, round by round, of the embedded model."""
    quiet()
    order = TrainStyle(name="bench", source="embedded", images=PICTURES, base="embedded", seed=1)
    numbers = recipe(order, "embedded")
    examples = collect(order, PICTURES, settings_in(folder), lambda _done, _total: None).examples
    steps = {"ours": _ours(examples, numbers), "plain": _plain(examples, numbers)}
    marks = await alternate({name: _turn(step, size.steps) for name, step in steps.items()}, size.rounds, size.limit_s)
    rates = {name: [mark["steps_a_second"] for mark in all_] for name, all_ in marks.items()}
    return {
        "batch": numbers.batch,
        "steps_a_second": {name: spread(values) for name, values in rates.items()},
        "times_plain": ratio(rates["ours"], rates["plain"]),
    }


def table(results: dict[str, Any]) -> str:
    body = [(name, report.spread(results["steps_a_second"][who])) for who, name in NAMES.items()]
    head = f"The embedded model, {results['batch']} pictures a step."
    tail = f"Round by round {report.spread(results['times_plain'])} times as fast."
    return "\n\n".join([head, report.rows(("who", "steps a second"), body), tail])


def _turn(step: Callable[[], object], steps: int) -> Any:
    async def run() -> dict[str, float]:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        return {"steps_a_second": steps / (time.perf_counter() - start)}

    return run


def _ours(examples: list[Example], numbers: Recipe) -> Callable[[], object]:
    base = _base(numbers)
    encoded = Encoded.joined([part for part, _ in encode(base, examples, models.facts(base.folder).size)])
    adapter.add(base.unet, numbers)
    trainer = Trainer(base.unet, Noising(base.scheduler, distilled_steps(numbers.base), CPU), encoded, numbers, CPU)
    number = count()

    def step() -> float:
        step_number = next(number)
        return trainer.step(1 + step_number // trainer.steps, step_number % trainer.steps)

    # As a painter trains.
    return lambda: cores.alone(step, CPU)


def _plain(examples: list[Example], numbers: Recipe) -> Callable[[], object]:
    from diffusers import DDPMScheduler, UNet2DConditionModel

    base = _base(numbers)
    # Loaded anew, with the attention that diffusers chooses.
    unet = UNet2DConditionModel.from_pretrained(base.folder / "unet", torch_dtype=base.dtype)
    unet.requires_grad_(requires_grad=False)
    adapter.add(unet, numbers)
    unet.train()
    scheduler = DDPMScheduler.from_config(base.scheduler.config)
    parts = list(adapter.parameters(unet).values())
    optimizer = torch.optim.AdamW(parts, lr=numbers.lr)
    side, number = models.facts(base.folder).size, count()

    def step() -> None:
        batch = [examples[(next(number) * numbers.batch + k) % PICTURES] for k in range(numbers.batch)]
        pixels = torch.stack([_pixels(example, side) for example in batch])
        latents, words = base.latents(pixels), base.words([example.caption for example in batch])
        noise = torch.randn_like(latents)
        timesteps = torch.randint(scheduler.config.num_train_timesteps, (len(batch),))
        noisy = scheduler.add_noise(latents, noise, timesteps).to(base.dtype)
        target = noise
        if scheduler.config.prediction_type == "v_prediction":
            target = scheduler.get_velocity(latents, noise, timesteps)
        prediction = unet(noisy, timesteps, words.to(base.dtype), return_dict=False)[0]
        loss = torch.nn.functional.mse_loss(prediction.float(), target.float())
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parts, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

    return step


def _base(numbers: Recipe) -> Base:
    base = Base(models.folder(numbers.base), CPU)
    for _ in base.load():
        pass
    return base


def _pixels(example: Example, side: int) -> Tensor:
    import numpy as np

    pixels = np.asarray(example.open().resize((side, side)).convert("RGB"))
    return torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)
