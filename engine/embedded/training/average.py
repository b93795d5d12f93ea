"""The moving average of a model's weights, which paints better than the weights themselves."""

import copy
from typing import Any

import torch

_SLOWEST = 0.9985


class Average:
    """`model` is the averaged copy; `follow` moves it towards the one that learns."""

    def __init__(self, learning: Any) -> None:
        self.model = copy.deepcopy(learning).requires_grad_(requires_grad=False).eval()
        self._learning = learning

    @torch.no_grad()
    def follow(self, steps: int) -> None:
        # Young averages forget faster, or they would keep the random start.
        decay = min(_SLOWEST, (1 + steps) / (10 + steps))
        # One call for all weights: a loop over them costs as much as a step of a small model.
        torch._foreach_lerp_(list(self.model.parameters()), list(self._learning.parameters()), 1 - decay)
