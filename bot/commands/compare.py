"""/compare: one prompt in several ways with the same seeds; first its cost, then Start."""

from typing import Annotated, Any

from pydantic import Field, ValidationError

from bot.asked import Asked
from bot.chat import Message
from bot.comparison_order import propose
from bot.errors import BadCommand
from engine.contract.comparison import MOST_SEEDS, Compare
from engine.contract.order import SEEDS
from engine.contract.sentence import explain


async def compare(
    asked: Asked,
    prompt: Annotated[str, Field(description="what to paint in every column")],
    approaches: Annotated[str | None, Field(description="approaches separated by commas, such as 1,2,3")] = None,
    styles: Annotated[str | None, Field(description="style names separated by commas")] = None,
    weights: Annotated[
        str | None, Field(description="style weights separated by commas, such as 0,0.25,0.5,0.75,1,1.25")
    ] = None,
    against: Annotated[str | None, Field(description="a second prompt to compare with the first")] = None,
    words: Annotated[
        str | None, Field(description="words for the control without training; by default the style's own")
    ] = None,
    seeds: Annotated[int, Field(ge=2, le=MOST_SEEDS, description="pictures in each column, usually 8")] = 8,
    seed: Annotated[int | None, Field(ge=0, lt=SEEDS, description="the same seed gives the same pictures")] = None,
) -> Message:
    """Compare approaches, styles, weights or two prompts on the same seeds; you see the cost first."""
    options = {
        "prompt": prompt,
        "approaches": approaches,
        "styles": styles,
        "weights": weights,
        "against": against,
        "words": words,
        "seeds": seeds,
        "seed": seed,
    }
    return await propose(asked, order_of(options))


def order_of(options: dict[str, Any]) -> Compare:
    """The order that these words make. Raises BadCommand with one sentence."""
    try:
        return Compare.model_validate({name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise BadCommand(explain(error, Compare)) from error
