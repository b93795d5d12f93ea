"""Prompt sets: plain text files of what an evaluation paints, one prompt a line.

    # a comment; empty lines are skipped
    category | prompt | details

`details` are design elements that the second variant of the prompt adds; they may be missing, with their bar.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from engine.contract.approaches import Profile, dress
from engine.contract.errors import BadRequest
from engine.contract.grid import Data

FOLDER = Path(__file__).parent / "prompts"
SHIPPED: dict[Profile, str] = {"full": "seven-categories", "embedded": "embedded"}
FLAGSHIP = "a cat wearing neon-glasses"
LONGEST = 2000
MOST_BYTES = 1_000_000
PARTS = 3

Variant = Literal["plain", "details"]


class Prompt(Data):
    """One line of a set."""

    category: str
    prompt: str
    details: str | None = None

    def asked(self, variant: Variant) -> str:
        """What a variant asks for, without the words of any style."""
        return dress(self.prompt, self.details if variant == "details" else None, None)


class PromptSet(Data):
    name: str
    prompts: tuple[Prompt, ...]

    def variants(self) -> tuple[Variant, ...]:
        """Both where every prompt has details, otherwise the plain one alone: they have the same prompts."""
        return ("plain", "details") if all(prompt.details for prompt in self.prompts) else ("plain",)


def shipped() -> list[str]:
    """The names of the sets that come with the program."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def read(name: str) -> PromptSet:
    """A shipped set by its name, or a file by its path. Raises BadRequest with the number of the line at fault."""
    path = FOLDER / f"{name}.txt" if name in shipped() else Path(name)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRequest(f"{name} is larger than a prompt set may be ({MOST_BYTES // 1_000_000} MB).")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{name} is not text in UTF-8 (see the byte at {error.start}).") from error
    except OSError as error:
        sets = ", ".join(shipped())
        raise BadRequest(
            f"The prompt set {name} cannot be read: {error.strerror}. Name a file, or one of the sets {sets}."
        ) from error
    return parse(text, path.stem)


def parse(text: str, name: str) -> PromptSet:
    """A set from the text of a file. Raises BadRequest with the number of the line at fault."""
    prompts: list[Prompt] = []
    lines: dict[str, int] = {}
    for number, line in _lines(text):
        prompt = _prompt(line, f"{name}, line {number}")
        if prompt.prompt in lines:
            raise BadRequest(f"{name}, line {number}: the prompt is already in line {lines[prompt.prompt]}.")
        lines[prompt.prompt] = number
        prompts.append(prompt)
    if not prompts:
        raise BadRequest(f"{name} holds no prompt. A line reads: category | prompt | details.")
    return PromptSet(name=name, prompts=tuple(prompts))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line


def _prompt(line: str, where: str) -> Prompt:
    parts = [" ".join(part.split()) for part in line.split("|")]
    if not 2 <= len(parts) <= PARTS:  # noqa: PLR2004 - details may be missing
        raise BadRequest(f"{where}: a line reads “category | prompt | details”, and this one has {len(parts)} parts.")
    if not parts[0] or not parts[1]:
        raise BadRequest(f"{where}: the {'prompt' if parts[0] else 'category'} is missing before a bar “|”.")
    if len(line) > LONGEST:
        raise BadRequest(f"{where}: the line has {len(line)} characters; at most {LONGEST} are read.")
    return Prompt(category=parts[0], prompt=parts[1], details=(parts[2] or None) if len(parts) == PARTS else None)
