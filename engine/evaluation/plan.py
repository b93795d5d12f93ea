"""The cells of an evaluation in the order of painting, each with its seed, and the fingerprint of all of them."""

import hashlib
from collections.abc import Sequence

from engine.contract.errors import BadRequest
from engine.evaluation.journal import fingerprint
from engine.evaluation.prompt_sets import Prompt, Variant
from engine.evaluation.results import Cell, Column

MOST_CELLS = 20_000


def cells(
    columns: Sequence[Column], prompts: Sequence[Prompt], variants: Sequence[Variant], draws: int, seed: int
) -> list[Cell]:
    """Every cell in the order of painting: draw by draw, so that one that is cut short can be compared already.

    Raises BadRequest for more than 20,000 pictures.
    """
    n = len(columns) * len(prompts) * len(variants) * draws
    if n > MOST_CELLS:
        raise BadRequest(f"That makes {n:,} pictures; an evaluation has at most {MOST_CELLS:,}.")
    return [
        Cell(
            column=column.key,
            variant=variant,
            item=item,
            draw=draw,
            prompt=prompt.prompt,
            asked=prompt.asked(variant),
            seed=seed_of(seed, item, draw),
            file=f"cells/{column.key}-{variant}-{item:03d}-{draw:02d}.png",
        )
        for draw in range(draws)
        for item, prompt in enumerate(prompts)
        for variant in variants
        for column in columns
    ]


def seed_of(seed: int, item: int, draw: int) -> int:
    """0 … 2³² − 1, the same in every column and variant, so that they are paired. It differs between prompts: were it
    shared, the prompts would share their noise and be no independent clusters for the bootstrap."""
    digest = hashlib.sha256(f"{seed}/{item}/{draw}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def mark(columns: Sequence[Column], cells: Sequence[Cell], profile: str) -> str:
    """The plan's fingerprint, for its journal: it changes with anything that changes a picture."""
    return fingerprint(
        {
            "profile": profile,
            "columns": [column.model_dump(mode="json") for column in columns],
            "cells": [[cell.key, cell.asked, cell.seed] for cell in cells],
        }
    )
