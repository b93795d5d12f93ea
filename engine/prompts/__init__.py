"""Writers of filler prompts: Gemini where a key is set, else templates. All differ, and none is like the person's."""

import asyncio
import random
from dataclasses import dataclass
from typing import Literal

from engine.contract.approaches import Profile
from engine.prompts import templates
from engine.prompts.categories import CATEGORIES, shares
from engine.prompts.likeness import normal, too_alike
from engine.settings import Settings

__all__ = ["CATEGORIES", "Written", "write"]


@dataclass(frozen=True)
class Written:
    """`prompts` are pairs (category, prompt); `warnings` are sentences for the grid."""

    prompts: tuple[tuple[str, str], ...]
    writer: Literal["gemini", "templates"]
    warnings: tuple[str, ...] = ()


async def write(n: int, avoid: str, rng: random.Random, settings: Settings, profile: Profile) -> Written:
    """`n` filler prompts in random order, the categories' counts differing by at most one.

    All differ after case and punctuation are taken away, and none repeats or paraphrases `avoid`, the person's prompt.
    """
    if profile == "embedded":
        # Gemini's prompts would name things that the small model has never seen and cannot paint.
        from engine.embedded import prompts as small

        return Written(tuple(small.write(n, rng, avoid)), "templates")
    wanted = shares(n, rng)
    if settings.google_api_key is None:
        return _shuffled(templates.write(wanted, rng, avoid), rng, "templates")
    from engine.prompts import gemini

    try:
        # Google's client blocks; the engine's loop must go on meanwhile.
        offered = await asyncio.to_thread(gemini.write, wanted, avoid, settings)
    except gemini.Unwritten as error:
        sentence = f"Gemini wrote no filler prompts: {error}. The offline templates wrote them instead."
        return _shuffled(templates.write(wanted, rng, avoid), rng, "templates", sentence)
    kept = _usable(offered, wanted, avoid)
    missing = {category: share - sum(c == category for c, _ in kept) for category, share in wanted.items()}
    added = templates.write(missing, rng, avoid, taken={normal(prompt) for _, prompt in kept})
    if not added:
        return _shuffled(kept, rng, "gemini")
    sentence = (
        f"{len(added)} of {n} filler prompts come from the offline templates, because Gemini's were too few, repeated, "
        "of no category or too close to the prompt."
    )
    return _shuffled([*kept, *added], rng, "gemini" if kept else "templates", sentence)


def _usable(offered: list[tuple[str, str]], wanted: dict[str, int], avoid: str) -> list[tuple[str, str]]:
    """The first of each category that are different and unlike `avoid`, no more than `wanted`."""
    left, seen, kept = dict(wanted), {normal(avoid)}, []
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
