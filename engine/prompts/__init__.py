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

__all__ = ["CATEGORIES", "Written", "category_counts", "fill", "suits", "writer"]


@dataclass(frozen=True)
class Written:
    """`prompts` are pairs (category, prompt); `warnings` are sentences for the grid."""

    prompts: tuple[tuple[str, str], ...]
    writer: Literal["gemini", "templates"]
    warnings: tuple[str, ...] = ()


def category_counts(n: int, rng: random.Random, profile: Profile) -> dict[str, int]:
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
    other_prompts: Sequence[str] = (),
) -> Written:
    """As many filler prompts of each category as `counts` says, in random order.

    All differ from each other and from `other_prompts` after case and punctuation are taken away, and none repeats
    or paraphrases `avoid`, the person's prompt.
    """
    if not any(counts.values()):
        return Written((), "templates")
    if profile == "embedded":
        # Gemini's prompts would name things that the small model has never seen and cannot paint.
        from engine.embedded import prompts as small

        return Written(tuple(small.fill(counts, rng, avoid, other_prompts)), "templates")
    normal_forms = {normal(prompt) for prompt in other_prompts}
    if settings.google_api_key is None:
        return _shuffled(templates.write(counts, rng, avoid, normal_forms), rng, "templates")
    return await _by_gemini(counts, avoid, rng, settings, normal_forms)


async def _by_gemini(
    counts: Mapping[str, int], avoid: str, rng: random.Random, settings: Settings, normal_forms: set[str]
) -> Written:
    """Gemini's prompts as far as they can be used; templates write the others. `normal_forms` are taken."""
    from engine.prompts import gemini

    try:
        # Google's client blocks; the engine's loop must go on meanwhile.
        ideas = await apart(gemini.write, counts, avoid, settings)
    except gemini.Unwritten as error:
        sentence = f"Gemini wrote no filler prompts: {error}. The offline templates wrote them instead."
        return _shuffled(templates.write(counts, rng, avoid, normal_forms), rng, "templates", sentence)
    usable = _usable(ideas, counts, {normal(avoid), *normal_forms}, avoid)
    missing = {category: share - sum(c == category for c, _ in usable) for category, share in counts.items()}
    extra = templates.write(
        missing, rng, avoid, normal_forms={*normal_forms, *(normal(prompt) for _, prompt in usable)}
    )
    if not extra:
        return _shuffled(usable, rng, "gemini")
    n = sum(counts.values())
    sentence = (
        f"{len(extra)} of {n} filler prompts come from the offline templates, because Gemini's were too few, repeated, "
        "of no category or too close to the prompt."
    )
    return _shuffled([*usable, *extra], rng, "gemini" if usable else "templates", sentence)


def _usable(
    ideas: list[tuple[str, str]], counts: Mapping[str, int], normal_forms: set[str], avoid: str
) -> list[tuple[str, str]]:
    """The first of each category that are different, unlike `avoid`, none of `normal_forms`, at most `counts`."""
    counts_left, usable = dict(counts), []
    for category, prompt in ideas:
        form = normal(prompt)
        if counts_left.get(category, 0) > 0 and form not in normal_forms and not too_alike(prompt, avoid):
            counts_left[category] -= 1
            normal_forms.add(form)
            usable.append((category, prompt))
    return usable


def _shuffled(
    prompts: list[tuple[str, str]], rng: random.Random, writer: Literal["gemini", "templates"], *warnings: str
) -> Written:
    return Written(tuple(rng.sample(prompts, len(prompts))), writer, warnings)
