"""Lettering for sheets and plots: Pillow's own font, and texts made to fit."""

from functools import lru_cache

from PIL import ImageFont


@lru_cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Raises TypeError where Pillow was built without FreeType."""
    default_font = ImageFont.load_default(size)
    if not isinstance(default_font, ImageFont.FreeTypeFont):
        message = "Pillow was built without FreeType, so no sheet can be lettered; install Pillow's own wheel."
        raise TypeError(message)
    return default_font


def wrapped(text: str, letters: ImageFont.FreeTypeFont, room: int, most: int) -> list[str]:
    """At most `most` lines no wider than `room` pixels; what does not fit ends in an ellipsis."""
    lines: list[str] = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if letters.getlength(longer) <= room:
            lines[-1] = longer
        else:
            lines += [cut(word, letters, room)] if lines[-1] else []
            lines[-1] = lines[-1] or cut(word, letters, room)
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), letters, room)]
    return lines


def cut(text: str, letters: ImageFont.FreeTypeFont, room: int) -> str:
    """At most `room` pixels wide; what does not fit gives way to an ellipsis."""
    if letters.getlength(text) <= room:
        return text
    while text and letters.getlength(text + "…") > room:
        text = text[: -max(1, len(text) // 20)]
    return text + "…"
