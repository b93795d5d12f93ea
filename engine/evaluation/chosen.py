"""From what was asked to columns: approaches, styles and weights side by side, and the control without training."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from engine import styles
from engine.contract.approaches import PROFILES, STYLED, Profile
from engine.contract.comparison import PlannedColumn
from engine.contract.errors import BadRequest
from engine.contract.grid import Recipe
from engine.contract.orders import MakeGrid
from engine.evaluation.asked import Asked
from engine.evaluation.columns import of_approaches, of_weights, with_words
from engine.evaluation.results import Column
from engine.fetching import OnBytes
from engine.planner import Planner

NO_PROMPT = "evaluation"
"""A job of an evaluation has a prompt for each cell; the job's own is never painted."""
NO_WORDS = (
    "The style “{}” has no words of its own, so the control without training was not painted; add some with --words."
)


@dataclass(frozen=True)
class Way:
    """A column with everything that is known of how it is painted."""

    column: Column
    recipe: Recipe


def ways(asked: Asked, planner: Planner, fetching: OnBytes) -> tuple[list[Way], list[str]]:
    """The columns, the baseline first, and sentences on what is left out. Raises BadRequest, BadStyle, NoModel."""
    ways = [way_of(column, planner, fetching) for column in _columns(asked, planner.profile)]
    styled = next((way for way in ways if way.column.style), None)
    words = asked.words or (styles.words_instead(str(styled.column.style), planner.settings) if styled else None)
    if words:
        return [*ways, way_of(with_words(ways[0].column, words), planner, fetching)], []
    if styled:
        return ways, [NO_WORDS.format(styled.column.style)]
    return ways, []


def _columns(asked: Asked, profile: Profile) -> list[Column]:
    rows = PROFILES[profile]
    default_style = rows[STYLED].style
    if asked.weights and not asked.styles and default_style is None:
        raise BadRequest("Weights need a style: name one with --styles.")
    if asked.weights and not asked.styles and STYLED in asked.approaches:
        asked = asked.model_copy(update={"styles": (default_style,)})
    if asked.styles and not any(rows[number].styled for number in asked.approaches):
        raise BadRequest("Only approach 2 paints with styles; add it to --approaches.")
    columns: list[Column] = []
    for number in asked.approaches:
        if not asked.styles or not rows[number].styled:
            columns += of_approaches(profile, [number])
        elif asked.weights:
            columns += _weighed(asked, profile, number, first=not columns)
        else:
            columns += _styled(asked.styles, profile, number)
    unique = list({column.key: column for column in columns}.values())
    return [
        column.model_copy(update={"role": "compared" if index else "baseline"}) for index, column in enumerate(unique)
    ]


def _weighed(asked: Asked, profile: Profile, number: int, *, first: bool) -> list[Column]:
    """Weight 0 is the same for all styles; where there is a baseline already it is painted only if it was asked for."""
    columns = [column for style in asked.styles for column in of_weights(profile, number, style, asked.weights)]
    if first:
        return columns
    plain_label = {"label": f"approach {number} without a style"}
    return [
        column if column.style else column.model_copy(update=plain_label)
        for column in columns
        if column.style or 0 in asked.weights
    ]


def _styled(styles: Sequence[str], profile: Profile, number: int) -> list[Column]:
    columns = [of_approaches(profile, [number], style)[0] for style in styles]
    if len(columns) == 1:
        return columns
    return [column.model_copy(update={"key": f"{number}-{column.style}"}) for column in columns]


def order_of(column: Column | PlannedColumn, prompt: str = NO_PROMPT) -> MakeGrid:
    """A grid that is painted as the column is."""
    return MakeGrid(prompt=prompt, approach=column.approach, style=column.style, weight=column.weight)  # type: ignore[arg-type]


def way_of(column: Column, planner: Planner, fetching: OnBytes) -> Way:
    """How a column is painted. Blocks while its model is fetched; raises BadRequest, BadStyle, NoModel."""
    recipe = planner.recipe(order_of(column), fetching)
    words = recipe.words if column.style else column.words
    facts = {"scheduler": recipe.scheduler, "steps": recipe.steps, "guidance": recipe.guidance, "size": recipe.size}
    if recipe.negative:
        facts["negative"] = recipe.negative
    if column.style and (folder := styles.folder(column.style, planner.settings)):
        # A style that was trained anew under its old name paints other pictures.
        facts["adapter"] = hashlib.sha256((folder / styles.WEIGHTS).read_bytes()).hexdigest()[:16]
    final_column = column.model_copy(update={"words": words, "revision": recipe.revision, "recipe": facts})
    return Way(final_column, recipe.model_copy(update={"words": words, "dressed_prompt": NO_PROMPT}))
