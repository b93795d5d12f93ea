"""The text grammar of Slack, console and web: `prompt:... approach:2` in any order, the first option without its name.

A value goes on to the next option's name; quotes are needed only around such a name. `key=value` works too.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.command import Command, Option
from bot.errors import BadCommand, NoCommand
from engine.contract.sentence import shorten, unknown

# What phones and word processors make of straight quotes.
STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'"})
MOST = 8000
# Characters of what was typed that an answer repeats.
SHOWN = 40
KEY = re.compile(r"([A-Za-z][A-Za-z_-]{0,39})[ \t]?[:=](?!//)")
WORD = re.compile(r"\S+")
# Words before a command that only say whom one speaks to.
ADDRESSED = re.compile(r"^(<@[^>]*>|@\S+|/?tessera\b)[:,]?\s*", re.IGNORECASE)


def parse(text: str, commands: Sequence[Command]) -> tuple[Command, dict[str, str]]:
    """The command and its options as typed. Raises BadCommand with a sentence for anything else."""
    command, rest = named(text, commands)
    return command, options(rest, command)


def named(text: str, commands: Sequence[Command]) -> tuple[Command, str]:
    """The command that is meant and what follows its name. Raises BadCommand."""
    if len(text) > MOST:
        raise BadCommand(f"That is {len(text):,} characters; a command may have at most {MOST:,}.")
    line = ADDRESSED.sub("", html.unescape(text).translate(STRAIGHT).strip(), count=1).strip()
    found = WORD.match(line)
    if not found:
        raise BadCommand("Say what to do, for example: /grid a cat wearing neon-glasses. /help lists the commands.")
    return _command(found.group(), commands, line), line[found.end() :]


def options(text: str, command: Command) -> dict[str, str]:
    """The options in `text`, name → value as typed."""
    known = {option.name: option for option in command.options}
    free, pairs = _split(text, known)
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise BadCommand(f"{name} is given twice; give it once.")
        given[name], rest = _value(known[name], value)
        if not given[name]:
            raise BadCommand(f"{name} has no value; write {name}: followed by {known[name].help}.")
        free = f"{free} {rest}".strip()
    return _place_free(_unquoted(free), given, command)


@dataclass(frozen=True)
class _Key:
    name: str
    start: int
    end: int


def _command(word: str, commands: Sequence[Command], line: str) -> Command:
    name = word.lstrip("/").casefold()
    for command in commands:
        if command.name == name:
            return command
    near = get_close_matches(name, [command.name for command in commands], n=1)
    sentence = f"There is no command “{shorten(word, SHOWN)}”."
    if near:
        raise BadCommand(f"{sentence} Did you mean /{near[0]}?")
    raise NoCommand(f"{sentence} /help lists the commands.", line.lstrip("/"))


def _split(text: str, known: dict[str, Option]) -> tuple[str, list[tuple[str, str]]]:
    """The free text before the first name, and the (name, text) pairs after it."""
    keys = _keys(text, known)
    ends = [*(key.start for key in keys[1:]), len(text)][: len(keys)]
    pairs = [(key.name, text[key.end : end].strip()) for key, end in zip(keys, ends, strict=True)]
    return text[: keys[0].start].strip() if keys else text.strip(), pairs


def _keys(text: str, known: dict[str, Option]) -> list[_Key]:
    """Names of options outside quotes. Raises BadCommand for what looks like a name and is none."""
    found, position = [], 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        key = KEY.match(text, position)
        name = _known(key, text, known) if key else None
        if key and name:
            found.append(_Key(name, key.start(), key.end()))
            position = key.end()
            continue
        position = _skip(text, position)
    return found


def _known(key: re.Match[str], text: str, known: dict[str, Option]) -> str | None:
    """The option that is meant. A word with a colon inside a sentence (“a sign: closed”) is just text."""
    name = key.group(1).casefold()
    if name in known:
        return name
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    glued = key.end() < len(text) and not text[key.end()].isspace() and key.end() == key.end(1) + 1
    if near or (glued and len(name) > 1):
        hint = " If you mean it as text, put the text in quotes." if not near else ""
        raise BadCommand(
            (unknown(name, known) if known else f"This command takes no options; leave out “{name}”.") + hint
        )
    return None


def _skip(text: str, position: int) -> int:
    """Over one word, or over everything in quotes that open here and close at the end of a word."""
    mark = text[position]
    if mark in "\"'":
        close = re.compile(rf"{mark}(?=\s|$)").search(text, position + 1)
        if close:
            return close.end()
    word = WORD.match(text, position)
    return word.end() if word else position + 1


def _value(option: Option, text: str) -> tuple[str, str]:
    """An option's value and the text after it: one word for numbers and choices, everything for text."""
    if text[:1] in {'"', "'"}:
        end = _skip(text, 0)
        return _unquoted(text[:end]), text[end:].strip()
    if option.kind == "text" and not option.choices:
        return text, ""
    for label, _ in option.choices:
        if text.casefold().startswith(label.casefold()):
            return text[: len(label)], text[len(label) :].strip()
    word, _, rest = text.partition(" ")
    return word, rest.strip()


def _place_free(free: str, given: dict[str, str], command: Command) -> dict[str, str]:
    """Free text is the first option that has no value; where several are required, each takes a word."""
    if not free:
        return given
    if not command.options:
        raise BadCommand(f"/{command.name} takes no options.")
    wanted = [option.name for option in command.options if option.required and option.name not in given]
    if not wanted:
        first = command.options[0].name
        if first in given:
            shown = shorten(free, SHOWN)
            raise BadCommand(
                f"It is not clear what “{shown}” belongs to, because {first} is already given. Name each option."
            )
        wanted = [first]
    words = free.split(maxsplit=len(wanted) - 1)
    return given | dict(zip(wanted, words, strict=False))


def _unquoted(text: str) -> str:
    whole = len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]
    return text[1:-1].strip() if whole else text
