"""Several columns in one sentence. Like the verdicts it follows rules that were fixed before anything was measured.

Without a style, or with a single column to speak of, there is none: the verdicts say it all. Otherwise the first that
holds:

    no column has a pair to compare                  none: the verdicts say why
    every pair of every column is equal              they are the same, as far as the judge can tell
    some keep the content and are told more in style the one among them that gains the most style; of several styles,
                                                     whose scores are different scales, all of them
    some are told more in style, and of one of these
        nothing is told about its content            what it gains; too few pictures to tell what it costs
    some are told more in style                      every gain costs content; where it costs the least
    nothing is told of any column                    too few pictures to tell any from the baseline
    nothing is told of any style, but some show less too few pictures to tell about style; which cost content
    anything else                                    none is known to gain style and keep the content
"""

from collections.abc import Sequence

from engine.contract.comparison import ComparedColumn
from engine.contract.estimate import signed
from engine.contract.sentence import together
from engine.evaluation.summary import CONTENT, STYLE
from engine.evaluation.verdict import Finding, finding

KEPT = {"same", "within", "more", "much more"}
MORE, LESS = {"more", "much more"}, {"less", "much less"}
UNTOLD = {"open", "unmeasured"}


def headline(columns: Sequence[ComparedColumn], styles: int = 1) -> str | None:
    """A sentence over the compared columns; controls are not judged. `styles` counts those that are measured."""
    compared = [column for column in columns if column.role == "compared" and STYLE in column.differences]
    if len(compared) < 2:  # noqa: PLR2004 - one has its verdict
        return None
    findings = [
        (column, finding(column.differences[CONTENT]), finding(column.differences[STYLE])) for column in compared
    ]
    if all((content, style) == ("unmeasured", "unmeasured") for _, content, style in findings):
        return None
    if all((content, style) == ("same", "same") for _, content, style in findings):
        return "All columns score exactly the same in every pair."
    winners = [column for column, content, style in findings if content in KEPT and style in MORE]
    if winners:
        return _kept(winners, styles)
    gaining = [(column, content) for column, content, style in findings if style in MORE]
    if gaining:
        return _gained(gaining)
    return _untold(findings, max(column.n for column in compared))


def _kept(winners: Sequence[ComparedColumn], styles: int) -> str:
    if styles > 1:
        verb = "keeps the content and gains" if len(winners) == 1 else "keep the content and gain"
        return f"{together([column.label for column in winners])} {verb} style."
    best = max(winners, key=_style)
    return f"Of the columns that keep the content, {best.label} gains the most style ({signed(_style(best))})."


def _gained(gaining: Sequence[tuple[ComparedColumn, Finding]]) -> str:
    """Where some gain style, and none of these is told to keep the content."""
    unsure = [column for column, content in gaining if content in UNTOLD]
    if unsure:
        most = max(unsure, key=_style)
        return (
            f"{most.label} gains style ({signed(_style(most))}), but {most.n} pictures a column are too few to tell "
            "what it costs in content."
        )
    least = max((column for column, _ in gaining), key=_content)
    price = f"{signed(_content(least))} content for {signed(_style(least))} style"
    if len(gaining) == 1:
        return f"Only {least.label} is known to gain style, and it costs content ({price})."
    return f"Every gain in style costs content here; {least.label} pays the least ({price})."


def _untold(findings: Sequence[tuple[ComparedColumn, Finding, Finding]], n: int) -> str:
    """Where no gain in style is told. A column that paints the baseline's own pictures is no answer to that."""
    findings = [row for row in findings if row[1:] != ("same", "same")]
    if all(content in UNTOLD and style in UNTOLD for _, content, style in findings):
        return f"{n} pictures a column are too few to tell any of them from the baseline."
    losing = [column.label for column, content, _ in findings if content in LESS]
    if losing and all(style in UNTOLD for _, _, style in findings):
        verb = "costs" if len(losing) == 1 else "cost"
        return (
            f"{n} pictures a column are too few to tell whether any gains style, but {together(losing)} {verb} content."
        )
    return "No column is known to gain style while keeping the content."


def _content(column: ComparedColumn) -> float:
    return column.differences[CONTENT].value or 0.0


def _style(column: ComparedColumn) -> float:
    return column.differences[STYLE].value or 0.0
