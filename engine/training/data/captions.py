"""Captions from a template: {caption}, {title}, {artist}, {style} are filled in, whatever else is left as it is."""

import re

from engine.contract.errors import BadRequest

FIELDS = ("caption", "title", "artist", "style")


def captioned(template: str | None, **facts: str) -> str:
    """The caption that a picture is trained with. Without a template it is what the source says."""
    return _filled(template or "{caption}", facts)


def check(template: str | None) -> None:
    """Raises BadRequest where a template asks for something that no picture has."""
    for name in re.findall(r"{(\w*)}", template or ""):
        if name not in FIELDS:
            choices = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise BadRequest(f"caption: there is no {{{name}}}. A template may use {choices}.")


def _filled(template: str, facts: dict[str, str]) -> str:
    words = re.sub(r"{(\w+)}", lambda match: facts.get(match[1], ""), template)
    return " ".join(words.split())
