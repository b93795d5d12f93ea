"""What a reader of the report should know of the prompts: words that are not understood, texts that are too long."""

from collections.abc import Sequence
from pathlib import Path

from engine import models
from engine.contract.approaches import EMBEDDED, dress
from engine.embedded import vocabulary
from engine.evaluation.markup import counted
from engine.evaluation.planned import Planned
from engine.evaluation.prompt_sets import Prompt


def remarks(decided: Planned, judge: Path) -> list[str]:
    """Sentences. `judge` is the judge's folder; generators have folders of their own, which are here by now."""
    asked = list(dict.fromkeys(cell.asked for cell in decided.cells))
    found = _without_details(decided.prompts.prompts)
    unknown = [text for text in asked if decided.profile == EMBEDDED and vocabulary.prompt_notes(text)]
    if unknown:
        found.append(
            f"The embedded model does not know every word of {counted(len(unknown), 'prompt')}: “{unknown[0]}”."
        )
    long = [text for text in asked if models.tokens_cut(judge, text)]
    if long:
        found.append(f"The judge cannot read the end of {counted(len(long), 'prompt')}: “{long[0]}”.")
    cut = [text for text in asked if _cut(decided, text)]
    if cut:
        found.append(f"A generator cannot read the end of {counted(len(cut), 'prompt')}: “{cut[0]}”.")
    return found


def _without_details(prompts: Sequence[Prompt]) -> list[str]:
    bare = [prompt.prompt for prompt in prompts if not prompt.details]
    if not 0 < len(bare) < len(prompts):
        return []
    lack = "1 prompt has" if len(bare) == 1 else f"{len(bare)} prompts have"
    return [f"Nothing was painted with details, because {lack} none: “{bare[0]}”. Both kinds need the same prompts."]


def _cut(decided: Planned, text: str) -> bool:
    return any(
        models.tokens_cut(models.folder(way.column.model) / "tokenizer", dress(text, None, way.column.words))
        for way in decided.ways
    )
