"""What people read of a comparison: its cost, its table of differences, and what they mean."""

from collections.abc import Sequence

from bot import texts
from engine.contract.comparison import Compared, ComparedColumn, ComparisonEstimated
from engine.contract.estimate import Estimate, number, signed
from engine.contract.sentence import begun, together

LONGEST = 24
GAP = "  "
LETTERS = "ABCDEFGHIJKL"
NOTHING = "Nothing was compared."
PAINTED = "Painted and measured. Posting the comparison…"
UNKNOWN_TIME = "time unknown until this machine has painted once"
CANNOT_SAY = "It cannot say how many things a picture shows, where they are, or whether its text is spelled correctly."


def cost(prompt: str, estimate: ComparisonEstimated, seconds: float | None) -> str:
    """What a comparison would take, before it begins. `seconds` is told where the engine itself cannot know."""
    seconds = estimate.seconds if estimate.seconds is not None else seconds
    time = f"about {texts.duration(seconds)} once its turn comes" if seconds is not None else UNKNOWN_TIME
    columns = ", ".join(f"{LETTERS[n]} {texts.plain(label, 60)}" for n, label in enumerate(estimate.columns))
    download = f" To download first: about {estimate.bytes_to_fetch / 1e6:,.0f} MB." if estimate.bytes_to_fetch else ""
    pictures = f"{estimate.seeds} seeds, the same in every column: {texts.pictures(estimate.pictures)} to paint"
    lines = [
        f"*Compare {len(estimate.columns)} columns of {texts.quoted(prompt, 200)}?*",
        f"{columns}. The first is the baseline.",
        f"{pictures}, {time}; it waits in the queue like a grid.{download}",
        *(texts.plain(note, 300) for note in estimate.notes),
    ]
    return "\n".join(lines)


def table(comparison: Compared) -> list[str]:
    """Lines of one width, in `code`: the baseline's means, then differences with half their 95 % interval."""
    names = [name for name, _ in comparison.metrics]
    head = ["", *(title for _, title in comparison.metrics)]
    columns = enumerate(comparison.columns)
    lines = [head, *([_label(n, column), *(_cell(column, name) for name in names)] for n, column in columns)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    padded = ([text.ljust(width) for text, width in zip(line, widths, strict=True)] for line in lines)
    return [f"`{GAP.join(line)}`" for line in padded]


def verdicts(comparison: Compared) -> list[str]:
    """The sentence that holds for all first, then one for all columns of which the same is said."""
    groups: dict[tuple[str, str], list[str]] = {}
    for column in comparison.columns:
        groups.setdefault(_before_and_after(column), []).append(column.label)
    sentences = [texts.plain(_of(labels, *words), 600) for words, labels in groups.items() if any(words)]
    return [*([f"*{texts.plain(begun(comparison.headline), 600)}*"] if comparison.headline else []), *sentences]


def _before_and_after(column: ComparedColumn) -> tuple[str, str]:
    """What a verdict says before and after the column's name."""
    verdict = column.verdict or ""
    name = begun(column.label) if verdict.startswith(begun(column.label)) else column.label
    before, _, after = verdict.partition(name)
    return before, after


def _of(labels: Sequence[str], before: str, after: str) -> str:
    if len(labels) == 1:
        return begun(f"{before}{labels[0]}{after}")
    return f"{before or 'Each of '}{together(labels)}{after}"


def footnote(comparison: Compared) -> str:
    """What the numbers rest on, and what they cannot say."""
    real = [
        f"{texts.plain(point.label, 60)} {_point(point.content)} and {_point(point.style)}"
        for point in comparison.controls
        if point.content is not None and point.style is not None
    ]
    controls = f" Real pictures, content and style: {'; '.join(real)}." if real else ""
    count = sum(bool(column.differences) for column in comparison.columns)
    corrected = f" after Holm's correction for {count} columns" if count > 1 else ""
    return (
        f"First line: the baseline's means; below: differences from it, ± 95 % interval, {comparison.method};"
        f" * differs from 0{corrected}. Judged by {comparison.judged_by}. {comparison.sharing} {CANNOT_SAY}{controls}"
    )


def closing(comparison: Compared) -> str:
    """The last word in the comparison's own message."""
    sentences = verdicts(comparison)
    return sentences[0] if sentences else NOTHING


def _label(number: int, column: ComparedColumn) -> str:
    return f"{LETTERS[number]} {texts.plain(column.label, LONGEST)}"


def _cell(column: ComparedColumn, name: str) -> str:
    difference = column.differences.get(name)
    if difference is None:
        mean = column.means.get(name)
        return "-" if mean is None else number(mean)
    return _difference(difference)


def _difference(estimate: Estimate) -> str:
    if estimate.ties:
        return "the same"
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "-"
    star = "*" if estimate.differs else ""
    return f"{signed(estimate.value)} ±{(estimate.high - estimate.low) / 2:.3f}{star}"


def _point(value: float | None) -> str:
    return "-" if value is None else number(value)
