"""Feed-forward layers on a processor, some tokens at a time: what is eight times as wide as its input stays in a core's
cache. The same sums; in the embedded model a grid takes 2 to 5 % less time.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu

TOKENS = 1024


def few_at_a_time(unet: Any) -> None:
    """For inference only: the gate is applied in place."""
    from diffusers.models.activations import GEGLU
    from diffusers.models.attention import FeedForward

    for layer in unet.modules():
        if type(layer) is FeedForward and type(layer.net[0]) is GEGLU:
            layer.forward = partial(_forward, layer)


def _forward(layer: Any, tokens: Tensor) -> Tensor:
    """Tokens (rows, tokens, channels) as diffusers' FeedForward turns them: linear, GEGLU, dropout, linear."""
    return torch.cat([_narrow(layer, part) for part in torch.split(tokens.flatten(0, 1), TOKENS)]).view_as(tokens)


def _narrow(layer: Any, tokens: Tensor) -> Tensor:
    wide, gate = layer.net[0].proj(tokens).chunk(2, dim=-1)
    states = gelu(gate).mul_(wide)
    for later in layer.net[1:]:
        states = later(states)
    return states
