"""The plan of a comparison: its columns as they are painted, and every cell with its seed, decided once."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from engine import models, styles
from engine.comparing.columns import columns
from engine.contract.approaches import EMBEDDED, JUDGES, STYLED, dress
from engine.contract.comparison import MOST_COLUMNS, Compare, ComparisonPlan, PlannedColumn
from engine.contract.grid import PlannedCell
from engine.contract.order import SEEDS
from engine.contract.sentence import together
from engine.contract.sheet import address
from engine.embedded import vocabulary
from engine.evaluation.chosen import Way, way_of
from engine.evaluation.columns import with_words
from engine.evaluation.plan import seed_of
from engine.evaluation.results import Column
from engine.fetching import OnBytes
from engine.planner import Planner
from engine.settings import Settings

NO_WORDS = "The style “{}” has no words of its own, so there is no control without training; add some with words:…"
TWO_PROMPTS = (
    "Each picture is scored against its own prompt, and some prompts score higher than others whatever paints them."
)
BARE = "Approach 2 has no style here: adopt one, or name one with styles:…"
NO_ROOM = f"There are {MOST_COLUMNS} columns already, so there is no control without training."


def planned(order: Compare, planner: Planner, fetching: OnBytes) -> ComparisonPlan:
    """Blocks while models are fetched. Raises BadRequest, BadStyle, NoModel, DiskFull."""
    pairs = [(way_of(column, planner, fetching), prompt) for column, prompt in columns(order, planner.profile)]
    control, warnings = _control(order, [way for way, _ in pairs], planner.settings)
    if control:
        pairs.append((way_of(control, planner, fetching), order.prompt))
    planned_columns = tuple(_column(way, prompt) for way, prompt in pairs)
    seed = secrets.randbelow(SEEDS) if order.seed is None else order.seed
    judge = JUDGES[planner.profile]
    return ComparisonPlan(
        seed=seed,
        compares=order.compares,
        columns=planned_columns,
        cells=cells(planned_columns, order.seeds, seed),
        pictures=order.seeds * len({look(column) for column in planned_columns}),
        profile=planner.profile,
        judge=judge,
        warnings=(*warnings, *_remarks(planned_columns, models.folder(judge, fetching, judge=True))),
    )


def cells(columns: Sequence[PlannedColumn], seeds: int, seed: int) -> tuple[PlannedCell, ...]:
    """Row by row: one that is cut short can be compared already. The seeds are the same in every column."""
    return tuple(
        PlannedCell(
            cell=address(across, down),
            block=(across, down),
            unique=True,
            source="prompt",
            prompt=column.prompt,
            seed=seed_of(seed, 0, down),
        )
        for down in range(seeds)
        for across, column in enumerate(columns)
    )


def look(column: PlannedColumn) -> tuple[str, str | None]:
    """All that a picture depends on besides its seed: columns of one look paint the same pictures."""
    return column.recipe.model_dump_json(), column.adapter


def _control(order: Compare, ways: Sequence[Way], settings: Settings) -> tuple[Column | None, list[str]]:
    """The baseline with the style's words in the prompt: the free alternative to training."""
    styled = next((way.column for way in ways if way.column.style), None)
    if order.compares == "prompts" or (styled is None and order.words is None):
        return None, []
    words = order.words or (styles.words_instead(str(styled.style), settings) if styled else None)
    if not words:
        return None, [NO_WORDS.format(styled.style if styled else "")]
    if len(ways) >= MOST_COLUMNS:
        return None, [NO_ROOM]
    return with_words(ways[0].column, words), []


def _column(way: Way, prompt: str) -> PlannedColumn:
    column = way.column
    dressed_prompt = dress(prompt, None, column.words)
    return PlannedColumn(
        key=column.key,
        label=column.label,
        role=column.role,
        prompt=prompt,
        approach=column.approach,
        style=column.style,
        weight=column.weight,
        words=column.words,
        recipe=way.recipe.model_copy(update={"dressed_prompt": dressed_prompt}),
        adapter=column.recipe.get("adapter"),
    )


def _remarks(columns: Sequence[PlannedColumn], judge: Path) -> list[str]:
    """What a reader should know of the prompts: words that are not understood, texts that are too long."""
    notes = _twins(columns)
    if len({column.prompt for column in columns}) > 1:
        notes.append(TWO_PROMPTS)
    for prompt in dict.fromkeys(column.prompt for column in columns):
        if columns[0].recipe.model == EMBEDDED:
            notes += vocabulary.prompt_notes(prompt)
        count = models.tokens_cut(judge, prompt)
        if count:
            notes.append(f"The last {count} tokens of the prompt are not scored: the judge reads no further.")
    return list(dict.fromkeys(notes))


def _twins(columns: Sequence[PlannedColumn]) -> list[str]:
    """Columns that paint the same pictures, such as approaches that differ in their fillers only."""
    groups: dict[object, list[str]] = {}
    for column in columns:
        groups.setdefault(look(column), []).append(column.label)
    notes = [
        f"The same pictures come of {together(labels)} here, so each is painted once."
        for labels in groups.values()
        if len(labels) > 1
    ]
    unstyled = any(column.approach == STYLED and not column.style for column in columns)
    return [*notes, BARE] if notes and unstyled else notes
