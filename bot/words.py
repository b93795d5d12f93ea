"""The words of prompts as a search finds them: each led by its person, so that a search reads that person's only.

Without the person a beginning such as "ca" would gather everybody's cats and cars before anybody's own are looked at.
"""

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")


def own_words(person: int, text: str) -> str:
    """`text` in words for the index: small letters without accents, each led by its person. SQLite calls it too."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(f"{person}x{word}" for word in WORD.findall(bare))
