"""A denoising model that wears one style at a time: added to its weights in place, taken off by putting them back.

Nothing else about the model changes, so a compiled or recorded form of it stays valid, and a style costs no time while
painting. In fp32 this is what peft computes, up to rounding; it is exact once the style is off.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import styles


class Wardrobe:
    """Of one model. All calls come from the thread that paints."""

    def __init__(self, unet: Any) -> None:
        self._unet = unet
        self._originals: dict[str, Tensor] = {}
        self._adapters: dict[str, dict[str, tuple[Tensor, Tensor]]] = {}
        self._worn: tuple[str | None, float] = (None, 0.0)

    def knows(self, style: str) -> bool:
        return style in self._adapters

    def learn(self, style: str, folder: Path) -> None:
        """Read the style's adapter, which `engine.styles` has checked."""
        self._adapters[style] = _factors(folder, self._device)

    def forget(self, style: str) -> None:
        """Its files have changed or gone."""
        if self._worn[0] == style:
            self.wear(None, 0.0)
        self._adapters.pop(style, None)

    def wear(self, style: str | None, weight: float) -> None:
        """From now on the model paints with this style at this weight, or with none."""
        if self._worn == (style, weight):
            return
        with torch.no_grad():
            self._take_off()
            try:
                self._put_on(style, weight)
            except BaseException:
                # Out of memory half way: whoever paints next would wear the part that did fit.
                self._take_off()
                raise

    @property
    def _device(self) -> torch.device:
        device: torch.device = next(iter(self._unet.parameters())).device
        return device

    def _put_on(self, style: str | None, weight: float) -> None:
        self._worn = (style, weight)
        if style is not None and weight:
            for layer, (a, b) in self._adapters[style].items():
                self._add(layer, a, b, weight)

    def _take_off(self) -> None:
        if self._worn[0] is not None:
            for layer in self._adapters[self._worn[0]]:
                if layer in self._originals:
                    self._weight(layer).copy_(self._originals[layer])
        self._worn = (None, 0.0)

    def _add(self, layer: str, a: Tensor, b: Tensor, weight: float) -> None:
        target = self._weight(layer)
        original = self._originals.setdefault(layer, target.detach().clone())
        delta = (b.flatten(1) @ a.flatten(1)).view_as(target)
        target.copy_(original.float() + weight * delta)

    def _weight(self, layer: str) -> Tensor:
        parameter: Tensor = self._unet.get_submodule(layer).weight
        return parameter.data


def _factors(folder: Path, device: torch.device) -> dict[str, tuple[Tensor, Tensor]]:
    """A and scaled B of every layer."""
    from safetensors.torch import load_file

    config = styles.config(folder)
    state = {key: value.to(device, torch.float32) for key, value in load_file(folder / styles.WEIGHTS).items()}
    factors = {}
    for key, a in state.items():
        if ".lora_A." in key:
            layer = key.removeprefix(styles.PREFIX).partition(".lora_A.")[0]
            factors[layer] = (a, config.strength(layer) * state[key.replace(".lora_A.", ".lora_B.")])
    return factors
