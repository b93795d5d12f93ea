"""A writer of filler prompts in the embedded model's own words; it knows nothing of grids or painters."""

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence

from engine.embedded.themes import DARK, THEMES, Theme
from engine.embedded.vocabulary import COLOURS, OPENINGS, SUBJECTS, subjects_named


def fill(
    counts: Mapping[str, int], rng: random.Random, avoid: str, other_prompts: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Different pairs (category, prompt) in random order, as many of each category as `counts` says.

    No prompt is one of `other_prompts` or names a subject that `avoid`, the person's prompt, names. Raises
    ValueError where there are not enough prompts; there are always 192.
    """
    avoided = _avoided_subjects(avoid)
    pairs: list[tuple[str, str]] = []
    used = set(other_prompts)
    for category, share in counts.items():
        prompts = _choose(_candidates(THEMES[category], avoided), share, rng, used)
        used.update(prompts)
        pairs += [(category, prompt) for prompt in prompts]
    rng.shuffle(pairs)
    return pairs


def _avoided_subjects(avoid: str) -> set[str]:
    subjects = subjects_named(avoid)
    # Who names everything leaves nothing else to paint; then only the first, the likely subject, is avoided.
    return set(subjects) if len(subjects) < len(SUBJECTS) else set(subjects[:1])


def suits(prompt: str, avoid: str) -> bool:
    """Whether it names no subject that `avoid` names."""
    return not _avoided_subjects(avoid) & set(subjects_named(prompt))


def shares(n: int, rng: random.Random) -> dict[str, int]:
    """How many prompts each category writes; which ones write one more than the others is random."""
    share, extra = divmod(n, len(THEMES))
    favoured = rng.sample(sorted(THEMES), extra)
    return {category: share + (category in favoured) for category in THEMES}


def _choose(candidates: list[str], share: int, rng: random.Random, used: set[str]) -> list[str]:
    unused = [prompt for prompt in candidates if prompt not in used]
    if share <= len(unused):
        return rng.sample(unused, share)
    # Too few: the same pictures again under other openings ("a painting of …").
    with_openings = [opening + prompt for opening in OPENINGS[1:] for prompt in candidates]
    unused_openings = [prompt for prompt in with_openings if prompt not in used]
    if share > len(unused) + len(unused_openings):
        raise ValueError(f"the embedded model does not have {share} different prompts in one category; ask for fewer")
    return unused + rng.sample(unused_openings, share - len(unused))


def _candidates(theme: Theme, avoided: set[str]) -> list[str]:
    subjects = [subject for subject in theme.subjects if subject not in avoided]
    # A category whose own subjects are all taken borrows from the others: its places still set it apart.
    subjects = subjects or [subject for subject in SUBJECTS if subject not in avoided]
    return list(_sentences(subjects, theme))


def _sentences(subjects: list[str], theme: Theme) -> Iterable[str]:
    for subject, colour, worn, place in itertools.product(subjects, COLOURS, theme.worn, theme.places):
        if _can_be_seen(colour, place) and (not worn or subject in THEMES["animal"].subjects):
            yield f"{'an' if colour == 'orange' else 'a'} {colour} {subject}{worn} {place}"


def _can_be_seen(colour: str, place: str) -> bool:
    """The drawings never put black into the dark, nor a colour on itself."""
    return not (colour == "black" and place in DARK) and f" {colour} background" not in place
