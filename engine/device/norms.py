"""GroupNorm as a compiler does it well where the channels of a pixel lie side by side."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import GroupNorm


class GroupNormByChannel(GroupNorm):
    """The same norm by another order of sums, while it is compiled: every channel first, then the channels of a group.

    PyTorch's own form gathers a group's few channels from every pixel, some bytes at a time; on an H200 that cost a
    twelfth of the denoising model's time and a quarter of the decoder's. The variance of a group is the mean of
    its channels' variances and the variance of their means (Chan et al. 1979), which loses no digits.
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Shape (rows, channels, …), as it came; computed in float32."""
        # is_compiling, from PyTorch 2.13 on, is true in every thread while one of them compiles.
        if not torch.compiler.is_dynamo_compiling():
            return super().forward(rows)
        count, channels, *places = rows.shape
        values = rows.float()
        variance, mean = torch.var_mean(values, dim=tuple(range(2, rows.ndim)), correction=0)
        variance, mean = (part.view(count, self.num_groups, -1) for part in (variance, mean))
        centre = mean.mean(-1, keepdim=True)
        spread = (variance + (mean - centre).square()).mean(-1, keepdim=True)
        scale = torch.rsqrt(spread + self.eps) * self.weight.float().view(self.num_groups, -1)
        shift = self.bias.float().view(self.num_groups, -1) - centre * scale
        scale, shift = (part.view(count, channels, *(1 for _ in places)) for part in (scale, shift))
        return (values * scale + shift).to(rows.dtype)


def by_channel(model: Any) -> None:
    """Every GroupNorm of a model; its weights stay where they are."""
    for layer in model.modules():
        if type(layer) is GroupNorm and layer.affine:
            layer.__class__ = GroupNormByChannel
