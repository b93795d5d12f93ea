"""Style cards as lines for people. Some cards come from elsewhere, so none of their fields is taken for granted."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot import texts
from engine.contract.sentence import begun
from engine.contract.training import Epoch, StyleTrained

Card = Mapping[str, Any]

NONE_YET = "There is no style yet. A moderator can train one with /finetune."


def line(card: Card, adopted_style: str | None) -> str:
    """One style in one line; the one that is worn here is marked."""
    name, about = str(card.get("name")), texts.plain(_text(card.get("summary")), 100)
    mark = " · *adopted here*" if name == adopted_style else ""
    if adopted_style is None and card.get("shipped"):
        mark = " · *used while none is adopted*"
    score = _best_score(card)
    return " · ".join(part for part in (f"`{texts.plain(name, 40)}`{mark}", about, score) if part)


def card_lines(card: Card, *, training: bool = True) -> list[str]:
    """The card in a few lines: data, training, scores, how to use it. Without `training` where that is told already."""
    data, recipe = _mapping(card.get("data")), _mapping(card.get("recipe"))
    origin = _text(data.get("origin")) or _text(card.get("summary"))
    count = f", {texts.plain(str(data['images']), 20)} pictures" if data.get("images") and data.get("origin") else ""
    numbers = [
        f"{name} {texts.plain(_number(recipe[key]), 40)}"
        for name, key in NUMBERS.items()
        if recipe.get(key) is not None
    ]
    base = _text(card.get("base"))
    painter = "; ".join(part for part in (f"Base {texts.plain(base, 80)}" if base else "", ", ".join(numbers)) if part)
    lines = [
        f"Learned from: {texts.plain(origin, 150)}{count}." if origin else "",
        f"Licence of the pictures: {texts.plain(_text(data.get('licence')), 200)}" if data.get("licence") else "",
        f"{begun(painter)}." if painter else "",
        _training(card) if training else "",
        _scores(card),
        f"Words added to a prompt: {texts.quoted(_text(card.get('words')), 150)}" if card.get("words") else "",
    ]
    warnings = card.get("warnings")
    lines += [texts.plain(_text(warning), 200) for warning in warnings] if isinstance(warnings, list) else []
    return [entry for entry in lines if entry]


def trained_from_card(card: Card) -> StyleTrained | None:
    """The ending of a training whose engine died after it had saved the style; None where the card is another's."""
    fields = {name: card.get(name) for name in ("name", "base", "stopped", "best_epoch", "epochs", "warnings")}
    try:
        return StyleTrained.model_validate({**fields, "folder": "", "plot": "", "card": ""})
    except ValidationError:
        return None


NUMBERS = {"rank": "rank", "alpha": "alpha", "learning rate": "lr", "seed": "seed"}


def _training(card: Card) -> str:
    try:
        epochs = [Epoch.model_validate(epoch) for epoch in card.get("epochs") or ()]
    except (ValidationError, TypeError):
        return ""
    best = next((epoch for epoch in epochs if epoch.epoch == card.get("best_epoch")), None)
    return f"Kept epoch {best.epoch} of {len(epochs)}, held-out loss {best.held_out_loss:.4f}." if best else ""


def _scores(card: Card) -> str:
    """What the judge measured on the samples; `likeness` is to the training pictures."""
    rows = [row for row in _rows(card) if all(_measured(row.get(key)) for key in ("match", "likeness", "weight"))]
    scores = [f"{row['match']:.3f} and {row['likeness']:.3f} at weight {row['weight']:g}" for row in rows]
    judge = _text(_mapping(card.get("scores")).get("judge"))
    by = f", judge {texts.plain(judge, 80)}" if judge else ""
    return (
        f"How well the samples match their prompts and the training pictures (cosine{by}): {'; '.join(scores)}."
        if scores
        else ""
    )


def _best_score(card: Card) -> str:
    full = next((row for row in _rows(card) if row.get("weight") == 1 and _measured(row.get("likeness"))), None)
    return f"likeness to its pictures {full['likeness']:.3f}" if full else ""


def _measured(value: Any) -> bool:
    """Whether it can be shown as a score or a weight."""
    return isinstance(value, int | float) and abs(value) <= 1000  # noqa: PLR2004 - far beyond any of them


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _rows(card: Card) -> list[Card]:
    rows = _mapping(card.get("scores")).get("by_weight")
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _mapping(value: Any) -> Card:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
