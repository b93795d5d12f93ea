"""From what the judge saw to the finished evaluation: scores, controls, rows with intervals, and the facts about it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from engine.contract.approaches import JUDGES
from engine.contract.sentence import begun
from engine.evaluation.controls import real_of_all
from engine.evaluation.encoders import sharing
from engine.evaluation.markup import counted
from engine.evaluation.measuring import Looks, measure
from engine.evaluation.planned import Planned
from engine.evaluation.real_pictures import Fillers
from engine.evaluation.results import Cell, Evaluation, Judge
from engine.evaluation.summary import summarized
from engine.evaluation.words import read_by
from engine.metrics import METRICS, metric
from engine.models import REVISION

NO_STYLE = "No style was named (--styles), so there is no style score, no copy check and no plot of content and style."


def concluded(planned: Planned, cells: Sequence[Cell], looks: Looks, fillers: Fillers, judge: str) -> Evaluation:
    """`judge` is the name of the judge's folder; a commit of the hub is kept as its revision."""
    metrics = tuple(name for name in METRICS if looks.styles or not metric(name).per_style)
    scored, notes = measure(cells, planned.columns, looks, metrics)
    asked, name = planned.asked, JUDGES[planned.profile]
    no_style = [] if planned.styles else [NO_STYLE]
    return summarized(
        Evaluation(
            title=_title(planned),
            made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            command="",
            profile=planned.profile,
            judge=Judge(
                name=name,
                revision=judge if REVISION.match(judge) else None,
                sharing=sharing(name, [column.model for column in planned.columns]),
            ),
            prompt_set=planned.prompts.name,
            prompts=planned.prompts.prompts,
            variants=planned.prompts.variants(),
            columns=tuple(planned.columns),
            seed=asked.seed,
            draws=asked.seeds,
            metrics=metrics,
            styles=tuple(looks.styles),
            fillers=len(looks.fillers),
            filler_source=fillers.source,
            held_out={style: len(real.held_out) for style, real in looks.styles.items()},
            trained={style: len(real.trained) for style, real in looks.styles.items()},
            versions=planned.ways[0].recipe.versions,
            cells=tuple(scored),
            controls=real_of_all(looks, planned.prompts.prompts),
            notes=(*planned.notes, *no_style, *read_by(tuple(looks.styles)), *fillers.notes, *notes),
        )
    )


def _title(planned: Planned) -> str:
    compared = [column.label for column in planned.columns if column.role == "compared"]
    against = f"{', '.join(compared)} against " if compared else ""
    base = next(column.label for column in planned.columns if column.role == "baseline")
    return begun(f"{against}{base}, {counted(len(planned.prompts.prompts), 'prompt')}")
