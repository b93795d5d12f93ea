"""Upsampling as a compiler's convolutions do it best: without the pixels that are there four times."""

from typing import Any

import torch
from diffusers.models.upsampling import Upsample2D
from torch import Tensor
from torch.nn import Conv2d
from torch.nn.functional import conv_transpose2d

KERNEL, PADDING = (3, 3), (1, 1)


class UpsampleTransposed(Upsample2D):  # type: ignore[misc]  # diffusers has no types
    """The same layer as one transposed convolution, while it is compiled.

    A convolution over doubled pixels multiplies each of them by several weights that could be added first. Added, they
    are the 4 × 4 kernel of a transposed convolution with four ninths of the products (Shi et al. 2016, arXiv
    1609.07009), up to the rounding of those sums. They are added in every call, as a style may have changed them.
    """

    def forward(self, hidden_states: Tensor, output_size: Any = None) -> Tensor:
        """Shape (rows, channels, height, width) becomes (rows, channels, 2 height, 2 width)."""
        if output_size is not None or not torch.compiler.is_dynamo_compiling():
            output: Tensor = super().forward(hidden_states, output_size)
            return output
        kernel = _added(_added(self.conv.weight, 2), 3).transpose(0, 1)
        return conv_transpose2d(hidden_states, kernel, self.conv.bias, stride=2, padding=1)


def transposed(model: Any) -> None:
    """Every layer of a model that doubles pixels and convolves them; its weights stay where they are."""
    for layer in model.modules():
        if type(layer) is Upsample2D and _doubles(layer):
            layer.__class__ = UpsampleTransposed


def _doubles(layer: Upsample2D) -> bool:
    conv = getattr(layer, "conv", None)
    is_plain = type(conv) is Conv2d and conv.kernel_size == KERNEL and conv.padding == PADDING and conv.groups == 1
    return is_plain and layer.interpolate and layer.norm is None


def _added(kernel: Tensor, along: int) -> Tensor:
    """Three taps become four, in the order in which a transposed convolution has them."""
    first, middle, last = kernel.unbind(along)
    return torch.stack((last, middle + last, first + middle, first), along)
