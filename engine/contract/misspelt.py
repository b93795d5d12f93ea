"""Names given to a process that are nearly a setting's: most likely they were meant to be it."""

import os
from collections.abc import Iterable
from difflib import get_close_matches

from dotenv import dotenv_values

from engine.contract.settings import Shared

# A share of the letters: DISCORD_BOT_TOKEN and SLACK_TOKEN are near enough; XDG_DATA_DIRS, which others read, is not.
NEAR = 0.8


def misspelt(settings: Shared) -> list[str]:
    """A sentence for each name in the environment or in `.env` that looks like a setting which was not given."""
    return sentences({*os.environ, *dotenv_values(".env")}, settings)


def sentences(given: Iterable[str], settings: Shared) -> list[str]:
    known = {name.upper() for name in type(settings).model_fields}
    absent = known - {name.upper() for name in settings.model_fields_set}
    strange = sorted({name.upper() for name in given} - known)
    near = {name: get_close_matches(name, absent, n=1, cutoff=NEAR) for name in strange}
    return [
        f"{name} is not a setting and is ignored. Did you mean {found[0]}?" for name, found in near.items() if found
    ]
