"""Training steps and held-out losses. Everything random in a step follows from the seed and the step's number, so that
a run that goes on from a checkpoint takes the same steps as one that was never cut off.
"""

import math
from collections.abc import Generator
from typing import Any

import torch
from torch import Tensor

from engine.contract.errors import TrainingFailed
from engine.training import adapter
from engine.training.encoding import Encoded
from engine.training.noising import NoisedLatents, Noising
from engine.training.recipe import Recipe
from engine.training.split import chance, split

LONGEST_GRADIENT = 1.0
"""The norm to which a step's gradients are clipped."""
BETAS = (0.9, 0.999)
HELD_OUT_DRAWS = 64
"""At least so many (picture, timestep, noise) triples measure an epoch, and at least 8 of each picture."""
HELD_OUT_AT_ONCE = 8


class Trainer:
    """Trains the adapter on `unet`: one picture in ten is held out and never trained on."""

    def __init__(self, unet: Any, noising: Noising, encoded: Encoded, recipe: Recipe, device: torch.device) -> None:
        self.unet, self.recipe = unet, recipe
        self._noising, self._device = noising, device
        self._dtype = next(part for name, part in unet.named_parameters() if "lora_" not in name).dtype
        learned, held_out = split(len(encoded), recipe.seed)
        self._learned, self._held_out = encoded.part(learned), encoded.part(held_out)
        self.parts = adapter.parameters(unet)
        self.optimizer = torch.optim.AdamW(
            self.parts.values(), lr=recipe.lr, betas=BETAS, weight_decay=recipe.weight_decay, foreach=False
        )
        # Gradients of a half-precision base underflow without it; with fp32 it does nothing.
        self.scaler = torch.amp.GradScaler(device.type, enabled=self._dtype == torch.float16)
        self._triples = self._fixed()

    @property
    def steps(self) -> int:
        """Steps in one epoch."""
        return math.ceil(len(self._learned) / self.recipe.batch)

    @property
    def measures(self) -> int:
        """How many pieces the held-out triples are measured in."""
        return math.ceil(len(self._triples[0]) / HELD_OUT_AT_ONCE)

    @property
    def splits(self) -> bool:
        """Whether somebody's grid may come between the two halves of a step: not on a card, where what the first half
        keeps for the second would lie in the memory beside what is painted."""
        return self._device.type == "cpu"

    def step(self, epoch: int, number: int) -> float:
        """One step of the optimizer; returns its loss. Raises TrainingFailed where the loss is no number."""
        loss = self.loss(epoch, number)
        self.learn(loss)
        return loss.item()

    def loss(self, epoch: int, number: int) -> Tensor:
        """The first half of a step, forward: its loss. Raises TrainingFailed where that is no number."""
        indices = self._order(epoch)[number * self.recipe.batch :][: self.recipe.batch]
        chance = self._chance("step", epoch, number)
        n = len(indices)
        mirrored = torch.randint(2, (n,), generator=chance)
        latents = self._learned.latents[indices, mirrored]
        noise = torch.randn(latents.shape, generator=chance)
        timesteps = self._noising.spread(n, chance)
        wordless = torch.rand(n, generator=chance) < self.recipe.caption_dropout
        words = torch.where(wordless.view(-1, 1, 1), self._learned.no_words, self._learned.words[indices])
        self._set_rate(epoch, number)
        self.unet.train()
        with torch.enable_grad(), torch.random.fork_rng(devices=self._devices()):
            # The adapter's dropout draws from torch's own generator.
            torch.manual_seed(int(torch.randint(2**31, (1,), generator=chance)))
            loss = self._losses(latents, noise, timesteps, words).mean()
        if not math.isfinite(loss.item()):
            raise TrainingFailed(_no_number(epoch, self.recipe))
        return loss

    def learn(self, loss: Tensor) -> None:
        """The second half of a step, backward: gradients, and a step of the optimizer."""
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.parts.values(), LONGEST_GRADIENT)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    @torch.inference_mode()
    def measure(self, piece: int) -> Tensor:
        """The losses of one piece of the held-out triples, (≤ 8,)."""
        self.unet.eval()
        part = slice(piece * HELD_OUT_AT_ONCE, (piece + 1) * HELD_OUT_AT_ONCE)
        indices, timesteps, noise = (value[part] for value in self._triples)
        losses = self._losses(self._held_out.latents[indices, 0], noise, timesteps, self._held_out.words[indices]).cpu()
        if not torch.isfinite(losses).all():
            raise TrainingFailed(_no_number(0, self.recipe))
        return losses

    def loss_without_adapter(self) -> Generator[None, None, float]:
        """The held-out loss of the model without the adapter, measured piece by piece as that of every epoch."""
        adapter.weigh(self.unet, 0.0)
        losses = []
        for piece in range(self.measures):
            losses.append(self.measure(piece))
            yield
        adapter.weigh(self.unet, 1.0)
        return torch.cat(losses).mean().item()

    def probe(self) -> dict[str, Tensor]:
        """The arguments of one forward pass, for comparing two models."""
        indices, timesteps, noise = (value[:1] for value in self._triples)
        noised = self._noising.show(
            self._held_out.latents[indices, 0].to(self._device), noise.to(self._device), timesteps.to(self._device)
        )
        words = self._held_out.words[indices].to(self._device, self._dtype)
        return {"sample": noised.inputs.to(self._dtype), "timestep": noised.timesteps, "encoder_hidden_states": words}

    def _set_rate(self, epoch: int, number: int) -> None:
        """A function of the step's number alone, so that it needs no state either."""
        progress = ((epoch - 1) * self.steps + number) / (self.recipe.epochs * self.steps)
        floor = self.recipe.last_lr
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.lr * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))

    def _losses(self, latents: Tensor, noise: Tensor, timesteps: Tensor, words: Tensor) -> Tensor:
        """(n,): the mean square error of each row, unweighted, as in the original."""
        noised: NoisedLatents = self._noising.show(
            latents.to(self._device), noise.to(self._device), timesteps.to(self._device)
        )
        output = self.unet(
            noised.inputs.to(self._dtype),
            noised.timesteps,
            encoder_hidden_states=words.to(self._device, self._dtype),
            return_dict=False,
        )[0]
        losses: Tensor = (output.float() - noised.targets.float()).square().mean((1, 2, 3))
        return losses

    def _fixed(self) -> tuple[Tensor, Tensor, Tensor]:
        """The held-out triples: every picture at timesteps spread over the range, with noise that never changes."""
        n = len(self._held_out)
        draws = max(8, math.ceil(HELD_OUT_DRAWS / n))
        chance = self._chance("held out", 0, 0)
        timesteps = torch.cat([self._noising.spread(draws, chance) for _ in range(n)])
        noise = torch.randn((n * draws, *self._held_out.latents.shape[2:]), generator=chance)
        return torch.arange(n).repeat_interleave(draws), timesteps, noise

    def _order(self, epoch: int) -> list[int]:
        return torch.randperm(len(self._learned), generator=self._chance("order", epoch, 0)).tolist()

    def _chance(self, what: str, epoch: int, number: int) -> torch.Generator:
        return chance(self.recipe.seed, what, epoch, number)

    def _devices(self) -> list[int]:
        return [torch.cuda.current_device()] if self._device.type == "cuda" else []


def _no_number(epoch: int, recipe: Recipe) -> str:
    where = f"in epoch {epoch}" if epoch else "on the held-out pictures"
    return f"The loss {where} is no longer a number: the training diverged. Try a lower lr than {recipe.lr:g}."
