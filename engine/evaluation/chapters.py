"""The report's chapters on what was found; each function returns one as HTML."""

from html import escape
from pathlib import Path

from engine.evaluation import sheets, tables
from engine.evaluation.markup import counted, listed
from engine.evaluation.original import comparable
from engine.evaluation.results import Evaluation
from engine.evaluation.svg import plot
from engine.evaluation.tradeoff import Tradeoff
from engine.evaluation.verdict import MARGIN
from engine.metrics import METRICS
from engine.metrics.copies import WORTH_A_LOOK

LEGEND = (
    "For the prompts as typed. Crosses are 95 % intervals of the paired difference. The circle is the baseline; dots "
    "are what is compared; diamonds are painted controls, such as the baseline with the style's words in the prompt, "
    "the free alternative to training; squares are real pictures, which show how far there is to go. A square that lies"
    " beyond the plot is drawn at its edge, with its numbers."
)

LIKENESS = (
    "Style apart from content: the style score is a likeness to real pictures of the style, and pictures of similar"
    " things are alike too. Use it to compare pictures of the same prompts."
)

CANNOT_SAY = (
    "How many things a picture shows: CLIP can hardly count.",
    "Where things are: “a cat left of a dog” and “a dog left of a cat” score nearly the same.",
    "Whether text in a picture is spelled correctly.",
    "Whether a picture is beautiful, or whether people would prefer it: nobody was asked.",
    LIKENESS,
    "Anything about other kinds of prompts, other judges, or other sizes of picture.",
)


def head(evaluation: Evaluation) -> str:
    # Columns that paint the same picture share its file.
    pictures = len({cell.file for cell in evaluation.cells if cell.file})
    label = '<p><span class="label">numbers of the embedded model and its own judge</span></p>'
    prompts, seeds = counted(len(evaluation.prompts), "prompt"), counted(evaluation.draws, "seed")
    subtitle = (
        f"{evaluation.made}. {counted(pictures, 'picture')}: {prompts}, {seeds} each. Judged by {evaluation.judged_by}."
    )
    embedded = label if evaluation.profile == "embedded" else ""
    return f"<header><h1>{escape(evaluation.title)}</h1><p>{escape(subtitle)}</p>{embedded}</header>"


def short(evaluation: Evaluation) -> str:
    verdicts = [row.verdict for row in evaluation.rows if row.verdict and row.variant == "plain"]
    detailed_verdicts = [row.verdict for row in evaluation.rows if row.verdict and row.variant != "plain"]
    lines = verdicts or ([] if detailed_verdicts else ["Nothing was compared: there is only the baseline."])
    more = f"<h3>With design elements in the prompt</h3>{listed(detailed_verdicts)}" if detailed_verdicts else ""
    return f"<section class=short>{listed(lines)}{more}</section>"


def tradeoff(tradeoff: Tradeoff | None) -> str:
    if tradeoff is None:
        return ""
    missing = f"<p>Not in the plot:</p>{listed(tradeoff.missing)}" if tradeoff.missing else ""
    legend = f"<p>{escape(LEGEND)} Inside the tinted band the content counts as kept (within {MARGIN:g}).</p>"
    return f"<h2>Content against style</h2><div class=wide>{plot(tradeoff)}</div>{legend}{missing}"


def differences(evaluation: Evaluation) -> str:
    main = [name for name in tables.HEADLINE if name in evaluation.metrics]
    more = [name for name in METRICS if name in evaluation.metrics and name not in main]
    rest = f"<h3>The other measures</h3>{tables.differences(evaluation, more)}" if more else ""
    return f"<h2>Differences from the baseline</h2>{tables.differences(evaluation, main)}{rest}"


def original(evaluation: Evaluation) -> str:
    return f"<h2>Compared with the original</h2>{tables.originals(evaluation)}{listed(comparable(evaluation))}"


def copies(evaluation: Evaluation, folder: Path) -> str:
    figures = sheets.copies(evaluation, folder)
    explanation = (
        f"The pictures nearest to one that the style learned from. Above {WORTH_A_LOOK:g} a picture may be a copy; only"
        " looking at it can tell."
    )
    return f"<h2>Copies?</h2><p>{explanation}</p>{figures}" if figures else ""


def pictures(evaluation: Evaluation, folder: Path) -> str:
    return (
        "<h2>The same prompts and seeds</h2><p>Under each picture is its content score.</p>"
        f"{sheets.examples(evaluation, folder)}"
        "<h2>Best and worst</h2><p>By content score, over all pictures.</p>"
        f"{sheets.extremes(evaluation, folder)}"
    )


def limits() -> str:
    return f"<h2>What these numbers cannot say</h2>{listed(CANNOT_SAY)}"
