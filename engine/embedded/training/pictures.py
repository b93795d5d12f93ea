"""The drawings with their captions: in colour, in ink, as pencil sketches; the last of each are held out.

Nothing here shows one of the combinations that are kept from every training (`Scene.held_out`).
"""

import json
import logging
import multiprocessing
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.embedded.drawings import Manner, draw, facts, sample, tell
from engine.embedded.drawings.facts import KINDS
from engine.embedded.training.workshop import Workshop, write_json

_log = logging.getLogger(__name__)
_AT_ONCE = 500
CAPTIONS = 3
"""Captions for each picture; the last one of a colour drawing has no opening."""
_MANY: dict[Manner, tuple[int, int]] = {"colour": (60_000, 1024), "ink": (2_500, 128), "sketch": (3_000, 128)}
"""How many of each: in a full run, and in the smallest rehearsal."""
_HELD_OUT: dict[Manner, int] = {"colour": 512, "ink": 128, "sketch": 256}

Pixels = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pictures:
    """`pixels`: (n, 64, 64, 3), first all in colour, then in ink, then sketches."""

    pixels: Pixels
    captions: list[list[str]]
    caption_facts: npt.NDArray[np.int64]
    """(n, CAPTIONS, kinds): what each caption tells."""
    picture_facts: npt.NDArray[np.int64]
    """(n, kinds): what can be told."""
    many: dict[Manner, int]

    def held_out(self, manner: Manner) -> Rows:
        """Drawings that no stage trains on."""
        return self._all(manner)[-_held_out(self.many, manner) :]

    def training(self, *manners: Manner) -> Rows:
        return np.concatenate([self._all(manner)[: -_held_out(self.many, manner)] for manner in manners])

    def _all(self, manner: Manner) -> Rows:
        earlier = list(self.many)[: list(self.many).index(manner)]
        start = sum(self.many[other] for other in earlier)
        return np.arange(start, start + self.many[manner])


def _held_out(many: dict[Manner, int], manner: Manner) -> int:
    return min(_HELD_OUT[manner], many[manner] // 8)


def load(workshop: Workshop) -> Pictures:
    content = json.loads((workshop.pictures / "captions.json").read_text())
    pixels = np.load(workshop.pictures / "pixels.npy", mmap_mode="r", allow_pickle=False)
    caption_facts = np.load(workshop.pictures / "told.npy", allow_pickle=False)
    picture_facts = np.load(workshop.pictures / "shown.npy", allow_pickle=False)
    return Pictures(pixels, content["captions"], caption_facts, picture_facts, content["many"])


def make(workshop: Workshop, _steps: int) -> dict[str, Any]:
    """Draws everything."""
    workshop.pictures.mkdir(exist_ok=True)
    many = {manner: workshop.count(*counts) for manner, counts in _MANY.items()}
    n = sum(many.values())
    pixels = np.lib.format.open_memmap(workshop.pictures / "pixels.npy", "w+", np.uint8, (n, 64, 64, 3))
    caption_facts, picture_facts = np.empty((n, CAPTIONS, len(KINDS)), np.int64), np.empty((n, len(KINDS)), np.int64)
    captions: list[list[str]] = []
    # Fresh processes: a forked one would inherit the threads of torch half alive.
    with ProcessPoolExecutor(workshop.processes, multiprocessing.get_context("spawn")) as pool:
        for lot in pool.map(_draw, _lots(workshop.seed, many)):
            rows = slice(len(captions), len(captions) + len(lot.captions))
            pixels[rows], caption_facts[rows], picture_facts[rows] = lot.pixels, lot.caption_facts, lot.picture_facts
            captions += lot.captions
            if len(captions) % 5000 == 0:
                _log.info("pictures: %d of %d", len(captions), n)
    pixels.flush()
    np.save(workshop.pictures / "told.npy", caption_facts)
    np.save(workshop.pictures / "shown.npy", picture_facts)
    write_json(workshop.pictures / "captions.json", {"many": many, "captions": captions})
    return {manner: n for manner, n in many.items()}  # noqa: C416 - other keys


@dataclass(frozen=True)
class _Lot:
    pixels: Pixels
    captions: list[list[str]]
    caption_facts: list[list[tuple[int, ...]]]
    picture_facts: list[tuple[int, ...]]


def _lots(seed: int, many: dict[Manner, int]) -> Iterator[tuple[str, int, Manner]]:
    for manner, n in many.items():
        for start in range(0, n, _AT_ONCE):
            yield f"{seed}/{manner}/{start}", min(_AT_ONCE, n - start), manner


def _draw(order: tuple[str, int, Manner]) -> _Lot:
    seed, n, manner = order
    rng = random.Random(seed)  # noqa: S311 - pictures, no secrets
    lot = _Lot(np.empty((n, 64, 64, 3), np.uint8), [], [], [])
    for row in range(n):
        scene = sample(rng)
        lot.pixels[row] = np.asarray(draw(scene, manner=manner))
        captions = [tell(scene, rng, manner, "" if last else None) for last in (False, False, True)]
        lot.captions.append([caption.text for caption in captions])
        lot.caption_facts.append([caption.facts for caption in captions])
        lot.picture_facts.append(facts(scene, manner))
    return lot
