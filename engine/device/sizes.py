"""How much of one model a device takes at once, measured at the first start with random weights: speed and memory do
not depend on what the weights are.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from engine.contract.errors import OutOfMemory
from engine.device.clock import Clock
from engine.device.memory import memory_of
from engine.device.remembered import Remembered
from engine.device.saturation import FILLED, Call, saturation

TOKENS = 77
# The autoencoder gains nothing from more pictures at once.
MOST_DECODED = 8


@dataclass(frozen=True)
class Sizes:
    """Pictures that are denoised, and decoded, together. The defaults are what most cards take."""

    pictures: int = 16
    decoded: int = 4

    def halved(self, times: int) -> "Sizes":
        """So much less at once; one picture at least."""
        return Sizes(max(1, self.pictures >> times), max(1, self.decoded >> times))


def sizes(checkpoint: Path, device: torch.device, dtype: torch.dtype, clock: Clock, remembered: Remembered) -> Sizes:
    """Of the model in this folder; measured once, where nobody else was using the device meanwhile.

    Raises OutOfMemory where not even one picture fits.
    """
    name = f"wave of {_shape(checkpoint)}"
    measurements = remembered.get(name)
    if measurements is None:
        total = memory_of(device)
        with torch.inference_mode():
            denoising = saturation(_denoising(checkpoint / "unet", device, dtype, clock), total)
            peak = _decoding(checkpoint, device, dtype, clock)(1).peak_bytes
        chosen_sizes = Sizes(denoising.pictures, decoded(peak, total))
        measurements = {**asdict(chosen_sizes), "measured": denoising.as_json(), "decoded_peak_bytes": peak}
        if not clock.restless:
            remembered.put(name, measurements)
    return Sizes(measurements["pictures"], measurements["decoded"])


def decoded(peak_bytes: float, total_bytes: float) -> int:
    """Pictures at once whose decoding fits into what waves leave of the memory."""
    if not peak_bytes or not total_bytes:
        return MOST_DECODED
    return max(1, min(MOST_DECODED, int((1 - FILLED) * total_bytes / peak_bytes)))


def _denoising(folder: Path, device: torch.device, dtype: torch.dtype, clock: Clock) -> Callable[[int], Call]:
    """One call with guidance, for so many pictures."""
    from diffusers import UNet2DConditionModel

    unet: Any = _random(UNet2DConditionModel, folder, device, dtype)
    side, width = unet.config.sample_size, unet.config.cross_attention_dim

    def call(pictures: int) -> Call:
        rows = 2 * pictures
        # No zeros: they take less power, and a card that has power to spare is faster.
        latents = torch.randn(rows, unet.config.in_channels, side, side, device=device, dtype=dtype)
        words = torch.randn(rows, TOKENS, width, device=device, dtype=dtype)
        times = torch.full((rows,), 1, device=device)
        return _measured(lambda: unet(latents, times, encoder_hidden_states=words, return_dict=False), device, clock)

    return call


def _decoding(checkpoint: Path, device: torch.device, dtype: torch.dtype, clock: Clock) -> Callable[[int], Call]:
    from diffusers import AutoencoderKL, UNet2DConditionModel

    vae: Any = _random(AutoencoderKL, checkpoint / "vae", device, dtype)
    config = UNet2DConditionModel.load_config(checkpoint / "unet")

    def call(pictures: int) -> Call:
        shape = (pictures, config["in_channels"], config["sample_size"], config["sample_size"])
        latents = torch.randn(shape, device=device, dtype=dtype)
        return _measured(lambda: vae.decode(latents, return_dict=False), device, clock)

    return call


def _random(kind: Any, folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    with torch.device(device):
        model = kind.from_config(kind.load_config(folder))
    return model.to(dtype=dtype, memory_format=torch.channels_last).eval()


def _measured(work: Callable[[], object], device: torch.device, clock: Clock) -> Call:
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    try:
        duration = clock(work)
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        message = "This does not fit into the memory of the device."
        raise OutOfMemory(message) from error
    return Call(duration, float(torch.cuda.max_memory_allocated(device)) if cuda else 0.0)


def _shape(checkpoint: Path) -> str:
    """What speed and memory depend on: the shapes, not the weights or where they lie."""
    files = (checkpoint / "unet" / "config.json", checkpoint / "vae" / "config.json")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
