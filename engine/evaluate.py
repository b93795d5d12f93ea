"""An evaluation for somebody at a terminal: plan it, paint what is missing, measure everything, write the report."""

import asyncio
import shlex
import time
from collections.abc import Sequence
from pathlib import Path

from engine import models
from engine.contract.approaches import JUDGES, Profile
from engine.contract.errors import TesseraError
from engine.download_bar import download_bar
from engine.evaluation import report
from engine.evaluation.asked import Asked
from engine.evaluation.bar import EvaluationBar
from engine.evaluation.concluding import concluded
from engine.evaluation.folder import JOURNAL, prepared, unwritten
from engine.evaluation.journal import Journal
from engine.evaluation.looking import judge_in, look
from engine.evaluation.markup import counted
from engine.evaluation.painting import Painting
from engine.evaluation.planned import Planned, planned
from engine.evaluation.real_pictures import Fillers, common_fillers, of_styles
from engine.evaluation.remarks import remarks
from engine.evaluation.results import Evaluation
from engine.local import engine_for
from engine.quiet import quiet
from engine.settings import Settings


def evaluate(
    settings: Settings, asked: Asked, out: Path | None, arguments: Sequence[str] = ()
) -> tuple[Evaluation, Path]:
    """The evaluation, and where its report.html is. What an earlier run finished is not painted again.

    `arguments` are the words of the command, for the report. Raises the errors of engine.contract.errors.
    """
    quiet()
    plan = planned(settings, asked)
    folder = prepared(out or settings.data_dir / "evaluations" / plan.mark)
    judge, fillers = _references(settings, plan)
    journal = Journal(folder / JOURNAL, plan.mark)
    start, resumed = time.monotonic(), bool(journal.cells)
    try:
        _paint(settings, plan, journal, folder)
        evaluation = _concluded(settings, plan, journal, folder, judge, fillers)
        command = shlex.join(["python", "-m", "engine", "evaluate", *arguments])
        # How long a run took that was interrupted, nobody knows.
        seconds = None if resumed else time.monotonic() - start
        evaluation = evaluation.model_copy(update={"command": command, "seconds": seconds})
        return evaluation, report.write(evaluation, folder)
    except OSError as error:
        raise unwritten(folder, error) from error


def _references(settings: Settings, plan: Planned) -> tuple[Path, Fillers]:
    """Fetched before painting, so that hours of painting do not end at a closed door."""
    with download_bar("judge") as fetching:
        judge = models.folder(JUDGES[plan.profile], fetching, judge=True)
    with download_bar("fillers") as fetching:
        return judge, common_fillers(settings, plan.profile, plan.asked.seed, fetching)


def _paint(settings: Settings, plan: Planned, journal: Journal, folder: Path) -> None:
    painting = Painting(plan.cells, {way.column.key: way for way in plan.ways}, journal, folder)
    if not painting.cells:
        return
    with EvaluationBar(len(painting.cells)) as bar:
        bar.say(f"{counted(len(painting.cells), 'picture')} to paint for {len(plan.cells)} cells.")
        try:
            asyncio.run(_with_engine(settings, painting, plan.profile, bar))
        except (KeyboardInterrupt, TesseraError, OSError):
            bar.say(f"What is finished is kept in {folder}; the same command continues from there.")
            raise


async def _with_engine(settings: Settings, painting: Painting, profile: Profile, bar: EvaluationBar) -> None:
    async with engine_for(settings) as engine:
        await painting.paint(engine, profile, bar)


def _concluded(
    settings: Settings, plan: Planned, journal: Journal, folder: Path, judge: Path, fillers: Fillers
) -> Evaluation:
    cells = [journal.cells[cell.key] for cell in plan.cells]
    real, notes = of_styles(plan.styles, settings)
    plan.notes.extend([*notes, *remarks(plan, judge)])
    looks = look(judge_in(judge), cells, folder, fillers.pictures, real, plan.ways[0].recipe.size)
    return concluded(plan, cells, looks, fillers, judge.name)
