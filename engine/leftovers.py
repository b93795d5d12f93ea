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
    root, at = settings.training_dir, time.time() if now is None else now
    for place in sorted(root.iterdir()) if root.is_dir() else ():
        if place.name.startswith((ASIDE, DONE)):
            shutil.rmtree(place, ignore_errors=True)
        elif place.is_dir():
            _tidy(place, settings, at)
    for half in (settings.cache_dir / "wikiart").rglob("*.incomplete"):
        # Half a shard, 450 MB at most; the hub's client would begin anew.
        if at - half.stat().st_mtime > OLD_SECONDS:
            half.unlink(missing_ok=True)


def end(place: Path) -> None:
    """Delete a training's folder; a kill in between leaves nothing that looks like a checkpoint."""
    gone = place.with_name(f"{DONE}{new_id()}")
    with contextlib.suppress(OSError):
        place.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _tidy(place: Path, settings: Settings, now: float) -> None:
    for half in (place / name for name in HALVES):
        if half.is_dir() and now - half.stat().st_mtime > OLD_SECONDS:
            shutil.rmtree(half, ignore_errors=True)
    newest = max(place.glob(CHECKPOINTS), default=None)
    if newest is None:
        with contextlib.suppress(OSError):
            # Only where nothing is in it.
            place.rmdir()
    elif place.name in styles.own(settings) and _saved(newest, settings.styles_dir / place.name / styles.CARD):
        end(place)


def _saved(checkpoint: Path, card: Path) -> bool:
    """Whether the style came out of this very training: the same numbers, its seed among them."""
    try:
        begun, ended = (json.loads(file.read_text()).get("recipe") for file in (checkpoint / FACTS, card))
    except (OSError, ValueError):
        return False
    return begun is not None and begun == ended
