"""The offline writer: subject, setting, medium and light put together, as the original's filler prompts were."""

import random
from collections.abc import Mapping

from engine.prompts.likeness import content, normal, too_alike
from engine.prompts.words import LIGHTS, MEDIA, SCENES

# Tries for one prompt; with some thousands of combinations a category, a few are enough unless `avoid` names them all.
TRIES = 60


def write(
    counts: Mapping[str, int], rng: random.Random, avoid: str, normal_forms: set[str] | None = None
) -> list[tuple[str, str]]:
    """Pairs (category, prompt), as many of each category as `counts` says, all different, from `normal_forms` too.

    `normal_forms` are those of likeness.normal. A subject comes again only when all of its category have come.
    """
    used_forms = {normal(avoid), *(normal_forms or ())}
    written: list[tuple[str, str]] = []
    for category, share in counts.items():
        subjects = _subjects(category, avoid)
        order = rng.sample(subjects, len(subjects))
        for number in range(share):
            prompt = _prompt(category, order[number % len(order)], rng, avoid, used_forms)
            used_forms.add(normal(prompt))
            written.append((category, prompt))
    return written


def _subjects(category: str, avoid: str) -> list[str]:
    """Those of the category that `avoid` shares no word with; all of them where it names every one."""
    words = content(avoid)
    subjects = SCENES[category].subjects
    return [subject for subject in subjects if not content(subject) & words] or list(subjects)


def _prompt(category: str, subject: str, rng: random.Random, avoid: str, used_forms: set[str]) -> str:
    """A prompt about `subject` that is new; unlike `avoid` as long as there is one."""
    spare = ""
    for _ in range(TRIES):
        prompt = f"{subject} {rng.choice(SCENES[category].settings)}, {rng.choice(MEDIA)}, {rng.choice(LIGHTS)}"
        if normal(prompt) in used_forms:
            continue
        if not too_alike(prompt, avoid):
            return prompt
        spare = prompt
    return spare or _any_new(category, used_forms)


def _any_new(category: str, used_forms: set[str]) -> str:
    scene = SCENES[category]
    prompts = (
        f"{subject} {setting}, {medium}, {light}"
        for subject in scene.subjects
        for setting in scene.settings
        for medium in MEDIA
        for light in LIGHTS
    )
    return next(prompt for prompt in prompts if normal(prompt) not in used_forms)
