"""Deletes what a killed training left half done, when an engine starts. It loads no torch.

A training's last whole checkpoint stays, as the training can go on from it.
"""

import contextlib
import json
import shutil
import time
from pathlib import Path

from engine import styles
from engine.contract.ids import new_id
from engine.settings import Settings

ASIDE, DONE, HALVES = ".shelf-", ".done-", (".half", "style")
"""How folders are called: of a style that is moved away, of a training that has ended; and, inside a training's own
folder, of what is being written."""
CHECKPOINTS, FACTS = "epoch-*", "state.json"
OLD_SECONDS = 3600.0
"""What is older is nobody's. Younger files may be those of a training that runs without an engine at the same time."""


def put_away(settings: Settings, now: float | None = None) -> None:
    """Delete half-written folders, half-fetched shards, and the checkpoints of trainings whose style has been saved."""
    root, moment = settings.training_dir, time.time() if now is None else now
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if folder.name.startswith((ASIDE, DONE)):
            shutil.rmtree(folder, ignore_errors=True)
        elif folder.is_dir():
            _tidy(folder, settings, moment)
    for half in (settings.cache_dir / "wikiart").rglob("*.incomplete"):
        # Half a shard, 450 MB at most; the hub's client would begin anew.
        if _old(half, moment):
            half.unlink(missing_ok=True)


def end(folder: Path) -> None:
    """Delete a training's folder; a kill in between leaves nothing that looks like a checkpoint."""
    trash = folder.with_name(f"{DONE}{new_id()}")
    with contextlib.suppress(OSError):
        folder.rename(trash)
    shutil.rmtree(trash, ignore_errors=True)


def _tidy(folder: Path, settings: Settings, now: float) -> None:
    for half in (folder / name for name in HALVES):
        if half.is_dir() and _old(half, now):
            shutil.rmtree(half, ignore_errors=True)
    newest = max(folder.glob(CHECKPOINTS), default=None)
    if newest is None:
        with contextlib.suppress(OSError):
            # Only where nothing is in it.
            folder.rmdir()
    elif folder.name in styles.own_names(settings) and _saved(newest, settings.styles_dir / folder.name / styles.CARD):
        end(folder)


def _old(half: Path, now: float) -> bool:
    """Whether nobody writes it any more; False where it is finished, and thereby gone, in this moment."""
    with contextlib.suppress(FileNotFoundError):
        return now - half.stat().st_mtime > OLD_SECONDS
    return False


def _saved(checkpoint: Path, card: Path) -> bool:
    """Whether the style came out of this very training: the same numbers, its seed among them."""
    try:
        recipe, saved_recipe = (json.loads(file.read_text()).get("recipe") for file in (checkpoint / FACTS, card))
    except (OSError, ValueError):
        return False
    return recipe is not None and recipe == saved_recipe
