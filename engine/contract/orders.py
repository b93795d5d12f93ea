"""What the bot may ask of the engine. Orders are imperative; an order with an unknown field is refused."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Discriminator, Field, Tag, ValidationError, field_validator

from engine.contract import ids
from engine.contract.approaches import CHOICES, FillerSource, Number
from engine.contract.comparison import Compare, ComparisonPlan, EstimateComparison
from engine.contract.grid import Judged, Plan, Quality
from engine.contract.order import SEEDS, STYLE_NAME, Order, Text
from engine.contract.scoring import ScorePicture
from engine.contract.sentence import explain, unknown
from engine.contract.training import EstimateTraining, TrainStyle

Planned = TypeVar("Planned", Plan | None, ComparisonPlan | None)


class MakeGrid(Order):
    """Paint `blocks` x `blocks` blocks of 2 x 2 pictures, one of each from the prompt. None: the approach's own."""

    kind: Literal["make_grid"] = "make_grid"
    prompt: Annotated[Text, Field(description="what to paint")]
    approach: Annotated[Number, Field(description=CHOICES)] = 1
    blocks: Annotated[int, Field(ge=1, le=8, description="blocks along a side, four pictures each")] = 4
    seed: Annotated[int | None, Field(ge=0, lt=SEEDS, description="the same seed gives the same grid")] = None
    steps: Annotated[int | None, Field(ge=1, le=150, description="denoising steps")] = None
    guidance: Annotated[float | None, Field(ge=0, le=30, description="how strictly to follow the prompt")] = None
    negative: Annotated[Text | None, Field(description="what to keep out")] = None
    details: Annotated[Text | None, Field(description="design elements, such as: neon-green glasses, studio light")] = (
        None
    )
    style: Annotated[str | None, Field(pattern=STYLE_NAME, description="a style's name; /styles lists them")] = None
    weight: Annotated[float | None, Field(ge=0, le=2, description="how strong the style is, 1 as trained")] = None
    fillers: Annotated[FillerSource | None, Field(description="where the other pictures come from")] = None
    quality: Annotated[Quality | None, Field(description="fast: done sooner, with slightly different pictures")] = None


KINDS: dict[str, type[Order]] = {
    "make_grid": MakeGrid,
    "train_style": TrainStyle,
    "estimate_training": EstimateTraining,
    "compare": Compare,
    "estimate_comparison": EstimateComparison,
    "score_picture": ScorePicture,
}

INNER: dict[str, tuple[str, type[BaseModel]]] = {
    "estimate_training": ("training", TrainStyle),
    "estimate_comparison": ("comparison", Compare),
}
"""Orders about another order: in which field it stands."""

NO_JOB = "The body must be a job as JSON."


def _kind(work: Any) -> str:
    """Work that does not say what it is means a grid."""
    kind = work.get("kind") if isinstance(work, Mapping) else getattr(work, "kind", None)
    return str(kind or "make_grid")


Work = Annotated[
    Annotated[MakeGrid, Tag("make_grid")]
    | Annotated[TrainStyle, Tag("train_style")]
    | Annotated[EstimateTraining, Tag("estimate_training")]
    | Annotated[Compare, Tag("compare")]
    | Annotated[EstimateComparison, Tag("estimate_comparison")]
    | Annotated[ScorePicture, Tag("score_picture")],
    Discriminator(_kind),
]


class Job(Order):
    """One request of one person. A retry carries the plan and what is known of the cells it has already.

    `plan` is a grid's, `comparison` that of a comparison.
    """

    id: Annotated[str, Field(pattern=ids.PATTERN, description="ten or more letters and digits, such as k3x9tq2m7d")]
    turn: Annotated[int, Field(ge=0, description="a whole number from 0; lower ones are painted first")] = 0
    work: Annotated[Work, Field(description='what to do, such as {"prompt": "a cat"}')]
    plan: Plan | None = None
    comparison: ComparisonPlan | None = None
    have: dict[str, Judged] = Field(default_factory=dict)

    @field_validator("plan", "comparison")
    @classmethod
    def _whole(cls, plan: Planned) -> Planned:
        for cell in plan.cells if plan else ():
            if cell.seed is None and not cell.photo:
                message = f"has a cell with neither a seed nor a photo: {cell.cell}"
                raise ValueError(message)
        return plan

    @property
    def grid(self) -> MakeGrid:
        """The work of a job that is known to make a grid."""
        if not isinstance(self.work, MakeGrid):
            message = f"job {self.id} makes no grid"
            raise TypeError(message)
        return self.work


def refusal(error: ValidationError, data: Any) -> str:
    """Why `data` is no job, as a sentence in the words of the job or of the work that it names."""
    if not isinstance(data, Mapping):
        return NO_JOB
    kind = _kind(data.get("work"))
    if kind not in KINDS:
        return unknown(kind, KINDS)
    where = error.errors(include_url=False)[0]["loc"]
    if where[0] != "work" or "work" not in data:
        return explain(error, Job)
    order: type[BaseModel] = KINDS[kind]
    field, inside = INNER.get(kind, ("", order))
    return explain(error, inside if field in where else order)
