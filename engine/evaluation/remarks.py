"""What a reader of the report should know of the prompts: words that are not understood, texts that are too long."""

from collections.abc import Sequence
from pathlib import Path

from engine import models
from engine.contract.approaches import EMBEDDED, dress
from engine.embedded import vocabulary
from engine.evaluation.markup import counted
from engine.evaluation.planned import Planned
from engine.evaluation.prompt_sets import Prompt


def remarks(plan: Planned, judge: Path) -> list[str]:
    """Sentences. `judge` is the judge's folder; generators have folders of their own, which are here by now."""
    texts = list(dict.fromkeys(cell.asked for cell in plan.cells))
    notes = _without_details(plan.prompts.prompts)
    unknown = [text for text in texts if plan.profile == EMBEDDED and vocabulary.prompt_notes(text)]
    if unknown:
        notes.append(
            f"The embedded model does not know every word of {counted(len(unknown), 'prompt')}: “{unknown[0]}”."
        )
    long = [text for text in texts if models.tokens_cut(judge, text)]
    if long:
        notes.append(f"The judge cannot read the end of {counted(len(long), 'prompt')}: “{long[0]}”.")
    cut_texts = [text for text in texts if _is_cut(plan, text)]
    if cut_texts:
        notes.append(f"A generator cannot read the end of {counted(len(cut_texts), 'prompt')}: “{cut_texts[0]}”.")
    return notes


def _without_details(prompts: Sequence[Prompt]) -> list[str]:
    plain = [prompt.prompt for prompt in prompts if not prompt.details]
    if not 0 < len(plain) < len(prompts):
        return []
    lack = "1 prompt has" if len(plain) == 1 else f"{len(plain)} prompts have"
    return [f"Nothing was painted with details, because {lack} none: “{plain[0]}”. Both kinds need the same prompts."]


def _is_cut(plan: Planned, text: str) -> bool:
    return any(
        models.tokens_cut(models.folder(way.column.model) / "tokenizer", dress(text, None, way.column.words))
        for way in plan.ways
    )
