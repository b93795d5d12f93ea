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


def sentences(names: Iterable[str], settings: Shared) -> list[str]:
    setting_names = {name.upper() for name in type(settings).model_fields}
    unset = setting_names - {name.upper() for name in settings.model_fields_set}
    unknown_names = sorted({name.upper() for name in names} - setting_names)
    suggestions = {name: get_close_matches(name, unset, n=1, cutoff=NEAR) for name in unknown_names}
    return [
        f"{name} is not a setting and is ignored. Did you mean {suggestion[0]}?"
        for name, suggestion in suggestions.items()
        if suggestion
    ]
