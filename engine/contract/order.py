"""What all orders share: their base, a line of text, seeds and the names of styles."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SEEDS = 2**32
# Categories of signs that show nothing by themselves: format signs, blanks, marks on another letter.
UNSEEN = {"Cf", "Zs", "Mn"}
STYLE_NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"


class Order(BaseModel):
    """An unknown field is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


def _text(words: str) -> str:
    """One line of visible text: line breaks become blanks, other control characters are refused."""
    line = " ".join(words.split())
    if all(unicodedata.category(c) in UNSEEN for c in line):
        message = "must not be empty"
        raise ValueError(message)
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in line):
        message = "must not contain control characters; type it as plain text"
        raise ValueError(message)
    return line


Text = Annotated[str, Field(max_length=1000), AfterValidator(_text)]
Seed = Annotated[int | None, Field(ge=0, lt=SEEDS, description="the same seed gives the same result")]
