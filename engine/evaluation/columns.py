"""The columns of a comparison: approaches, weights of a style, two prompts, or a style's words alone as its control."""

from collections.abc import Sequence

from engine.contract.approaches import PROFILES, Profile
from engine.contract.comparison import Role
from engine.contract.errors import BadRequest
from engine.evaluation.results import Column

LONGEST = 32
"""Of words in a column's label, in letters."""


def of_approaches(profile: Profile, numbers: Sequence[int], style: str | None = None) -> list[Column]:
    """One column for each approach, the first one the baseline. `style` is for the approach that paints with styles.

    Without a style approach 2 wears the one that comes with the model, or has the approach's own words alone. Raises
    BadRequest for an unknown number.
    """
    if not numbers:
        raise BadRequest("Name at least one approach.")
    return [
        _column(
            profile,
            number,
            "compared" if index else "baseline",
            style or PROFILES[profile][number].style if _styled(profile, number) else None,
        )
        for index, number in enumerate(dict.fromkeys(numbers))
    ]


def of_weights(profile: Profile, approach: int, style: str, weights: Sequence[float]) -> list[Column]:
    """The style at each weight. Weight 0 comes first as the baseline, also where it was not asked for.

    Weight 0 keeps the words of the style out: it is the model as it would be without a style at all.
    """
    nonzero = [weight for weight in dict.fromkeys(weights) if weight]
    base = _column(profile, approach, "baseline").model_copy(
        update={"key": f"{approach}-x0", "label": "without the style", "words": None}
    )
    columns = [base]
    for weight in nonzero:
        column = _column(profile, approach, "compared", style)
        fields = {"key": f"{approach}-{style}-x{weight:g}", "label": f"{style} x {weight:g}", "weight": weight}
        columns.append(column.model_copy(update=fields))
    return columns


def of_prompts(column: Column, prompts: Sequence[str]) -> list[Column]:
    """The same way of painting once for each different prompt, the first one the baseline."""
    return [
        column.model_copy(
            update={"key": f"{column.key}-p{index}", "label": text, "role": "compared" if index else "baseline"}
        )
        for index, text in enumerate(dict.fromkeys(prompts))
    ]


def with_words(baseline: Column, words: str) -> Column:
    """The control that costs no training: the baseline's model without a style, with the words in the prompt."""
    short_words = words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip(' ,')}…"
    fields = {"key": f"{baseline.key}-words", "label": f"saying “{short_words}”", "role": "control", "words": words}
    return baseline.model_copy(update={**fields, "style": None, "weight": None})


def _styled(profile: Profile, number: int) -> bool:
    row = PROFILES[profile].get(number)
    return bool(row and row.styled)


def _column(profile: Profile, number: int, role: Role, style: str | None = None) -> Column:
    row = PROFILES[profile].get(number)
    if row is None:
        choices = ", ".join(str(choice) for choice in PROFILES[profile])
        raise BadRequest(f"There is no approach {number}; the choices are {choices}.")
    return Column(
        key=str(number),
        label=f"approach {number}, {style}" if style else f"approach {number}",
        role=role,
        approach=number,
        style=style,
        weight=1.0 if style else None,
        words=row.words,
        model=row.model,
        recipe={"steps": row.steps, "guidance": row.guidance, "negative": row.negative},
    )
