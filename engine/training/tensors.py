"""Tensors as a safetensors file. The library's own `save_file` hides from its caller that the disk was full."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor


def save(tensors: Mapping[str, Tensor], file: Path, metadata: dict[str, str] | None = None) -> None:
    """Raises OSError."""
    from safetensors.torch import save as packed

    file.write_bytes(packed(dict(tensors), metadata))
