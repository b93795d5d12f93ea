"""Which checkpoints a profile means, and what can be known of one from its folder without loading a weight."""

import json
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.contract.approaches import EMBEDDED, Profile
from engine.contract.errors import NoModel
from engine.fetching import OnBytes, unwatched
from engine.settings import Settings

PIPELINE_BYTES = 2_600_000_000
"""What a Stable Diffusion in half precision has to be fetched, about: v1-4 and sd-turbo alike."""
REVISION = re.compile(r"^[0-9a-f]{40}$")
"""A commit of the hub, after which it names a snapshot's folder."""
_IMPORTING = threading.Lock()


@dataclass(frozen=True)
class Facts:
    """`size` is the side of a picture in pixels; `revision` the hub's commit, None for a local folder."""

    folder: Path
    revision: str | None
    scheduler: str
    size: int


def choose_profile(settings: Settings) -> tuple[Profile, str]:
    """The profile and a sentence that says why."""
    if settings.profile != "auto":
        return settings.profile, f"PROFILE={settings.profile}"
    if find_spec("torch") is None:
        return "embedded", "PROFILE=auto and PyTorch is not installed"
    import torch

    if torch.cuda.is_available():
        return "full", f"PROFILE=auto and there is a GPU: {torch.cuda.get_device_name()}"
    return "embedded", "PROFILE=auto and there is no CUDA device"


def folder(model: str, fetching: OnBytes = unwatched, *, judge: bool = False) -> Path:
    """The checkpoint's folder; fetched from the hub where it is not here yet. Raises NoModel, DiskFull."""
    if model == EMBEDDED:
        from engine import embedded

        return embedded.JUDGE if judge else embedded.PIPELINE
    from engine import checkpoints

    half = not judge and _has_gpu()
    return checkpoints.fetch(model, fetching, half=half)


def is_local(model: str, *, judge: bool = False) -> bool:
    """Whether `folder` would have nothing to fetch."""
    if model == EMBEDDED:
        return True
    from engine import checkpoints

    return checkpoints.local(model, half=not judge and _has_gpu()) is not None


@lru_cache
def facts(folder: Path) -> Facts:
    """Scheduler and picture size of a pipeline's folder, from its configuration files."""
    index = _config(folder / "model_index.json")
    unet, vae = _config(folder / "unet" / "config.json"), _config(folder / "vae" / "config.json")
    revision = folder.name if REVISION.match(folder.name) else None
    # Each level of the autoencoder but the last halves the side.
    scale = 2 ** (len(vae["block_out_channels"]) - 1)
    return Facts(folder, revision, str(index["scheduler"][1]), int(unet["sample_size"]) * scale)


@lru_cache
def tokenizer(folder: Path) -> Any:
    """The CLIP tokenizer in `folder`, a pipeline's `tokenizer` folder or a judge's folder."""
    # Two threads that import lazily from transformers at once get "cannot import name" from a half-made module.
    with _IMPORTING:
        from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(folder)


def tokens_cut(folder: Path, text: str) -> int:
    """How many tokens of `text` the tokenizer in `folder` has no room for."""
    tokens = tokenizer(folder)
    return max(0, len(tokens(text, truncation=False, verbose=False).input_ids) - int(tokens.model_max_length))


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _config(file: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        message = (
            f"{file.parent} is not a Stable Diffusion checkpoint in the diffusers layout: {file.name} cannot be read."
        )
        raise NoModel(message) from error
    return config
