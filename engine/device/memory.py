"""How much memory of a device this process may take."""

import torch


def memory_of(device: torch.device) -> int:
    """Bytes: all that a card has, or the part that PYTORCH_ALLOC_CONF=per_process_memory_fraction:… leaves us. 0 for a
    processor, where nothing is measured by it."""
    if device.type != "cuda":
        return 0
    # The share is told by number only: "cuda" without one is refused.
    return int(torch.cuda.mem_get_info(device)[1] * torch.cuda.get_per_process_memory_fraction(device.index))
