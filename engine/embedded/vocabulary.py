"""The words that the embedded model was trained with, and what to tell a person whose prompt leaves them.

The captions of the drawings are put together from the tables below and from nothing else, so what stands here is what
the model knows. Its tokenizer splits every other word into letters and never fails; the warning has to come from here.
"""

import re
import unicodedata
from collections.abc import Iterator

from engine.contract.sentence import shorten

SUBJECTS = (
    *("cat", "dog", "rabbit", "owl", "bird", "fish", "tree", "flower", "house", "car"),
    *("boat", "mountain", "moon", "star", "mug", "mushroom", "robot", "rocket", "balloon", "cactus"),
    *("umbrella", "tower", "bridge", "windmill", "planet", "spiral", "zigzag", "triangle", "checkerboard"),
)
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown", "gray")
ACCESSORIES = ("neon glasses", "glasses", "hat", "scarf")
BACKDROPS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "gray")
"""The colours of a plain background."""
SCENERY = {
    "desert": ("in the desert", "in a desert"),
    "sea": ("by the sea", "on the sea", "at sea"),
    "night": ("at night", "under the night sky"),
    "space": ("in space", "in outer space"),
    "city": ("in the city", "in a city"),
    "meadow": ("in a meadow", "in the meadow", "on the grass"),
    "snow": ("in the snow",),
}
OPENINGS = ("", "a picture of ", "a drawing of ", "a photo of ", "an image of ", "a painting of ")
MANNERS = ("an ink drawing of ",)
GLUE = ("a", "an", "wearing", "with", "on", "in front of", "background")
KNOWN = frozenset(
    word
    for phrases in (SUBJECTS, COLOURS, ACCESSORIES, *SCENERY.values(), OPENINGS, MANNERS, GLUE)
    for phrase in phrases
    for word in phrase.split()
)

_COUNTS = frozenset(
    {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
    | {"dozen", "dozens", "hundred", "hundreds", "several", "many", "few"}
)
_IRREGULAR = {"cacti": "cactus", "bunny": "rabbit", "kitten": "cat", "kitty": "cat", "puppy": "dog"}
_POSSESSIVE = re.compile(r"(?<=\w)['\N{RIGHT SINGLE QUOTATION MARK}]s\b")
_NAMED_AT_MOST = 8
_WORD_AT_MOST = 30


def unknown_words(prompt: str) -> list[str]:
    """The words of `prompt` that no training caption held: lower case, in order, without repeats."""
    return [word for word in dict.fromkeys(words(prompt)) if word not in KNOWN]


def subjects_named(prompt: str) -> list[str]:
    """The subjects that `prompt` names, in order, without repeats. Plurals and pet names count as their subject."""
    subjects = (_subject(word) for word in words(prompt))
    return list(dict.fromkeys(subject for subject in subjects if subject))


def prompt_notes(prompt: str) -> list[str]:
    """What a person should know about this prompt and the embedded model, one sentence group a note; mostly empty."""
    notes = []
    counts = [word for word in dict.fromkeys(words(prompt)) if _is_count(word)]
    unknown = [word for word in unknown_words(prompt) if word not in counts]
    subjects = subjects_named(prompt)
    if unknown:
        notes.append(f"The embedded model has never seen: {_listed(unknown)}. It knows {_what_it_knows()}.")
    elif not subjects:
        notes.append(f"This prompt names none of the embedded model's subjects: {', '.join(SUBJECTS)}.")
    if counts:
        notes.append(f"The embedded model cannot count; it ignores: {_listed(counts)}.")
    if len(subjects) > 1:
        notes.append(f"The embedded model paints one subject per picture, and this prompt names {_listed(subjects)}.")
    return notes


def words(text: str) -> Iterator[str]:
    """Runs of letters and digits, or of symbols such as emoji, in lower case; hyphens and punctuation end a run."""
    run, kind = "", ""
    for character in _POSSESSIVE.sub(" ", unicodedata.normalize("NFC", text).lower()):
        new_kind = _kind(character, kind)
        if new_kind != kind and run:
            yield run
            run = ""
        kind = new_kind
        run += character if new_kind else ""
    if run:
        yield run


def _kind(character: str, previous: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LN":
        return "word"
    if category == "So":
        return "symbol"
    # Accents, joiners and skin tones belong to what they follow.
    return previous if category[0] == "M" or category in {"Cf", "Sk"} else ""


def _subject(word: str) -> str | None:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    return next((form for form in (word, word.removesuffix("s"), word.removesuffix("es")) if form in SUBJECTS), None)


def _is_count(word: str) -> bool:
    return word in _COUNTS or (word.isdecimal() and word != "1")


def _listed(names: list[str]) -> str:
    shortened = [shorten(word, _WORD_AT_MOST) for word in names[:_NAMED_AT_MOST]]
    more = len(names) - len(shortened)
    return ", ".join(shortened) + (f" and {more} more" if more else "")


def _what_it_knows() -> str:
    return (
        f"{len(SUBJECTS)} subjects ({', '.join(SUBJECTS)}), {len(COLOURS)} colours, glasses, neon glasses, a hat,"
        f" a scarf and {len(SCENERY)} places ({', '.join(SCENERY)})"
    )
