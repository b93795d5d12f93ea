"""Which files of a repository make a checkpoint, and whether a folder has them all, each of them whole."""

import json
import re
from pathlib import Path
from typing import Any, Literal

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
    r"(model|diffusion_pytorch_model)((\.fp16)?(-\d+-of-\d+)?(\.fp16)?\.safetensors(\.index(\.fp16)?\.json)?)"
)
PICKLE = re.compile(r"(pytorch_model|diffusion_pytorch_model)(\.fp16)?(-\d+-of-\d+)?(\.fp16)?\.bin")

STRANGE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What comes of reading JSON in which a stranger wrote something else than the format says."""


def names_to_fetch(names: list[str], *, half: bool) -> list[str]:
    """The names to fetch: configurations, vocabularies and safetensors, in fp16 if `half` and every part has them."""
    folders = _folders(names)
    weighty = [_inside(names, folder) for folder in folders if PARTS.get(folder.rstrip("/"), True)]
    fp16 = half and all(_kind(inside, fp16=True) for inside in weighty if _kind(inside, fp16=False))
    index = ["model_index.json"] if "model_index.json" in names else []
    return [*index, *(folder + name for folder in folders for name in _needed(_inside(names, folder), fp16=fp16))]


def pickled(names: list[str]) -> bool:
    """Whether some part has its weights only as a pickle."""
    return any(
        any(PICKLE.fullmatch(name) for name in _inside(names, folder))
        and not any(WEIGHTS.fullmatch(name) for name in _inside(names, folder))
        for folder in _folders(names)
    )


def is_whole(folder: Path, *, half: bool) -> bool:
    """Whether `folder` holds a complete checkpoint, each file of weights as long as its own header says."""
    return _complete(folder, fp16=False) or (half and _complete(folder, fp16=True))


def variant(folder: Path, *, half: bool) -> Literal["fp16"] | None:
    """What to give to `from_pretrained(variant=…)` for a folder that is whole: its fp16 files if `half`, and where it
    has no others."""
    return "fp16" if _complete(folder, fp16=True) and (half or not _complete(folder, fp16=False)) else None


def drop_damaged(folder: Path) -> None:
    """Removes weights that are shorter or longer than they say, so that they are fetched anew."""
    for file in folder.rglob("*.safetensors"):
        if not _is_whole_file(file):
            # In the hub's cache a name links to the file itself.
            file.resolve().unlink(missing_ok=True)
            file.unlink(missing_ok=True)


def _complete(folder: Path, *, fp16: bool) -> bool:
    index = _json(folder / "model_index.json")
    if index is None:
        return _tokens(folder) and _has(folder, "preprocessor_config.json") and _weights(folder, fp16=fp16)
    parts = [name for name, source in index.items() if name in PARTS and isinstance(source, list) and any(source[-1:])]
    return "unet" in parts and all(_part(folder / name, fp16=fp16) for name in parts)


def _part(folder: Path, *, fp16: bool) -> bool:
    if PARTS[folder.name]:
        return _weights(folder, fp16=fp16)
    if folder.name == "tokenizer":
        return _tokens(folder)
    return _has(folder, "scheduler_config.json" if folder.name == "scheduler" else "preprocessor_config.json")


def _tokens(folder: Path) -> bool:
    return _has(folder, "tokenizer.json") or (_has(folder, "vocab.json") and _has(folder, "merges.txt"))


def _weights(folder: Path, *, fp16: bool) -> bool:
    weights = _kind(sorted(file.name for file in folder.glob("*.safetensors*")), fp16=fp16)
    maps = [_json(folder / name) or {} for name in weights if name.endswith(".json")]
    try:
        shards = {folder / shard for index in maps for shard in index.get("weight_map", {}).values()}
    except STRANGE:
        return False
    tensors = {folder / name for name in weights if name.endswith(".safetensors")} | shards
    return _has(folder, "config.json") and bool(tensors) and all(map(_is_whole_file, tensors))


def _kind(names: list[str], *, fp16: bool) -> list[str]:
    return [name for name in names if WEIGHTS.fullmatch(name) and ("fp16" in name) is fp16]


def _needed(inside: list[str], *, fp16: bool) -> list[str]:
    texts = [name for name in inside if name.endswith((".json", ".txt")) and ".index." not in name]
    return [*texts, *_kind(inside, fp16=fp16)]


def _folders(names: list[str]) -> list[str]:
    """Where the parts lie: the folders of a pipeline, or the root of a single model."""
    if "model_index.json" in names:
        return [f"{part}/" for part in PARTS]
    return [""] if "config.json" in names else []


def _inside(names: list[str], folder: str) -> list[str]:
    """Names right in `folder`, not below it, without the folder's."""
    inside = (name.removeprefix(folder) for name in names if name.startswith(folder))
    return [name for name in inside if "/" not in name]


def _is_whole_file(file: Path) -> bool:
    """Format: eight bytes of header length, a JSON header with each tensor's offsets, the tensors, nothing else."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > file.stat().st_size:
                return False
            header = json.loads(stream.read(length))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        return bool(file.stat().st_size == 8 + length + max(ends, default=0))
    except (OSError, *STRANGE):
        return False


def _has(folder: Path, name: str) -> bool:
    return (folder / name).is_file()


def _json(file: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
