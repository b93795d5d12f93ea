"""Which files of a repository make a checkpoint, and whether a folder has them all, each of them whole."""

import json
import re
from pathlib import Path
from typing import Any

# The parts of a StableDiffusionPipeline, and whether a part has weights.
PARTS = {
    "unet": True,
    "vae": True,
    "text_encoder": True,
    "safety_checker": True,
    "tokenizer": False,
    "scheduler": False,
    "feature_extractor": False,
}

WEIGHTS = re.compile(
    r"(?P<stem>model|diffusion_pytorch_model)(?P<rest>(\.fp16)?(-\d+-of-\d+)?(\.fp16)?\.safetensors(\.index(\.fp16)?\.json)?)"
)
PICKLE = re.compile(r"(pytorch_model|diffusion_pytorch_model)(\.fp16)?(-\d+-of-\d+)?(\.fp16)?\.bin")
TOKENIZERS = ("tokenizer.json", "vocab.json")


def wanted(names: list[str], *, half: bool) -> list[str]:
    """The names to fetch: configurations, vocabularies and for each part one kind of safetensors."""
    if "model_index.json" in names:
        parts = [_part(names, f"{part}/", half=half) for part in PARTS]
        return ["model_index.json", *(name for part in parts for name in part)]
    return _part(names, "", half=half) if "config.json" in names else []


def pickled(names: list[str]) -> bool:
    """Whether some part has its weights only as a pickle."""
    folders = [f"{part}/" for part in PARTS] if "model_index.json" in names else [""]
    return any(
        any(PICKLE.fullmatch(name) for name in _inside(names, folder))
        and not any(WEIGHTS.fullmatch(name) for name in _inside(names, folder))
        for folder in folders
    )


def whole(folder: Path, *, half: bool) -> bool:
    """Whether `folder` holds a complete checkpoint. Each safetensors file is as long as its own header says."""
    index = _json(folder / "model_index.json")
    if index is None:
        tokenizer = any((folder / name).is_file() for name in TOKENIZERS)
        return tokenizer and _has(folder, "preprocessor_config.json") and _weights(folder, half=half)
    named = [name for name, source in index.items() if name in PARTS and isinstance(source, list) and source[-1]]
    return "unet" in named and all(_part_whole(folder / name, half=half) for name in named)


def drop_damaged(folder: Path) -> None:
    """Removes weights that are shorter or longer than they say, so that they are fetched anew."""
    for file in folder.rglob("*.safetensors"):
        if not _as_long_as_told(file):
            # In the hub's cache a name links to the file itself.
            file.resolve().unlink(missing_ok=True)
            file.unlink(missing_ok=True)


def _part_whole(folder: Path, *, half: bool) -> bool:
    if PARTS[folder.name]:
        return _weights(folder, half=half)
    if folder.name == "tokenizer":
        return any(_has(folder, name) for name in TOKENIZERS)
    return _has(folder, "scheduler_config.json" if folder.name == "scheduler" else "preprocessor_config.json")


def _weights(folder: Path, *, half: bool) -> bool:
    here = sorted(file.name for file in folder.glob("*.safetensors*"))
    chosen = _kind(here, half=half)
    shards = {
        shard
        for name in chosen
        if name.endswith(".json")
        for shard in (_json(folder / name) or {}).get("weight_map", {}).values()
    }
    tensors = {name for name in chosen if name.endswith(".safetensors")} | shards
    return _has(folder, "config.json") and bool(tensors) and all(_as_long_as_told(folder / name) for name in tensors)


def _kind(names: list[str], *, half: bool) -> list[str]:
    """The fp16 weights among `names` where `half` asks for them and they exist, else the full ones."""
    weights = [name for name in names if WEIGHTS.fullmatch(name)]
    halves = [name for name in weights if "fp16" in name]
    return halves if half and halves else [name for name in weights if name not in halves]


def _part(names: list[str], folder: str, *, half: bool) -> list[str]:
    inside = _inside(names, folder)
    texts = [name for name in inside if name.endswith((".json", ".txt")) and ".index." not in name]
    return [folder + name for name in [*texts, *_kind(inside, half=half)]]


def _inside(names: list[str], folder: str) -> list[str]:
    """Names right in `folder`, not below it, without the folder's."""
    inside = (name.removeprefix(folder) for name in names if name.startswith(folder))
    return [name for name in inside if "/" not in name]


def _as_long_as_told(file: Path) -> bool:
    """Format: eight bytes of header length, a JSON header with each tensor's offsets, the tensors, nothing else."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > file.stat().st_size:
                return False
            header = json.loads(stream.read(length))
    except (OSError, ValueError):
        return False
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    return file.stat().st_size == 8 + length + max(ends, default=0)


def _has(folder: Path, name: str) -> bool:
    return (folder / name).is_file()


def _json(file: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None
