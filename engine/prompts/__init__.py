"""Writers of filler prompts: Gemini where a key is set, else templates. All differ, and none is like the person's."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.apart import apart
from engine.contract.approaches import Profile
from engine.prompts import templates
from engine.prompts.categories import CATEGORIES, shares
from engine.prompts.likeness import normal, too_alike
from engine.settings import Settings

__all__ = ["CATEGORIES", "Written", "fill", "suits", "wanted", "writer"]


@dataclass(frozen=True)
class Written:
    """`prompts` are pairs (category, prompt); `warnings` are sentences for the grid."""

    prompts: tuple[tuple[str, str], ...]
    writer: Literal["gemini", "templates"]
    warnings: tuple[str, ...] = ()


def wanted(n: int, rng: random.Random, profile: Profile) -> dict[str, int]:
    """How many of `n` prompts are of each category; they differ by at most one."""
    if profile == "embedded":
        from engine.embedded import prompts as small

        return small.shares(n, rng)
    return shares(n, rng)


def suits(prompt: str, avoid: str, profile: Profile) -> bool:
    """Whether it may be a filler beside `avoid`, the person's prompt."""
    if profile == "embedded":
        from engine.embedded import prompts as small

        return small.suits(prompt, avoid)
    return normal(prompt) != normal(avoid) and not too_alike(prompt, avoid)


def writer(settings: Settings, profile: Profile) -> str:
    """Who writes with these settings, as long as nothing fails."""
    gemini = profile == "full" and settings.google_api_key is not None
    return f"gemini {settings.gemini_model}" if gemini else "templates"


async def fill(
    counts: Mapping[str, int],
    avoid: str,
    rng: random.Random,
    settings: Settings,
    profile: Profile,
    beside: Sequence[str] = (),
) -> Written:
    """As many filler prompts of each category as `counts` says, in random order.

    All differ from each other and from those `beside` them after case and punctuation are taken away, and none repeats
    or paraphrases `avoid`, the person's prompt.
    """
    if not any(counts.values()):
        return Written((), "templates")
    if profile == "embedded":
        # Gemini's prompts would name things that the small model has never seen and cannot paint.
        from engine.embedded import prompts as small

        return Written(tuple(small.fill(counts, rng, avoid, beside)), "templates")
    taken = {normal(prompt) for prompt in beside}
    if settings.google_api_key is None:
        return _shuffled(templates.write(counts, rng, avoid, taken), rng, "templates")
    return await _by_gemini(counts, avoid, rng, settings, taken)


async def _by_gemini(
    counts: Mapping[str, int], avoid: str, rng: random.Random, settings: Settings, taken: set[str]
) -> Written:
    """Gemini's prompts as far as they can be used; templates write what is missing. `taken` are normal forms."""
    from engine.prompts import gemini

    try:
        # Google's client blocks; the engine's loop must go on meanwhile.
        offered = await apart(gemini.write, counts, avoid, settings)
    except gemini.Unwritten as error:
        sentence = f"Gemini wrote no filler prompts: {error}. The offline templates wrote them instead."
        return _shuffled(templates.write(counts, rng, avoid, taken), rng, "templates", sentence)
    kept = _usable(offered, counts, {normal(avoid), *taken}, avoid)
    missing = {category: share - sum(c == category for c, _ in kept) for category, share in counts.items()}
    added = templates.write(missing, rng, avoid, taken={*taken, *(normal(prompt) for _, prompt in kept)})
    if not added:
        return _shuffled(kept, rng, "gemini")
    n = sum(counts.values())
    sentence = (
        f"{len(added)} of {n} filler prompts come from the offline templates, because Gemini's were too few, repeated, "
        "of no category or too close to the prompt."
    )
    return _shuffled([*kept, *added], rng, "gemini" if kept else "templates", sentence)


def _usable(
    offered: list[tuple[str, str]], counts: Mapping[str, int], seen: set[str], avoid: str
) -> list[tuple[str, str]]:
    """The first of each category that are different, unlike `avoid` and not `seen`, no more than `counts`."""
    left, kept = dict(counts), []
    for category, prompt in offered:
        form = normal(prompt)
        if left.get(category, 0) > 0 and form not in seen and not too_alike(prompt, avoid):
            left[category] -= 1
            seen.add(form)
            kept.append((category, prompt))
    return kept


def _shuffled(
    prompts: list[tuple[str, str]], rng: random.Random, writer: Literal["gemini", "templates"], *warnings: str
) -> Written:
    return Written(tuple(rng.sample(prompts, len(prompts))), writer, warnings)
