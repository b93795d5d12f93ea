"""Finished pictures copied from the device to the processor's memory, while the device goes on painting."""

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.contract.errors import PaintingFailed
from engine.painter import Pixels

NO_NUMBERS = "The model produced no valid numbers for this picture; try another seed or less guidance."


class HostCopy:
    """The copy begins when this is made; `pictures` waits for its end and may be called in any thread."""

    def __init__(self, decoded: Sequence[Tensor]) -> None:
        """`decoded`: parts of shape (rows, 3, height, width), colours -1 … 1, on any device."""
        self._valid = [to_host(torch.isfinite(part).all()) for part in decoded]
        self._colours = [to_host(_colours(part)) for part in decoded]
        self._arrived = None
        if any(part.is_cuda for part in decoded):
            self._arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._arrived.record()

    def pictures(self) -> list[Pixels]:
        """Raises PaintingFailed where the model produced no numbers."""
        if self._arrived is not None:
            self._arrived.synchronize()
        if not all(bool(valid) for valid in self._valid):
            raise PaintingFailed(NO_NUMBERS)
        # Copies: pinned memory is scarce and goes back at once.
        return [picture.copy() for part in self._colours for picture in part.numpy()]


def _colours(decoded: Tensor) -> Tensor:
    """8-bit colours, shape (rows, height, width, 3), rounded as diffusers' image processor does it."""
    scaled = (decoded / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float() * 255
    return scaled.round().to(torch.uint8).contiguous()


def to_host(tensor: Tensor) -> Tensor:
    """A copy in pinned memory that the device makes without being waited for; on a processor the tensor itself."""
    if not tensor.is_cuda:
        return tensor
    pinned = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return pinned.copy_(tensor, non_blocking=True)
