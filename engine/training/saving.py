"""A style's folder: written aside, opened again, checked against the model in memory, and moved into place at once."""

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engine import styles
from engine.contract.errors import BadRequest, DiskFull, TesseraError, TrainingFailed, disk_full
from engine.training import adapter, card, formats, plot, tensors
from engine.training.recipe import Recipe

PLOT, README, SHEET, LOSSES = "training_loss.png", "README.md", "samples.png", "losses.csv"
AGAIN = "again"
"""The second adapter's name, read back from the file."""


def write(folder: Path, state: adapter.State, result: card.Result, sheet: Image.Image) -> None:
    """All files of a style, into a folder that is not yet a style."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    adapter.config(result.recipe).save_pretrained(str(folder))
    tensors.save(state, folder / styles.WEIGHTS, metadata=formats.header(result.recipe, styles.PREFIX))
    diffusers_state = formats.diffusers(state)
    tensors.save(diffusers_state, folder / formats.DIFFUSERS, metadata=formats.header(result.recipe, formats.UNET))
    tensors.save(
        formats.kohya(state, result.recipe.alpha), folder / formats.KOHYA, metadata=_kohya_header(result.recipe)
    )
    (folder / styles.CARD).write_text(json.dumps(card.as_json(result), ensure_ascii=False, indent=1))
    (folder / README).write_text(card.readme(result), encoding="utf-8")
    (folder / LOSSES).write_text(card.csv(result.epochs))
    (folder / PLOT).write_bytes(plot.png(result.epochs, result.best))
    sheet.save(folder / SHEET, "PNG")


def check(folder: Path, unet: Any, probe: dict[str, Tensor], recipe: Recipe) -> None:
    """Open the saved adapter and compare it with the one that acts in `unet`. Raises TrainingFailed.

    `probe` are the arguments of one forward pass. All tensors, no B that is all zero, the same alpha, the same answer.
    """
    from safetensors.torch import load_file

    expected, saved = adapter.state(unet), load_file(folder / styles.WEIGHTS)
    if expected.keys() != saved.keys():
        raise TrainingFailed(_bad(f"{len(saved)} tensors instead of {len(expected)} came back"))
    if any(not torch.equal(expected[key], saved[key]) for key in expected):
        raise TrainingFailed(_bad("its matrices came back changed"))
    empty = [key for key, value in saved.items() if "lora_B" in key and not value.any()]
    if empty:
        raise TrainingFailed(_bad(f"{len(empty)} of its B matrices are all zero, so nothing was learned there"))
    _check_alpha(folder, recipe)
    expected_output = _forward(unet, probe, adapter.NAME)
    adapter.load(unet, folder, AGAIN)
    try:
        saved_output = _forward(unet, probe, AGAIN)
    finally:
        adapter.weigh(unet, 1.0)
        unet.delete_adapters(AGAIN)
    if not torch.allclose(expected_output.float(), saved_output.float(), rtol=1e-3, atol=1e-4):
        raise TrainingFailed(_bad("read back, it gives a different result from the trained model"))


def adopt(folder: Path, name: str, root: Path) -> Path:
    """Move a finished folder among the styles in one step. Raises BadRequest where the name was taken meanwhile."""
    root.mkdir(parents=True, exist_ok=True)
    target = root / name
    try:
        # Fails where a folder with something in it is there; an empty one it replaces.
        folder.rename(target)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise BadRequest(styles.taken(name)) from error
        raise
    return target


def disk(error: OSError, path: Path) -> TesseraError:
    """What to say where a file of a training cannot be written."""
    if disk_full(error):
        return DiskFull(
            f"The disk is full: the training cannot be kept in {path}. Free some room, then train again with --resume."
        )
    return TrainingFailed(f"{path} cannot be written ({error.strerror or error}). Check DATA_DIR.")


def _check_alpha(folder: Path, recipe: Recipe) -> None:
    from safetensors.torch import load_file

    saved_alpha = json.loads((folder / styles.CONFIG).read_text())["lora_alpha"]
    alphas = {float(value) for key, value in load_file(folder / formats.KOHYA).items() if key.endswith(".alpha")}
    if float(saved_alpha) != recipe.alpha or alphas != {float(torch.tensor(recipe.alpha))}:
        raise TrainingFailed(_bad("its alpha did not come back, so it would have a different strength"))


@torch.inference_mode()
def _forward(unet: Any, probe: dict[str, Tensor], name: str) -> Tensor:
    unet.eval()
    adapter.weigh(unet, 1.0, name)
    output: Tensor = unet(**probe, return_dict=False)[0]
    return output


def _kohya_header(recipe: Recipe) -> dict[str, str]:
    return {
        "format": "pt",
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(recipe.rank),
        "ss_network_alpha": f"{recipe.alpha:g}",
        "ss_base_model_version": recipe.base,
    }


def _bad(what: str) -> str:
    return f"The style was trained but not saved: {what}. Only its checkpoint was kept; use --resume."
