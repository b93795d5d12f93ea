"""A grid as data: its plan, its pictures and its score. Sizes are in pixels, scores are cosines (-1 … 1)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.approaches import FillerSource

AHEAD = "painted ahead, while the machine was idle"
"""In the warning of a plan with stocked cells."""

Source = Literal["prompt", FillerSource]
Quality = Literal["reference", "fast"]


class Data(BaseModel):
    """Plain data; fields of a newer version are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())


class PlannedCell(Data):
    """One place on the sheet. `photo` names a filler that is taken, not painted; it has neither prompt nor seed.

    `stocked` names a filler that was painted ahead; prompt, seed and the plan's recipe give the same picture again.
    """

    cell: str
    block: tuple[int, int]
    unique: bool
    source: Source
    prompt: str | None = None
    seed: int | None = None
    photo: str | None = None
    stocked: str | None = None


class Recipe(Data):
    """Everything besides prompts and seeds that a picture depends on. `words` dress every painted picture's prompt.

    `quality` fast: scheduler and steps are those of engine.contract.approaches.FAST, the numbers may be shorter."""

    model: str
    revision: str | None
    style: str | None
    weight: float | None
    scheduler: str
    steps: int
    guidance: float
    negative: str | None
    words: str | None = None
    dressed_prompt: str
    size: int
    quality: Quality = "reference"
    versions: dict[str, str]


class Plan(Data):
    """All that is random about a grid, decided once: after this a picture is a function of the plan."""

    seed: int
    cells: tuple[PlannedCell, ...]
    profile: str
    judge: str
    recipe: Recipe
    filler_prompts: tuple[str, ...] = ()
    writer: Literal["gemini", "templates"] | None = None
    tokens_not_scored: int = 0
    warnings: tuple[str, ...] = ()


def repeated(plan: Plan) -> Plan:
    """The same grid once more: what was painted ahead for it is painted with it, to the same pictures."""
    cells = tuple(cell.model_copy(update={"stocked": None}) for cell in plan.cells)
    warnings = tuple(warning for warning in plan.warnings if AHEAD not in warning)
    return plan.model_copy(update={"cells": cells, "warnings": warnings})


class Judged(Data):
    """What is known of a finished cell: its score against the prompt as typed, and with the details joined to it.

    `measures` are a comparison's: scores by metric, those of a style by "metric:style".
    """

    score: float | None = None
    with_details: float | None = None
    withheld: str | None = None
    measures: dict[str, float | None] = Field(default_factory=dict)


class Retrieval(Data):
    """In how many blocks the prompt's picture ranks first of its four; `low` and `high` are Wilson's 95 % interval."""

    hits: int
    of: int
    chance: float
    low: float
    high: float


class GridScore(Data):
    """How well the prompt's pictures match, beside the fillers. A field is None where there was nothing to measure."""

    judge: str
    scale: Literal["cosine"] = "cosine"
    n: int
    mean: float | None
    std: float | None
    fillers_mean: float | None
    margin: float | None
    with_details: float | None
    retrieval: Retrieval | None
    tokens_not_scored: int = 0


def as_json(
    job: str, prompt: str, approach: int, blocks: int, plan: Plan, judged: dict[str, Judged], score: GridScore | None
) -> dict[str, Any]:
    """A grid as command line, recipe, `/mydata` and HTTP show it; the names of files are filled in by the caller."""
    return {
        "id": job,
        "prompt": prompt,
        "approach": approach,
        "blocks": blocks,
        "seed": plan.seed,
        "sheet": None,
        "cells": [
            {
                **cell.model_dump(mode="json"),
                **judged.get(cell.cell, Judged()).model_dump(mode="json", exclude={"measures"}),
                "file": None,
            }
            for cell in plan.cells
        ],
        "score": score.model_dump(mode="json") if score else None,
        "filler_prompts": list(plan.filler_prompts),
        "writer": plan.writer,
        "profile": plan.profile,
        "warnings": list(plan.warnings),
        "recipe": plan.recipe.model_dump(mode="json"),
    }
