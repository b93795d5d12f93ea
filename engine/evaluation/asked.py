"""The options of `evaluate`, checked; every fault is told in the words of its option."""

from typing import Annotated

from pydantic import Field

from engine.contract.approaches import NUMBERS
from engine.contract.listed import Numbers, StyleNames, Weights
from engine.contract.order import SEEDS, Order, Text
from engine.evaluation.prompt_sets import Prompt


class Asked(Order):
    """Lists are given as one word, joined by commas."""

    prompts: Annotated[
        str | None, Field(description="a file of prompts, or the name of a set that comes with the program")
    ] = None
    approaches: Annotated[
        Numbers, Field(min_length=1, description="which to compare, the first is the baseline; by default all")
    ] = NUMBERS
    styles: Annotated[StyleNames, Field(description="names of styles for approach 2, separated by commas")] = ()
    weights: Annotated[
        Weights, Field(description="numbers from 0 to 2, separated by commas: the weights for each style")
    ] = ()
    words: Annotated[
        Text | None, Field(description="words for the control without training; by default the style's own")
    ] = None
    seeds: Annotated[int, Field(ge=1, le=256, description="pictures of each prompt; by default 4")] = 4
    seed: Annotated[int, Field(ge=0, lt=SEEDS, description="what all seeds are derived from; by default 0")] = 0
    limit: Annotated[
        int | None, Field(ge=1, le=10_000, description="at most this many prompts, taken from all categories in turn")
    ] = None


def limited(prompts: tuple[Prompt, ...], most: int | None) -> tuple[Prompt, ...]:
    """The first of each category, then the second of each, and so on; in the order of the file."""
    if most is None or most >= len(prompts):
        return prompts
    counts: dict[str, int] = {}
    turns = []
    for index, prompt in enumerate(prompts):
        turns.append((counts.get(prompt.category, 0), index))
        counts[prompt.category] = counts.get(prompt.category, 0) + 1
    return tuple(prompts[index] for index in sorted(index for _, index in sorted(turns)[:most]))
