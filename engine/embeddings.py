"""Text embeddings, remembered: of a negative prompt, a prompt that is painted again, a filler that was seen before.

Texts are always encoded in batches of one size, so that an embedding does not depend on what else is asked for.
"""

from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

# Texts of the last few grids; one has at most 49.
REMEMBERED = 256
BATCH = 8

_by_model: "WeakKeyDictionary[Any, OrderedDict[str, Tensor]]" = WeakKeyDictionary()


def embeddings(pipe: Any, texts: list[str]) -> Tensor:
    """Shape (texts, tokens, channels), on the pipeline's device and in its number format."""
    by_text = _by_model.setdefault(pipe.unet, OrderedDict())
    missing = [text for text in dict.fromkeys(texts) if text not in by_text]
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        padded = batch + [""] * (BATCH - len(batch))
        rows = pipe.encode_prompt(padded, pipe.device, 1, do_classifier_free_guidance=False)[0]
        # A copy of its own, so that one remembered text does not keep its seven neighbours.
        by_text.update((text, row.clone()) for text, row in zip(batch, rows, strict=False))
    stacked = torch.stack([by_text[text] for text in texts])
    for text in texts:
        by_text.move_to_end(text)
    while len(by_text) > REMEMBERED:
        by_text.popitem(last=False)
    return stacked
