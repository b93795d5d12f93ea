"""The original's results beside ours, and what of them may be compared. The original: sayan112207/Stable-Diffusion."""

from dataclasses import dataclass
from statistics import fmean

from engine.contract.approaches import TITLES, TURBO, V1_4
from engine.evaluation.prompt_sets import FLAGSHIP, Variant
from engine.evaluation.results import Evaluation, Row

FLAGSHIPS = {FLAGSHIP, FLAGSHIP.replace("-", " ")}


@dataclass(frozen=True)
class Reported:
    """What the original, two notebooks of February 2025, reports for one prompt."""

    approach: int
    variant: Variant
    metric: str
    score: float
    model: str


REPORTED = (
    Reported(1, "plain", "clip_score", 0.32, V1_4),
    Reported(2, "plain", "clip_score", 0.31, TURBO),
    Reported(2, "details", "clip_score_asked", 0.35, TURBO),
)


EMBEDDED_ONLY = (
    "These numbers are those of the small embedded model and its own judge, whose cosines are far higher than those of"
    " the big CLIP models: they are shown side by side, but cannot be compared."
)
ONE_GRID = (
    "The original reports one mean for one prompt and one grid, without an interval; a difference of 0.01 could be"
    " chance there."
)
LONGER_TEXT = (
    "Our score with design elements is measured against the longer text. A longer text usually scores higher by itself,"
    " so do not read that row as progress over the others."
)
NOT_REPEATED = (
    "The original's approach 2 cannot be repeated as it was: sd-turbo was opened with the parts of another model, and "
    "the published adapter holds no tensor, so its pictures were never in the trained style."
)


@dataclass(frozen=True)
class Beside:
    """The original's number and ours: over the whole set, and for the flagship prompt alone, None where not painted."""

    reported: Reported
    title: str
    row: Row | None
    flagship: float | None
    flagship_n: int


def beside(evaluation: Evaluation) -> list[Beside]:
    return [_beside(evaluation, reported) for reported in REPORTED]


def comparable(evaluation: Evaluation) -> list[str]:
    """Sentences on what the two columns have in common and what not."""
    models = sorted({column.model for column in evaluation.columns})
    scale = (
        f"The scale is the same, a plain cosine. Ours is judged by {evaluation.judged_by}; whether the "
        "original's judge was the same is not certain, and cosines of different judges must not be compared."
    )
    sentence = f"The pictures here are painted with {' and '.join(models)}."
    first = EMBEDDED_ONLY if evaluation.profile == "embedded" else sentence
    return [first, ONE_GRID, scale, LONGER_TEXT, NOT_REPEATED]


def _beside(evaluation: Evaluation, reported: Reported) -> Beside:
    row = _row(evaluation, reported)
    title = f"Approach {reported.approach}, {TITLES[reported.approach]}"
    title += ", with design elements" if reported.variant == "details" else ""
    scores = _flagship(evaluation, reported, row) if row else []
    return Beside(reported, title, row, fmean(scores) if scores else None, len(scores))


def _row(evaluation: Evaluation, reported: Reported) -> Row | None:
    """Controls aside, the column of this approach; of several weights the one nearest to 1."""
    columns = {
        column.key: column
        for column in evaluation.columns
        if column.approach == reported.approach and column.role != "control"
    }
    rows = [row for row in evaluation.rows if row.column in columns and row.variant == reported.variant]
    # Without its style, as at weight 0, an approach that has one is not itself.
    return min(
        rows,
        key=lambda row: (columns[row.column].style is None, abs((columns[row.column].weight or 1.0) - 1.0)),
        default=None,
    )


def _flagship(evaluation: Evaluation, reported: Reported, row: Row) -> list[float]:
    cells = (cell for cell in evaluation.cells if (cell.column, cell.variant) == (row.column, row.variant))
    scores = (cell.scores.get(reported.metric) for cell in cells if cell.prompt.lower() in FLAGSHIPS)
    return [score for score in scores if score is not None]
