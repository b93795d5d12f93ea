"""What a comparison's pictures are measured by: prompts, common fillers, a style's real pictures, as unit vectors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import models
from engine.comparing.cells import column_of, evaluated
from engine.contract.comparison import ComparisonPlan
from engine.contract.grid import PlannedCell
from engine.evaluation.looking import look
from engine.evaluation.measuring import Looks, measure
from engine.evaluation.real_pictures import common_fillers, of_styles
from engine.evaluation.summary import CONTENT, STYLE
from engine.fetching import OnBytes
from engine.painter import Pixels
from engine.planner import Planner
from engine.score_picture import kept_judge

if TYPE_CHECKING:
    from engine.metrics.clip import Judge

RETRIEVAL = "retrieval"


@dataclass(frozen=True)
class Ruler:
    """`notes` are sentences on what cannot be measured."""

    plan: ComparisonPlan
    judge: "Judge"
    looks: Looks
    metrics: tuple[str, ...]
    notes: tuple[str, ...]

    def measure(self, cell: PlannedCell, picture: Pixels) -> Mapping[str, float | None]:
        """A picture's scores by metric. Blocks for a moment."""
        unscored = evaluated(self.plan, cell)
        looks = replace(self.looks, pictures={unscored.key: self.judge.features([picture])[0]})
        columns = [column_of(column) for column in self.plan.columns]
        (scored,), _ = measure([unscored], columns, looks, self.metrics)
        return scored.scores


def ruler(plan: ComparisonPlan, planner: Planner, fetching: OnBytes) -> Ruler:
    """Blocks while the judge, fillers or pictures of a style are fetched or drawn. Raises NoModel, DiskFull."""
    settings = planner.settings
    judge = kept_judge(models.folder(plan.judge, fetching, judge=True))
    fillers = common_fillers(settings, planner.profile, plan.seed, fetching)
    styles = list(dict.fromkeys(column.style for column in plan.columns if column.style))
    real, notes = of_styles(styles, settings)
    # What a style learned from is only needed to look for copies, which is an evaluation's business.
    held_out = {name: replace(pictures, trained=(), names=()) for name, pictures in real.items()}
    cells = [evaluated(plan, cell) for cell in plan.cells]
    looks = look(judge, cells, Path(), fillers.pictures, held_out, plan.columns[0].recipe.size)
    from_fillers = [*([STYLE] if looks.styles else []), RETRIEVAL]
    metrics = [CONTENT, *(from_fillers if len(looks.fillers) else [])]
    return Ruler(plan, judge, looks, tuple(metrics), (*notes, *fillers.notes))
