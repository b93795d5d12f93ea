"""Styles for the easels: each version is packed and put into Ray's object store once, however many easels want it."""

import asyncio
from pathlib import Path
from typing import Any

import ray

from engine import styles
from engine.cluster.parcels import StyleParcel, digest, pack
from engine.contract.errors import BadStyle
from engine.settings import Settings

SENT = (styles.CONFIG, styles.WEIGHTS, styles.CARD)

Stamp = tuple[tuple[str, int, int], ...]


class Outbox:
    """Every node that wants a style fetches it from the store, from whichever node has it already."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parcels: dict[str, tuple[Stamp, str, Any]] = {}

    async def parcel(self, name: str) -> tuple[str, Any]:
        """The style's hash, and a reference to its parcel. Raises BadStyle."""
        return await asyncio.to_thread(self._parcel, name)

    def _parcel(self, name: str) -> tuple[str, Any]:
        folder = styles.folder(name, self._settings)
        if folder is None:
            raise BadStyle(f"There is no longer a style “{name}”.")
        stamp = _stamp(folder)
        if name not in self._parcels or self._parcels[name][0] != stamp:
            files = pack(folder, SENT)
            sha256 = digest(files)
            self._parcels[name] = stamp, sha256, ray.put(StyleParcel(name, files, sha256))
        return self._parcels[name][1:]


def _stamp(folder: Path) -> Stamp:
    """What tells a changed style from the same one, without reading it."""
    files = ((folder / name) for name in SENT)
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file())
