"""A comparison as data: the orders, its plan, and what came of it. Scores are cosines, differences are paired by seed.

On its sheet a column is one way of painting and a row is one seed: B3 is the third seed of the second column.
"""

from typing import Annotated, Literal

from pydantic import Field

from engine.contract.errors import BadRequest
from engine.contract.estimate import Estimate
from engine.contract.grid import Data, PlannedCell, Recipe
from engine.contract.listed import Numbers, StyleNames, Weights
from engine.contract.order import Order, Seed, Text

MOST_COLUMNS = 12
MOST_SEEDS = 16
"""Rows of the sheet; its cells are addressed as those of a grid, from A1 to P16."""

Compares = Literal["approaches", "styles", "weights", "prompts"]
Role = Literal["baseline", "compared", "control"]


class Compare(Order):
    """Paint one prompt in several ways with the same seeds, or two prompts in one way, and measure the differences."""

    kind: Literal["compare"] = "compare"
    prompt: Annotated[Text, Field(description="what to paint in every column")]
    approaches: Annotated[Numbers, Field(description="approaches separated by commas, such as 1,2,3")] = ()
    styles: Annotated[StyleNames, Field(description="style names separated by commas")] = ()
    weights: Annotated[Weights, Field(description="numbers from 0 to 2 separated by commas, such as 0,0.5,1")] = ()
    against: Annotated[Text | None, Field(description="a second prompt to compare with the first")] = None
    words: Annotated[Text | None, Field(description="words for the control without training")] = None
    seeds: Annotated[int, Field(ge=2, le=MOST_SEEDS, description="pictures in each column, usually 8")] = 8
    seed: Seed = None

    @property
    def compares(self) -> Compares:
        """What differs from column to column. Raises BadRequest where more than one thing would."""
        if self.against is not None:
            return self._prompts()
        if self.weights:
            return self._weights()
        if self.styles and len(self.approaches) <= 1:
            if self.approaches not in {(), (2,)}:
                raise BadRequest("Only approach 2 paints with styles; leave approaches out to compare styles.")
            return "styles"
        if len(self.styles) > 1:
            raise BadRequest("Compare one thing at a time: several approaches with one style, or several styles.")
        if len(set(self.approaches)) == 1:
            raise BadRequest("One approach has nothing to compare with; name several, such as approaches:1,2.")
        return "approaches"

    def _prompts(self) -> Compares:
        if self.weights or len(self.styles) > 1 or len(set(self.approaches)) > 1:
            raise BadRequest("Compare one thing at a time: two prompts are painted in one way, so name one approach.")
        if self.against == self.prompt:
            raise BadRequest("The two prompts are the same, so there is nothing to compare.")
        return "prompts"

    def _weights(self) -> Compares:
        if self.approaches not in {(), (2,)}:
            raise BadRequest("Only approach 2 paints with a style's weight; leave approaches out to compare weights.")
        if not self.styles:
            raise BadRequest("Weights need a style: name one, such as styles:sketch.")
        if not any(self.weights):
            raise BadRequest(
                "The only weight is 0, which is the baseline itself; name others, such as weights:0,0.5,1."
            )
        return "weights"


class EstimateComparison(Order):
    """Say what a comparison would cost, without beginning it."""

    kind: Literal["estimate_comparison"] = "estimate_comparison"
    comparison: Compare


class PlannedColumn(Data):
    """One way of painting. `prompt` is as typed; `adapter` is the beginning of the style's SHA-256."""

    key: str
    label: str
    role: Role
    prompt: str
    approach: int
    style: str | None = None
    weight: float | None = None
    words: str | None = None
    recipe: Recipe
    adapter: str | None = None


class ComparisonPlan(Data):
    """All that is random about a comparison, decided once. A cell's `block` is the place of its column and seed.

    `pictures` counts those that differ: two columns may paint the same one.
    """

    seed: int
    compares: Compares
    columns: tuple[PlannedColumn, ...]
    cells: tuple[PlannedCell, ...]
    pictures: int
    profile: str
    judge: str
    warnings: tuple[str, ...] = ()

    @property
    def seeds(self) -> int:
        return len(self.cells) // len(self.columns)

    @property
    def rows(self) -> list[tuple[PlannedCell, ...]]:
        """The cells as they lie on the sheet: a row for each seed, the baseline's first."""
        wide = len(self.columns)
        return [self.cells[start : start + wide] for start in range(0, len(self.cells), wide)]


class ComparisonPlanned(Data):
    """The first event of a comparison; the bot commits it before anything else."""

    event: Literal["comparison_planned"] = "comparison_planned"
    plan: ComparisonPlan


class ComparisonEstimated(Data):
    """So many different pictures; `seconds` on an idle engine, None where this machine cannot know yet."""

    event: Literal["comparison_estimated"] = "comparison_estimated"
    columns: tuple[str, ...]
    seeds: int
    pictures: int
    seconds: float | None
    bytes_to_fetch: int
    notes: tuple[str, ...] = ()


class ComparedColumn(Data):
    """What came of one column. `means` are over its `n` pictures; `differences` to the baseline, by metric.

    The baseline has no differences and no verdict.
    """

    label: str
    role: Role
    n: int
    means: dict[str, float | None]
    differences: dict[str, Estimate] = Field(default_factory=dict)
    verdict: str | None = None


class Point(Data):
    """Real pictures beside the painted ones: their mean content and style, None where not measured."""

    label: str
    explained: str
    content: float | None
    style: float | None
    n: int


class Compared(Data):
    """The ending. `metrics` are (name, title), `headline` is one sentence over several columns, `plot` a PNG in base64
    of content against style, where there is style. `method` says how the intervals were made, `judged_by` who judged
    and `sharing` whether that judge is related to what painted.
    """

    event: Literal["compared"] = "compared"
    metrics: tuple[tuple[str, str], ...]
    columns: tuple[ComparedColumn, ...]
    headline: str | None = None
    controls: tuple[Point, ...] = ()
    judged_by: str
    sharing: str
    method: str
    notes: tuple[str, ...] = ()
    plot: str | None = None
