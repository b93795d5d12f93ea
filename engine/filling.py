"""What a grid's fillers are: photos, or pictures painted from written prompts, ahead or with the grid."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine import fillers, prompts
from engine.apart import apart
from engine.contract.approaches import Profile
from engine.contract.grid import AHEAD, PlannedCell, Recipe
from engine.fetching import OnBytes
from engine.settings import Settings
from engine.stock import Stock, Stocked, kind


@dataclass(frozen=True)
class Ahead:
    """The stock from which `job` may be given fillers that suit its recipe."""

    stock: Stock
    job: str
    recipe: Recipe


class Filling:
    """Everything random comes from the grid's seed."""

    def __init__(self, settings: Settings, profile: Profile, seed: int) -> None:
        self._settings, self._profile, self._seed = settings, profile, seed
        self._rng = random.Random(f"{seed}:fillers")  # noqa: S311 - a plan must be repeatable

    async def generated(
        self, avoid: str, cells: list[PlannedCell], ahead: Ahead | None
    ) -> tuple[list[PlannedCell], prompts.Written]:
        """Fillers from the stock as far as it has some; for the other cells prompts are written now."""
        counts = prompts.category_counts(len(cells), self._rng, self._profile)
        claims = await asyncio.to_thread(self._claimed, ahead, counts, avoid) if ahead else []
        claimed_counts = Counter(filler.category for filler in claims)
        counts_left = {category: count - claimed_counts[category] for category, count in counts.items()}
        other_prompts = [filler.prompt for filler in claims]
        written = await prompts.fill(counts_left, avoid, self._rng, self._settings, self._profile, other_prompts)
        shuffled = self._rng.sample(cells, len(cells)) if claims else cells
        planned = [_stocked(cell, filler) for cell, filler in zip(shuffled, claims, strict=False)]
        for cell, (_, prompt) in zip(shuffled[len(claims) :], written.prompts, strict=True):
            fields = {"source": "generated", "prompt": prompt, "seed": picture_seed(self._seed, cell.cell)}
            planned.append(cell.model_copy(update=fields))
        return planned, self._with_note(written, claims, len(cells))

    async def photos(
        self, source: str, cells: list[PlannedCell], fetching: OnBytes
    ) -> tuple[list[PlannedCell], prompts.Written]:
        """Raises NoFillers."""
        photos, warnings = await apart(self._photos, source, len(cells), fetching)
        planned = [
            cell.model_copy(update={"source": source, "photo": photo})
            for cell, photo in zip(cells, photos, strict=True)
        ]
        return planned, prompts.Written(prompts=(), writer="templates", warnings=tuple(warnings))

    def _claimed(self, ahead: Ahead, counts: Mapping[str, int], avoid: str) -> list[Stocked]:
        stock_kind = kind(ahead.recipe, prompts.writer(self._settings, self._profile))
        return ahead.stock.claim(
            ahead.job, stock_kind, counts, lambda prompt: prompts.suits(prompt, avoid, self._profile)
        )

    def _photos(self, name: str, count: int, fetching: OnBytes) -> tuple[list[str], list[str]]:
        source = fillers.photo_source(name, self._settings, self._profile)
        source.fetch(fetching)
        return source.pick(self._rng, count), source.warnings()

    def _with_note(self, written: prompts.Written, claims: list[Stocked], total: int) -> prompts.Written:
        """The whole result, with a warning that says how many were painted ahead."""
        if not claims:
            return written
        pairs = (*((filler.category, filler.prompt) for filler in claims), *written.prompts)
        gemini = prompts.writer(self._settings, self._profile).startswith("gemini")
        how_many = f"All {total}" if len(claims) == total else f"{len(claims)} of the {total}"
        note = (
            f"{how_many} fillers were {AHEAD}, each for one grid only. "
            "Their seeds are their own: the recipe repeats them, the grid's seed alone does not."
        )
        return replace(
            written,
            prompts=pairs,
            writer="gemini" if gemini else written.writer,
            warnings=(*written.warnings, note),
        )


def picture_seed(grid_seed: int, cell: str) -> int:
    """A picture's own seed, from the grid's seed and the cell: the same in every approach, so grids can be paired."""
    return int.from_bytes(hashlib.blake2b(f"{grid_seed}:{cell}".encode(), digest_size=4).digest())


def _stocked(cell: PlannedCell, filler: Stocked) -> PlannedCell:
    fields = {"source": "generated", "prompt": filler.prompt, "seed": filler.seed, "stocked": filler.id}
    return cell.model_copy(update=fields)
