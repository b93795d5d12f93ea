"""Pictures and texts as the judge's unit vectors, and what can be read from them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def tensor(pixels: Any, device: str = "cpu") -> Tensor:
    """(n, 64, 64, 3) bytes to (n, 3, 64, 64) from -1 to 1: mean and deviation 0.5, for judge and autoencoder alike."""
    rows = torch.from_numpy(np.array(pixels)).to(device)
    return rows.permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()


def picture_vectors(judge: Any, pictures: Tensor) -> Tensor:
    """(n, 128), of length one."""
    return functional.normalize(
        judge.visual_projection(judge.vision_model(pixel_values=pictures).pooler_output), dim=-1
    )


def text_vectors(judge: Any, ids: Tensor) -> Tensor:
    """(n, 128), of length one, for token ids (n, 32)."""
    end = judge.config.text_config.eos_token_id
    # What follows the end mark changes nothing, and costs as much as the words.
    short = ids[:, : int((ids == end).int().argmax(1).max()) + 1]
    return functional.normalize(judge.text_projection(judge.text_model(input_ids=short).pooler_output), dim=-1)


@torch.no_grad()
def look_at(judge: Any, pixels: Any, device: str = "cpu") -> Tensor:
    """The vectors of many pictures (n, 64, 64, 3), in batches."""
    batches = [tensor(pixels[start : start + 128], device) for start in range(0, len(pixels), 128)]
    return torch.cat([picture_vectors(judge, batch) for batch in batches])


@torch.no_grad()
def agreement(pictures: Tensor, texts: Tensor) -> dict[str, float]:
    """Mean cosine of a picture with its own text and with the others, and how often its own text is the nearest."""
    cosines = pictures @ texts.T
    n = len(cosines)
    matches = cosines.diag()
    return {
        "match": matches.mean().item(),
        "mismatch": ((cosines.sum() - matches.sum()) / max(1, n * n - n)).item(),
        "right_text": (cosines.argmax(1) == torch.arange(n, device=cosines.device)).float().mean().item(),
    }
