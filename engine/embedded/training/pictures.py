"""Stage 1: the drawings with their captions: colour first, pencil sketches after; the last of each are held out."""

import json
import logging
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.embedded.drawings import caption, draw, sample
from engine.embedded.training.workshop import Workshop, write_json
from engine.embedded.vocabulary import SUBJECTS

_log = logging.getLogger(__name__)
_AT_ONCE = 500
CAPTIONS = 3
"""Captions for each picture; the last one of a colour drawing has no opening."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """`pixels`: (n, 64, 64, 3); the first `in_colour` are colour drawings."""

    pixels: Pixels
    captions: list[list[str]]
    subjects: list[int]
    in_colour: int

    @property
    def held_out(self) -> npt.NDArray[np.int64]:
        """Colour drawings that no stage trains on."""
        return np.arange(self.in_colour - _held_out(self.in_colour, 512), self.in_colour)

    @property
    def held_out_sketches(self) -> npt.NDArray[np.int64]:
        return np.arange(len(self.pixels) - _held_out(len(self.pixels) - self.in_colour, 256), len(self.pixels))

    @property
    def training(self) -> npt.NDArray[np.int64]:
        return np.arange(self.held_out[0])

    @property
    def training_sketches(self) -> npt.NDArray[np.int64]:
        return np.arange(self.in_colour, self.held_out_sketches[0])


def _held_out(n: int, most: int) -> int:
    return min(most, n // 8)


def load(workshop: Workshop) -> Pictures:
    told = json.loads((workshop.pictures / "captions.json").read_text())
    pixels = np.load(workshop.pictures / "pixels.npy", mmap_mode="r", allow_pickle=False)
    return Pictures(pixels, told["captions"], told["subjects"], told["in_colour"])


def make(workshop: Workshop, _minutes: float) -> dict[str, Any]:
    """Draws everything."""
    workshop.pictures.mkdir(exist_ok=True)
    in_colour, sketches = workshop.count(45_000, 1024), workshop.count(3_000, 128)
    lots = [*_lots(workshop.seed, 0, in_colour, sketched=False), *_lots(workshop.seed, 1, sketches, sketched=True)]
    shape = (in_colour + sketches, 64, 64, 3)
    pixels = np.lib.format.open_memmap(workshop.pictures / "pixels.npy", "w+", np.uint8, shape)
    captions: list[list[str]] = []
    subjects: list[int] = []
    # Fresh processes: a forked one would inherit the threads of torch half alive.
    with ProcessPoolExecutor(workshop.processes, multiprocessing.get_context("spawn")) as pool:
        for drawn, told, shown in pool.map(_draw, lots):
            pixels[len(captions) : len(captions) + len(drawn)] = drawn
            captions += told
            subjects += shown
            if len(captions) % 5000 == 0:
                _log.info("pictures: %d of %d", len(captions), shape[0])
    pixels.flush()
    told_all = {"in_colour": in_colour, "captions": captions, "subjects": subjects}
    write_json(workshop.pictures / "captions.json", told_all)
    return {"in_colour": in_colour, "sketches": sketches}


_Lot = tuple[str, int, bool]


def _lots(seed: int, kind: int, n: int, *, sketched: bool) -> list[_Lot]:
    return [(f"{seed}/{kind}/{start}", min(_AT_ONCE, n - start), sketched) for start in range(0, n, _AT_ONCE)]


def _draw(lot: _Lot) -> tuple[Pixels, list[list[str]], list[int]]:
    seed, n, sketched = lot
    rng = random.Random(seed)  # noqa: S311 - pictures, no secrets
    pixels, captions, subjects = np.empty((n, 64, 64, 3), np.uint8), [], []
    for row in range(n):
        scene = sample(rng)
        pixels[row] = np.asarray(draw(scene, sketched=sketched))
        told = [caption(scene, rng, sketched) for _ in range(CAPTIONS - 1)]
        captions.append([*told, caption(scene, rng, sketched, opening="")])
        subjects.append(SUBJECTS.index(scene.subject))
    return pixels, captions, subjects
