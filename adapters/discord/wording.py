"""The core's plain text with *bold* and `code` as Discord's markdown, in which nothing else formats, links or pings."""

import re

LONGEST = 2000
"""Characters that Discord takes in one message."""

_SPAN = re.compile(r"`(?P<code>[^`\n]+)`|\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*")
_SPECIAL = re.compile(r"[\\*_~|`<\[@]")
_AT_LINE_START = re.compile(r"(?m)^(\s*)([>#+-]|\d+(?=\.))")
_LINK = "://"


def to_markdown(text: str, *, tail: str = "") -> str:
    """The text as Discord shows it, followed by `tail` (markup already), cut with "…" to what one message takes."""
    room = LONGEST - len(tail)
    markdown = _markdown(text)
    if len(markdown) <= room:
        return markdown + tail
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits; rendering never shrinks when the text grows by much
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(_markdown(text[:middle] + "…")) <= room else (low, middle - 1)
    return _markdown(text[:low].rstrip() + "…") + tail


def countdown(eta: float) -> str:
    """A time that every reader's own client counts down to."""
    return f"<t:{int(eta)}:R>"


def _markdown(text: str) -> str:
    parts, at = [], 0
    for span in _SPAN.finditer(text):
        parts.append(_escaped(text[at : span.start()]))
        parts.append(f"`{span['code']}`" if span["code"] else f"**{_escaped(span['bold'])}**")
        at = span.end()
    return "".join([*parts, _escaped(text[at:])])


def _escaped(text: str) -> str:
    """A backslash before every sign that would format, mention or link; Discord never shows that backslash."""
    escaped = _SPECIAL.sub(r"\\\g<0>", text).replace(_LINK, "\\" + _LINK)
    return _AT_LINE_START.sub(_kept_as_typed, escaped)


def _kept_as_typed(start: re.Match[str]) -> str:
    space, sign = start.groups()
    return f"{space}{sign}\\" if sign.isdigit() else f"{space}\\{sign}"
