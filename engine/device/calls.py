"""What a card calls, as functions of tensors that are compiled and recorded, and a pipeline ready for them."""

from types import FunctionType
from typing import Any, cast

import torch
from torch import Tensor

from engine.device.norms import by_channel
from engine.shared_layers import shared_layers


def prepare(pipe: Any) -> None:
    """Channels lie side by side, which is what the matrix units want of convolutions."""
    from engine.device.upsampling import transposed

    for model in (pipe.unet, pipe.vae):
        model.to(memory_format=torch.channels_last)
        by_channel(model)
        transposed(model)


def denoising(unet: Any, *, guided: bool) -> FunctionType:
    """Latents, timesteps of the rows and words become the model's output. `guided`: the second half of the latents is
    the first once more, and what comes before the words is computed for one of them."""

    def denoised(latents: Tensor, times: Tensor, words: Tensor) -> Tensor:
        output: Tensor = unet(latents, times, encoder_hidden_states=words, return_dict=False)[0]
        return output

    if not guided:
        return cast("FunctionType", denoised)
    layers = shared_layers(unet)

    def twice(latents: Tensor, times: Tensor, words: Tensor) -> Tensor:
        with layers.sharing():
            return denoised(latents, times, words)

    return cast("FunctionType", twice)


def decoding(vae: Any) -> FunctionType:
    """Latents become colours -1 … 1."""

    def decoded(latents: Tensor) -> Tensor:
        colours: Tensor = vae.decode(latents, return_dict=False)[0]
        return colours

    return cast("FunctionType", decoded)
