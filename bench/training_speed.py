"""Training steps per second, beside a plain loop that encodes picture and caption again at every step.

    python -m bench.training_speed [--model embedded] [--steps 20] [--rounds 5]

Both train the same adapter (rank 8 on the attention's projections) on the same drawings, batch by batch, in turns. The
plain loop is that of the usual examples: autoencoder, text encoder, noise, UNet, mean square error, AdamW.
"""

import argparse
import json
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.machine import describe, line
from bench.rounds import ratio, spread
from engine import models
from engine.contract.training import TrainStyle
from engine.quiet import quiet
from engine.settings import Settings
from engine.training import adapter
from engine.training.base import Base
from engine.training.data import collect
from engine.training.encoding import Encoded, encode
from engine.training.noising import Noising
from engine.training.recipe import Recipe, distilled_steps, recipe
from engine.training.trainer import Trainer

RESULT = Path(__file__).parent / "results" / "training_speed.json"
PICTURES = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded", help="the base that is trained on")
    parser.add_argument("--batch", type=int, help="pictures in a step; the profile's own where it is left out")
    parser.add_argument("--steps", type=int, default=20, help="in one turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    quiet()
    found = measure(given.model, given.batch, given.steps, given.rounds)
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1))
    print(table(found))


def measure(model: str, batch: int | None, steps: int, rounds: int) -> dict[str, Any]:
    """Steps per second of each, round by round."""
    profile = "embedded" if model == "embedded" else "full"
    order = TrainStyle(name="bench", source="embedded", images=PICTURES, batch=batch, base=model, seed=1)
    numbers = recipe(order, profile)  # type: ignore[arg-type] # one of the two
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    turns = {"ours": _ours(order, numbers, device), "plain": _plain(order, numbers, device)}
    rates: dict[str, list[float]] = {name: [] for name in turns}
    for turn in turns.values():
        turn()
    for _ in range(rounds):
        for name, turn in turns.items():
            begun = time.perf_counter()
            for _ in range(steps):
                turn()
            if device.type == "cuda":
                torch.cuda.synchronize()
            rates[name].append(steps / (time.perf_counter() - begun))
    return {
        "machine": describe(),
        "model": model,
        "batch": numbers.batch,
        "steps_a_second": {name: spread(values) for name, values in rates.items()},
        "times_plain": ratio(rates["ours"], rates["plain"]),
    }


def table(found: dict[str, Any]) -> str:
    names = {"ours": "Tessera, encoded once", "plain": "plain loop, encoded at every step"}
    rows = [
        f"| {names[name]} | {value['median']:.2f} ({value['least']:.2f} … {value['most']:.2f}) |"
        for name, value in found["steps_a_second"].items()
    ]
    times = found["times_plain"]
    return "\n".join(
        [
            f"Training on {found['model']}, {found['batch']} pictures a step:",
            "",
            "| who | steps a second |",
            "|---|---|",
            *rows,
            "",
            f"Round by round {times['median']:.2f} times as fast ({times['least']:.2f} … {times['most']:.2f}).",
            line(found["machine"]),
        ]
    )


def _ours(order: TrainStyle, numbers: Recipe, device: torch.device) -> Callable[[], object]:
    base = _base(numbers, device)
    examples = collect(order, PICTURES, Settings(), lambda _done, _total: None).examples
    encoded = Encoded.joined([part for part, _ in encode(base, examples, models.facts(base.folder).size)])
    adapter.add(base.unet, numbers)
    trainer = Trainer(
        base.unet, Noising(base.scheduler, distilled_steps(numbers.base), device), encoded, numbers, device
    )
    number = count()
    return lambda: trainer.step(1 + (step := next(number)) // trainer.steps, step % trainer.steps)


def _plain(order: TrainStyle, numbers: Recipe, device: torch.device) -> Callable[[], object]:
    from diffusers import DDPMScheduler, UNet2DConditionModel

    base = _base(numbers, device)
    # Loaded anew, with the attention that diffusers chooses.
    unet = UNet2DConditionModel.from_pretrained(base.folder / "unet", torch_dtype=base.dtype).to(device)
    unet.requires_grad_(requires_grad=False)
    adapter.add(unet, numbers)
    unet.train()
    noising = DDPMScheduler.from_config(base.scheduler.config)
    parts = list(adapter.parameters(unet).values())
    optimizer = torch.optim.AdamW(parts, lr=numbers.lr)
    examples = collect(order, PICTURES, Settings(), lambda _done, _total: None).examples
    side, number = models.facts(base.folder).size, count()

    def step() -> None:
        chosen = [examples[(next(number) * numbers.batch + k) % PICTURES] for k in range(numbers.batch)]
        pixels = torch.stack([_pixels(example, side) for example in chosen])
        latents, words = base.latents(pixels).to(device), base.words([example.caption for example in chosen]).to(device)
        noise = torch.randn_like(latents)
        timesteps = torch.randint(noising.config.num_train_timesteps, (len(chosen),), device=device)
        seen = noising.add_noise(latents, noise, timesteps).to(base.dtype)
        wanted = noise
        if noising.config.prediction_type == "v_prediction":
            wanted = noising.get_velocity(latents, noise, timesteps)
        answered = unet(seen, timesteps, words.to(base.dtype), return_dict=False)[0]
        loss = torch.nn.functional.mse_loss(answered.float(), wanted.float())
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parts, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

    return step


def _base(numbers: Recipe, device: torch.device) -> Base:
    base = Base(models.folder(numbers.base), device)
    for _ in base.load():
        pass
    return base


def _pixels(example: Any, side: int) -> Tensor:
    import numpy as np

    pixels = np.asarray(example.open().resize((side, side)).convert("RGB"))
    return torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)


if __name__ == "__main__":
    main()
