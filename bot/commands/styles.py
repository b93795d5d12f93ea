"""/styles and /finetune: the styles there are, and making new ones."""

from typing import Annotated, Any, Literal

from pydantic import Field

from bot import texts
from bot.asked import Asked
from bot.chat import Message
from bot.completion import styles as known_styles
from bot.errors import BadCommand, Refused
from engine.contract.orders import STYLE_NAME
from engine.contract.sentence import unknown


async def styles(
    asked: Asked, name: Annotated[str | None, Field(max_length=40, description="a style's name, for its card")] = None
) -> Message:
    """The styles that can be used with /grid, or the card of one."""
    found = {str(entry.get("name")): entry for entry in await known_styles(asked.parts)}
    if name is None:
        if not found:
            return Message("There is no style yet. Approach 2 paints with the adopted style once there is one.")
        return Message("\n".join(["Use one with: `/grid prompt:… approach:2 style:NAME`", *map(_line, found.values())]))
    if name not in found:
        raise BadCommand(
            unknown(name, found) if found else f"There is no style {texts.quoted(name, 40)}; there is none at all yet."
        )
    return Message(
        "\n".join(f"{texts.plain(str(key), 40)}: {texts.plain(str(value), 300)}" for key, value in found[name].items())
    )


async def finetune(
    _asked: Asked,
    name: Annotated[
        str, Field(pattern=STYLE_NAME, description="a style's name: lower-case letters, digits and hyphens")
    ],
    source: Annotated[
        Literal["wikiart", "folder", "embedded"], Field(description="where the pictures come from")
    ] = "wikiart",
    images: Annotated[int, Field(ge=2, le=1000, description="how many pictures to learn from")] = 100,
    epochs: Annotated[int, Field(ge=1, le=200, description="rounds at most; it stops early by itself")] = 30,
) -> Message:
    """Train a style of your own from pictures; for moderators."""
    raise Refused(
        f"This version of the bot cannot train yet, so {texts.quoted(name, 40)} is not made. Whoever runs the"
        f" engine can: `python -m engine finetune --name {name} --source {source} --images {images} --epochs {epochs}`"
    )


def _line(entry: dict[str, Any]) -> str:
    about = texts.plain(str(entry.get("summary") or entry.get("source") or ""), 120)
    return f"`{texts.plain(str(entry.get('name')), 40)}` {about}".rstrip()
