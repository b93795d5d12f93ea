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
    command, rest = command_and_rest(text, commands)
    return command, options(rest, command)


def command_and_rest(text: str, commands: Sequence[Command]) -> tuple[Command, str]:
    """The command that is meant and what follows its name. Raises BadCommand."""
    if len(text) > MOST:
        raise BadCommand(f"That is {len(text):,} characters; a command may have at most {MOST:,}.")
    line = ADDRESSED.sub("", html.unescape(text).translate(STRAIGHT).strip(), count=1).strip()
    word = WORD.match(line)
    if not word:
        raise BadCommand("Say what to do, for example: /grid a cat wearing neon-glasses. /help lists the commands.")
    return _command(word.group(), commands, line), line[word.end() :]


def options(text: str, command: Command) -> dict[str, str]:
    """The options in `text`, name → value as typed."""
    by_name = {option.name: option for option in command.options}
    free, pairs = _split(text, by_name)
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise BadCommand(f"{name} is given twice; give it once.")
        values[name], rest = _value(by_name[name], value)
        if not values[name]:
            raise BadCommand(f"{name} has no value; write {name}: followed by {by_name[name].help}.")
        free = f"{free} {rest}".strip()
    return _place_free(_unquoted(free), values, command)


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
    matches = get_close_matches(name, [command.name for command in commands], n=1)
    sentence = f"There is no command “{shorten(word, SHOWN)}”."
    if matches:
        raise BadCommand(f"{sentence} Did you mean /{matches[0]}?")
    raise NoCommand(f"{sentence} /help lists the commands.", line.lstrip("/"))


def _split(text: str, by_name: dict[str, Option]) -> tuple[str, list[tuple[str, str]]]:
    """The free text before the first name, and the (name, text) pairs after it."""
    keys = _keys(text, by_name)
    ends = [*(key.start for key in keys[1:]), len(text)][: len(keys)]
    pairs = [(key.name, text[key.end : end].strip()) for key, end in zip(keys, ends, strict=True)]
    return text[: keys[0].start].strip() if keys else text.strip(), pairs


def _keys(text: str, by_name: dict[str, Option]) -> list[_Key]:
    """Names of options outside quotes. Raises BadCommand for what looks like a name and is none."""
    keys, position = [], 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        key = KEY.match(text, position)
        name = _option_name(key, text, by_name) if key else None
        if key and name:
            keys.append(_Key(name, key.start(), key.end()))
            position = key.end()
            continue
        position = _skip(text, position)
    return keys


def _option_name(key: re.Match[str], text: str, by_name: dict[str, Option]) -> str | None:
    """The option that is meant. A word with a colon inside a sentence (“a sign: closed”) is just text."""
    name = key.group(1).casefold()
    if name in by_name:
        return name
    matches = get_close_matches(name, by_name, n=1, cutoff=0.75)
    glued = key.end() < len(text) and not text[key.end()].isspace() and key.end() == key.end(1) + 1
    if matches or (glued and len(name) > 1):
        hint = " If you mean it as text, put the text in quotes." if not matches else ""
        raise BadCommand(
            (unknown(name, by_name) if by_name else f"This command takes no options; leave out “{name}”.") + hint
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


def _place_free(free: str, values: dict[str, str], command: Command) -> dict[str, str]:
    """Free text is the first option that has no value; where several are required, each takes a word."""
    if not free:
        return values
    if not command.options:
        raise BadCommand(f"/{command.name} takes no options.")
    names = [option.name for option in command.options if option.required and option.name not in values]
    if not names:
        first = command.options[0].name
        if first in values:
            excerpt = shorten(free, SHOWN)
            raise BadCommand(
                f"It is not clear what “{excerpt}” belongs to, because {first} is already given. Name each option."
            )
        names = [first]
    words = free.split(maxsplit=len(names) - 1)
    return values | dict(zip(names, words, strict=False))


def _unquoted(text: str) -> str:
    whole = len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]
    return text[1:-1].strip() if whole else text
