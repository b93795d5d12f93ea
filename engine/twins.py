"""Guidance denoises every picture twice, with its words and without. Until the words come in, both are the same.

So the layers before the first cross-attention work on one half of the batch; in the embedded model a tenth of all work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor


class Twins:
    """Hooks on the layers that know no words yet; they act only inside `sharing`, in the thread that entered it."""

    def __init__(self, unet: Any) -> None:
        self._here = local()
        for layer in _before_words(unet):
            layer.register_forward_pre_hook(self._halve, with_kwargs=True)
            layer.register_forward_hook(self._double)

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Calls of the model in here have a batch whose second half is the first again, but for its words."""
        self._here.sharing = True
        try:
            yield
        finally:
            self._here.sharing = False

    def _halve(self, _layer: Any, given: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
        if not getattr(self._here, "sharing", False):
            return None
        return tuple(_half(item) for item in given), {name: _half(item) for name, item in named.items()}

    def _double(self, _layer: Any, _given: Any, found: Any) -> Any:
        return _twice(found) if getattr(self._here, "sharing", False) else None


_known: WeakKeyDictionary[Any, Twins] = WeakKeyDictionary()


def twins(unet: Any) -> Twins:
    """Of this model; its layers get their hooks once."""
    if unet not in _known:
        _known[unet] = Twins(unet)
    return _known[unet]


def _before_words(unet: Any) -> Iterator[Any]:
    """Layers in the order of the forward pass, up to the self-attention that stands before the first words."""
    yield unet.conv_in
    for block in unet.down_blocks:
        if getattr(block, "has_cross_attention", False):
            yield block.resnets[0]
            yield block.attentions[0].transformer_blocks[0].attn1
            return
        yield block


def _half(item: Any) -> Any:
    return item[: len(item) // 2] if isinstance(item, Tensor) else item


def _twice(found: Any) -> Any:
    return torch.cat([found, found]) if isinstance(found, Tensor) else tuple(_twice(item) for item in found)
