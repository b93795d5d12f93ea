"""The report's chapters on what was measured and how to repeat it."""

from html import escape

from engine.contract.sentence import begun
from engine.evaluation.intervals import RESAMPLES
from engine.evaluation.markup import counted, facts, listed
from engine.evaluation.results import Evaluation
from engine.evaluation.statistics import ENOUGH_PROMPTS
from engine.evaluation.words import left_out
from engine.metrics import metric


def measured(evaluation: Evaluation) -> str:
    judge = evaluation.judge
    revision = f", revision {judge.revision}" if judge.revision else ""
    entries = {
        "judge": f"{begun(evaluation.judged_by)}{revision}. {judge.sharing}",
        "scale": "Plain cosines, −1 … 1, judged in single precision on the saved 8-bit pictures.",
        "baseline": f"{evaluation.baseline.label}. Every difference pairs pictures of the same prompt and seed.",
        "fillers": f"{evaluation.fillers} pictures, the same for all: {evaluation.filler_source}."
        if evaluation.filler_source
        else None,
        "style": _style(evaluation),
        "controls": "; ".join(f"{c.label}: {c.explained}, {counted(c.n, 'picture')}" for c in evaluation.controls),
        "intervals": _intervals(evaluation),
    }
    metrics = {metric(name).title: f"{metric(name).explained} ({metric(name).scale})." for name in evaluation.metrics}
    sentences = (*evaluation.notes, *left_out(evaluation.rows))
    notes = f"<h3>Worth knowing</h3>{listed(sentences)}" if sentences else ""
    return f"<h2>What was measured</h2>{facts(entries)}<h3>The measures</h3>{facts(metrics)}{notes}"


def repeat(evaluation: Evaluation) -> str:
    columns = {column.label: _painted(evaluation, column.key) for column in evaluation.columns}
    entries = {
        "prompts": f"{evaluation.prompt_set}, {len(evaluation.prompts)} prompts, in report.json",
        "seeds": f"{evaluation.draws} a prompt, derived from {evaluation.seed}; each picture's own is in cells.csv",
        "profile": evaluation.profile,
        "versions": ", ".join(f"{name} {number}" for name, number in evaluation.versions.items()) or None,
        "took": f"{evaluation.seconds:.0f} s" if evaluation.seconds is not None else None,
    }
    return (
        f"<h2>How to repeat it</h2><pre>{escape(evaluation.command)}</pre>{facts(entries)}"
        f"<h3>How each column is painted</h3>{facts(columns)}"
        "<p>report.json holds everything on this page except the pictures; cells.csv has one line for each picture.</p>"
    )


def _style(evaluation: Evaluation) -> str | None:
    sentences = [
        f"{style}: {evaluation.held_out.get(style, 0)} real pictures that it never saw, "
        f"{evaluation.trained.get(style, 0)} that it learned from"
        for style in evaluation.styles
    ]
    return f"{'; '.join(sentences)}." if sentences else None


def _intervals(evaluation: Evaluation) -> str:
    if len(evaluation.prompts) >= ENOUGH_PROMPTS:
        how = (
            f"95 %, by a percentile bootstrap over the {len(evaluation.prompts)} prompts as clusters, {RESAMPLES:,} "
            f"resamples, seed {evaluation.bootstrap_seed}, expanded for small samples (Hesterberg 2015)."
        )
    else:
        whom = "this prompt" if len(evaluation.prompts) == 1 else f"these {len(evaluation.prompts)} prompts"
        how = f"95 %, by Student's t over the seeds: they speak for {whom} only."
    return (
        f"{how} A star marks what differs from 0 at the 5 % level, after Holm's correction for all rows of a measure."
    )


def _painted(evaluation: Evaluation, key: str) -> str:
    column = next(column for column in evaluation.columns if column.key == key)
    style = f"style {column.style}" + (f" at weight {column.weight:g}" if column.weight is not None else "")
    parts = [
        column.model + (f" at {column.revision}" if column.revision else ""),
        style if column.style else None,
        f"every prompt with “{column.words}”" if column.words else None,
        *(f"{name} {value}" for name, value in column.recipe.items()),
    ]
    return ", ".join(part for part in parts if part)
