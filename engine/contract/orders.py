"""What the bot may ask of the engine. Orders are imperative; an order with an unknown field is refused."""

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.contract import ids
from engine.contract.grid import Judged, Plan

SEEDS = 2**32
STYLE_NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"


def _text(words: str) -> str:
    """One line of visible text: line breaks become blanks, other control characters are refused."""
    line = " ".join(words.split())
    if not line:
        message = "must say something; it is empty"
        raise ValueError(message)
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in line):
        message = "must not hold control characters; type it as plain text"
        raise ValueError(message)
    return line


Text = Annotated[str, Field(max_length=1000), AfterValidator(_text)]
FillerSource = Literal["flickr8k", "album", "generated"]


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


class MakeGrid(Order):
    """Paint `blocks` x `blocks` blocks of 2 x 2 pictures, one of each from the prompt. None: the approach's own."""

    kind: Literal["make_grid"] = "make_grid"
    prompt: Annotated[Text, Field(description="what to paint")]
    approach: Annotated[Literal[1, 2, 3], Field(description="1 pre-trained, 2 fine-tuned, 3 all generated")] = 1
    blocks: Annotated[int, Field(ge=1, le=8, description="blocks along a side, four pictures each")] = 4
    seed: Annotated[int | None, Field(ge=0, lt=SEEDS, description="the same seed gives the same grid")] = None
    steps: Annotated[int | None, Field(ge=1, le=150, description="denoising steps")] = None
    guidance: Annotated[float | None, Field(ge=0, le=30, description="how strictly to follow the prompt")] = None
    negative: Annotated[Text | None, Field(description="what to keep out")] = None
    details: Annotated[Text | None, Field(description="design elements, such as: neon-green glasses, studio light")] = (
        None
    )
    style: Annotated[str | None, Field(pattern=STYLE_NAME, description="a style that /finetune made")] = None
    weight: Annotated[float | None, Field(ge=0, le=2, description="how strongly the style acts, 1 as trained")] = None
    fillers: Annotated[FillerSource | None, Field(description="where the other pictures come from")] = None


Work = MakeGrid  # a union by `kind` once there is more than one


class Job(Order):
    """One request of one person. A retry carries the plan and what is known of the cells it has already."""

    id: Annotated[str, Field(pattern=ids.PATTERN)]
    turn: Annotated[int, Field(ge=0, description="lower turns are painted first")] = 0
    work: Work
    plan: Plan | None = None
    have: dict[str, Judged] = {}


def job(data: Any) -> Job:
    """The job in `data` (a mapping). Raises pydantic's ValidationError."""
    return Job.model_validate(data)
