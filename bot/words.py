"""The words of prompts as a search finds them: each led by its person, so that a search reads that person's only.

Scripts that set no spaces between words are taken sign by sign, so that a word is found wherever it stands.
Without the person a beginning such as "ca" would gather everybody's cats and cars before anybody's own are looked at.
"""

import re
import unicodedata

# Thai and Lao, Burmese, Khmer, Chinese and Japanese.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u31f0-\u31ff\u3400-\u9fff\U00020000-\U0003ffff"
WORD = re.compile(rf"(?=\w)[{UNSPACED}]|(?:(?![{UNSPACED}])[^\W_])+")


def own_words(person: int, text: str) -> str:
    """`text` in words for the index: small letters without accents, each led by its person. SQLite calls it too."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(f"{person}x{word}" for word in WORD.findall(bare))
