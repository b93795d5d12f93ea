"""A picture as people see it: the right way up, on white where it is transparent, in eight bits."""

import numpy as np
from PIL import Image, ImageOps


def flat(image: Image.Image) -> Image.Image:
    """The first frame in RGB. Raises whatever Pillow's decoders raise where the file is damaged."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "F" or upright.mode.startswith("I"):
        upright = _eight_bits(upright)
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    layer = upright.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _eight_bits(grey: Image.Image) -> Image.Image:
    """Deep grey, which Pillow would cut off at 255. Thirty-two bits name no white: theirs is the brightest pixel."""
    values = np.asarray(grey)
    if grey.mode.startswith("I;16"):
        return Image.fromarray((values >> 8).astype(np.uint8))
    values = np.nan_to_num(values.astype(np.float64), posinf=0, neginf=0)
    least, most = values.min(), values.max()
    return Image.fromarray(((values - least) / max(most - least, 1e-30) * 255).astype(np.uint8))
