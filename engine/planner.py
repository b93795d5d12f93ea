"""The plan of a grid: all that is random about it is decided here, once. Each picture is a function of the plan."""

import asyncio
import random
import secrets
from dataclasses import dataclass

from engine import fillers, models, prompts, styles
from engine.apart import apart
from engine.contract.approaches import FAST, JUDGES, PROFILES, Approach, Profile, dress
from engine.contract.errors import BadRequest
from engine.contract.grid import Plan, PlannedCell, Recipe
from engine.contract.order import SEEDS
from engine.contract.orders import MakeGrid
from engine.contract.sheet import address
from engine.embedded import vocabulary
from engine.fetching import OnBytes
from engine.filling import Ahead, Filling, picture_seed
from engine.settings import Settings
from engine.stock import Stock
from engine.versions import versions


@dataclass(frozen=True)
class Planner:
    """Plans grids for one profile."""

    settings: Settings
    profile: Profile
    stock: Stock | None = None

    async def plan(self, order: MakeGrid, fetching: OnBytes, job: str | None = None) -> Plan:
        """`fetching` is told bytes (done, total) from a thread. Raises BadRequest, BadStyle, NoFillers, NoModel.

        Fillers that were painted ahead are given to `job`, unless the order has a seed: then the seed decides them.
        """
        row = self.row(order)
        notes, order = self._notes(order, row), _dressed(order, row)
        seed = secrets.randbelow(SEEDS) if order.seed is None else order.seed
        recipe = await apart(self.recipe, order, fetching)
        tokens_not_scored = await apart(self._tokens_not_scored, order.prompt, fetching)
        warnings = [*notes, *await asyncio.to_thread(_token_notes, recipe, tokens_not_scored)]
        uniques, others = _places(order.blocks, seed)
        ahead = Ahead(self.stock, job, recipe) if self.stock and job and order.seed is None else None
        filler_cells, written = await self._fill(order, row, others, seed, fetching, ahead)
        cells = [*(_unique(cell, order.prompt, seed) for cell in uniques), *filler_cells]
        return Plan(
            seed=seed,
            cells=tuple(sorted(cells, key=lambda cell: (len(cell.cell), cell.cell))),
            profile=self.profile,
            judge=JUDGES[self.profile],
            recipe=recipe,
            filler_prompts=tuple(prompt for _, prompt in written.prompts),
            writer=written.writer if written.prompts else None,
            tokens_not_scored=tokens_not_scored,
            warnings=(*warnings, *written.warnings),
        )

    def row(self, order: MakeGrid) -> Approach:
        """The approach's row, with what the order may not ask of it refused."""
        row = PROFILES[self.profile][order.approach]
        if order.steps is not None and order.steps > row.steps_max:
            message = f"approach {row.number} paints in 1 to {row.steps_max} steps, not {order.steps}."
            raise BadRequest(message)
        if order.guidance and not row.guided:
            message = f"approach {row.number} ({row.model}) paints without guidance; leave guidance out."
            raise BadRequest(message)
        if order.negative and not row.guided:
            message = (
                f"approach {row.number} ({row.model}) takes no negative prompt, because it paints without guidance."
            )
            raise BadRequest(message)
        if order.style is not None and not row.styled:
            message = f"approach {row.number} paints without styles; use approach 2 for “{order.style}”."
            raise BadRequest(message)
        return row

    def recipe(self, order: MakeGrid, fetching: OnBytes) -> Recipe:
        """How the pictures of this order are painted. Blocks; raises BadRequest, BadStyle, NoModel."""
        row = self.row(order)
        facts = models.facts(models.folder(row.model, fetching))
        style = styles.find(order.style, self.settings, row.model, facts) if order.style else None
        words = style.words if style else row.words
        fast = FAST[row.model] if order.quality == "fast" else None
        return Recipe(
            model=row.model,
            revision=facts.revision,
            style=order.style,
            weight=(1.0 if order.weight is None else order.weight) if order.style else None,
            scheduler=(fast and fast.scheduler) or facts.scheduler,
            steps=order.steps or (fast and fast.steps) or row.steps,
            guidance=row.guidance if order.guidance is None else order.guidance,
            negative=order.negative or row.negative,
            words=words,
            dressed_prompt=dress(order.prompt, order.details, words),
            size=facts.size,
            quality=order.quality or "reference",
            versions=versions(),
        )

    def _notes(self, order: MakeGrid, row: Approach) -> list[str]:
        """What a person should know before painting starts."""
        notes = []
        if row.styled and order.style is None and order.weight != 0:
            without_style = (
                f"paints with plain {row.model}, {'from the style’s words alone' if row.words else 'as it is'}"
            )
            style_use = f"uses “{row.style}”, which comes with the model" if row.style else without_style
            notes.append(f"No style is adopted, so approach {row.number} {style_use}.")
        if order.weight is not None and order.style is None and row.style is None:
            notes.append("The weight is not used, because there is no style.")
        if order.quality == "fast":
            notes.append(f"Quality fast: {FAST[row.model].remark}.")
        if self.profile == "embedded":
            notes += vocabulary.prompt_notes(dress(order.prompt, order.details, None))
        return notes

    def _tokens_not_scored(self, prompt: str, fetching: OnBytes) -> int:
        return models.tokens_cut(models.folder(JUDGES[self.profile], fetching, judge=True), prompt)

    async def _fill(
        self,
        order: MakeGrid,
        row: Approach,
        cells: list[PlannedCell],
        seed: int,
        fetching: OnBytes,
        ahead: Ahead | None,
    ) -> tuple[list[PlannedCell], prompts.Written]:
        """What the other cells show: painted from written prompts, or photos."""
        source = order.fillers or fillers.default_source(row.fillers, self.settings)
        filling = Filling(self.settings, self.profile, seed)
        if source == "generated":
            return await filling.generated(order.prompt, cells, ahead)
        return await filling.photos(source, cells, fetching)


def _dressed(order: MakeGrid, row: Approach) -> MakeGrid:
    """With the style that comes with the model, where the approach has one and none was adopted or named."""
    return order.model_copy(update={"style": order.style or row.style})


def _token_notes(recipe: Recipe, tokens_not_scored: int) -> list[str]:
    """How many tokens generator and judge had no room for, in words."""
    tokenizer = models.folder(recipe.model) / "tokenizer"
    notes = []
    for name, text in (("prompt", recipe.dressed_prompt), ("negative prompt", recipe.negative)):
        count = models.tokens_cut(tokenizer, text) if text else 0
        if count:
            notes.append(f"The last {count} tokens of the {name} were cut off: the model reads no further.")
    if tokens_not_scored:
        notes.append(f"The last {tokens_not_scored} tokens of the prompt are not scored: the judge reads no further.")
    return notes


def _places(blocks: int, seed: int) -> tuple[list[PlannedCell], list[PlannedCell]]:
    """Each block's one place for the prompt's picture, at random; and all the others."""
    rng = random.Random(f"{seed}:places")  # noqa: S311 - a plan must be repeatable
    uniques: list[PlannedCell] = []
    others: list[PlannedCell] = []
    for row in range(blocks):
        for column in range(blocks):
            unique_place = rng.randrange(4)
            for place in range(4):
                cell = PlannedCell(
                    cell=address(2 * column + place % 2, 2 * row + place // 2),
                    block=(column, row),
                    unique=place == unique_place,
                    source="prompt",
                )
                (uniques if cell.unique else others).append(cell)
    return uniques, others


def _unique(cell: PlannedCell, prompt: str, seed: int) -> PlannedCell:
    return cell.model_copy(update={"prompt": prompt, "seed": picture_seed(seed, cell.cell)})
