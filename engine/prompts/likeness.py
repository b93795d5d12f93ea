"""Whether two prompts mean nearly the same, judged by their English words; a translation is not noticed."""

import re
import unicodedata
from functools import lru_cache

# From this share of the shorter prompt's content words on, two prompts count as paraphrases.
TOO_ALIKE = 0.2


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words without content of their own.
GLUE = _words("""
    a an the and or but of in on at to by for from with without into onto over under above below between through near
    behind beside around across against along among as is are was were be being been its it this that these those his
    her their my your our some any each every one two three very more most than so no not there here while
""")
# Words for how something is painted and lit, not for what is seen: fillers may share them with any prompt.
MANNER = _words("""
    art artwork style painting paint painted drawing drawn picture image photo photograph photography photorealistic
    realistic illustration render rendering rendered oil watercolor watercolour pencil charcoal ink acrylic pastel
    digital canvas print detailed highly intricate beautiful stunning vivid vibrant soft warm cool dramatic light
    lighting lit color colour colorful colourful bright dark pale deep large small big tiny huge old young wearing wear
    red orange yellow green blue purple violet pink brown black white grey gray gold golden silver
""")

SHORT = 3  # letters that a stem keeps at least


def normal(prompt: str) -> str:
    """The prompt without case, punctuation and doubled blanks; two prompts with one normal form are the same."""
    folded = unicodedata.normalize("NFKC", prompt).casefold()
    return " ".join(re.findall(r"\w+", folded))


@lru_cache(maxsize=4096)  # the person's prompt is compared with every filler's
def content(prompt: str) -> frozenset[str]:
    """The stems of the words that say what is seen."""
    words = [word for word in normal(prompt).split() if word not in GLUE]
    telling = [word for word in words if word not in MANNER]
    return frozenset(map(stem, telling or words))


def too_alike(prompt: str, other: str) -> bool:
    """Shared content words over the content words of the shorter prompt (the overlap coefficient), against a limit."""
    stems, other_stems = content(prompt), content(other)
    if not stems or not other_stems:
        return normal(prompt) == normal(other)
    return len(stems & other_stems) / min(len(stems), len(other_stems)) >= TOO_ALIKE


def stem(word: str) -> str:
    """The word without its commonest endings: cats and cat, glasses and glass, running and run become one."""
    if len(word) > SHORT + 1 and word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) >= len(ending) + SHORT:
            base = word.removesuffix(ending)
            return base[:-1] if base[-1] == base[-2] and base[-1] not in "ls" else base.removesuffix("e")
    if word.endswith(("ses", "xes", "zes", "ches", "shes")) and len(word) > SHORT + 1:
        word = word.removesuffix("es")
    elif word.endswith("s") and not word.endswith("ss") and len(word) > SHORT:
        word = word.removesuffix("s")
    return word.removesuffix("e") if len(word) > SHORT else word
