"""The data of one evaluation: what was compared, every picture with its scores, and what follows from them."""

from typing import Any

from pydantic import Field

from engine.contract.approaches import EMBEDDED
from engine.contract.comparison import Role
from engine.contract.estimate import Estimate
from engine.contract.grid import Data
from engine.evaluation.prompt_sets import Prompt, Variant

SCHEMA = 1


class Column(Data):
    """One way of painting. `style` and `weight` name an adapter, `words` dress every prompt, `model` is its checkpoint.

    The baseline is the column that the others are compared with; a control is painted for orientation only.
    """

    key: str
    label: str
    role: Role = "compared"
    approach: int
    style: str | None = None
    weight: float | None = None
    words: str | None = None
    model: str
    revision: str | None = None
    recipe: dict[str, Any] = Field(default_factory=dict)


class Cell(Data):
    """One picture. `item` numbers the prompt and `draw` the turn, both from 0; `file` is relative to the report.

    Cells of the same item, variant and draw are a pair and have the same seed in every column. `prompt` is as typed,
    `asked` with its design elements. `scores` are by metric, those of a style by "metric:style"; `nearest` names the
    nearest training picture by style. A withheld picture has neither file nor scores.
    """

    column: str
    variant: Variant = "plain"
    item: int
    draw: int
    prompt: str
    asked: str
    seed: int
    file: str | None = None
    withheld: str | None = None
    scores: dict[str, float | None] = Field(default_factory=dict)
    nearest: dict[str, str] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """What a finished cell is found by when an evaluation is taken up again."""
        return f"{self.column}/{self.variant}/{self.item}/{self.draw}"


class Judge(Data):
    """Who scored. `sharing` is the sentence on whether it shares an encoder with what painted."""

    name: str
    revision: str | None = None
    sharing: str


class Control(Data):
    """Real pictures as a point of the plot: their mean content and style scores, None where not measured.

    `of` is the style that `style` is the score of."""

    label: str
    explained: str
    content: float | None
    style: float | None
    n: int
    of: str | None = None


class Row(Data):
    """What became of one column in one variant: `means` and `differences` by metric, `against` whom by its label.

    `plain_means` are the means over all pictures alone, also where there is no interval."""

    column: str
    variant: Variant
    label: str
    role: Role
    against: str | None
    style: str | None
    n: int
    withheld: int = 0
    means: dict[str, Estimate]
    plain_means: dict[str, float | None]
    differences: dict[str, Estimate]
    verdict: str | None


class Evaluation(Data):
    """Everything that a report is made of. `draws` is how many pictures each prompt has in each column and variant."""

    schema_version: int = SCHEMA
    title: str
    made: str
    command: str
    profile: str
    judge: Judge
    prompt_set: str
    prompts: tuple[Prompt, ...]
    variants: tuple[Variant, ...] = ("plain",)
    columns: tuple[Column, ...]
    seed: int
    draws: int
    metrics: tuple[str, ...]
    styles: tuple[str, ...] = ()
    fillers: int = 0
    filler_source: str | None = None
    held_out: dict[str, int] = Field(default_factory=dict)
    trained: dict[str, int] = Field(default_factory=dict)
    bootstrap_seed: int = 0
    seconds: float | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    controls: tuple[Control, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be measured, and why; sentences."""

    @property
    def judged_by(self) -> str:
        """The judge's name as it stands in a sentence."""
        return "the embedded model's own judge" if self.judge.name == EMBEDDED else self.judge.name

    @property
    def baseline(self) -> Column:
        return next(column for column in self.columns if column.role == "baseline")

    def score_key(self, metric: str, style: str | None, *, per_style: bool) -> str:
        """Under which name `Cell.scores` has a metric, for a column of this style or of none."""
        scoring_style = style or (self.styles[0] if self.styles else None)
        return f"{metric}:{scoring_style}" if per_style and scoring_style else metric
