"""The offline writer: subject, setting, medium and light put together, as the original's filler prompts were."""

import random
from collections.abc import Mapping

from engine.prompts.likeness import content, normal, too_alike
from engine.prompts.words import LIGHTS, MEDIA, SCENES

# Tries for one prompt; with some thousands of combinations a category, a few are enough unless `avoid` names them all.
TRIES = 60


def write(
    wanted: Mapping[str, int], rng: random.Random, avoid: str, taken: set[str] | None = None
) -> list[tuple[str, str]]:
    """Pairs (category, prompt), as many of each category as `wanted`, all different from each other and from `taken`.

    `taken` are normal forms (likeness.normal). A subject comes again only when all of its category have come.
    """
    seen = {normal(avoid), *(taken or ())}
    written: list[tuple[str, str]] = []
    for category, share in wanted.items():
        subjects = _subjects(category, avoid)
        order = rng.sample(subjects, len(subjects))
        for number in range(share):
            prompt = _prompt(category, order[number % len(order)], rng, avoid, seen)
            seen.add(normal(prompt))
            written.append((category, prompt))
    return written


def _subjects(category: str, avoid: str) -> list[str]:
    """Those of the category that `avoid` shares no word with; all of them where it names every one."""
    named = content(avoid)
    subjects = SCENES[category].subjects
    return [subject for subject in subjects if not content(subject) & named] or list(subjects)


def _prompt(category: str, subject: str, rng: random.Random, avoid: str, seen: set[str]) -> str:
    """A prompt about `subject` that is new; unlike `avoid` as long as there is one."""
    spare = ""
    for _ in range(TRIES):
        prompt = f"{subject} {rng.choice(SCENES[category].settings)}, {rng.choice(MEDIA)}, {rng.choice(LIGHTS)}"
        if normal(prompt) in seen:
            continue
        if not too_alike(prompt, avoid):
            return prompt
        spare = prompt
    return spare or _any_new(category, seen)


def _any_new(category: str, seen: set[str]) -> str:
    scene = SCENES[category]
    every = (
        f"{subject} {setting}, {medium}, {light}"
        for subject in scene.subjects
        for setting in scene.settings
        for medium in MEDIA
        for light in LIGHTS
    )
    return next(prompt for prompt in every if normal(prompt) not in seen)
