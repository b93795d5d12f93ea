"""What people read of a training: its cost, how far it is, each epoch, and what came of it."""

from collections.abc import Sequence

from bot import texts
from bot.chat import Button
from engine.contract.events import Progress
from engine.contract.training import Epoch, Estimated, StyleTrained, TrainStyle

MEGA = 1e6
PHASES = {
    "waiting": "Waiting: another training is running",
    "fetching": "Fetching the pictures",
    "loading": "Loading the model",
    "encoding": "Reading the pictures",
    "training": "Training",
    "validating": "Measuring on the held-out pictures",
    "saving": "Painting samples and saving the style",
}
WHY = {
    "patience": "It ended because the held-out loss stopped improving.",
    "epochs": "It ended after its last epoch.",
    "cancelled": "It was stopped early; the best epoch so far is kept.",
}
STOPPING = "The training is stopping; it keeps its best epoch, and the style follows in a moment."
STOPPING_EARLY = "The training is stopping. If an epoch has ended by then, the best one is kept."
PAUSED = "The engine does not answer. The training continues from its last epoch as soon as it does."
MADE = "Trained. Posting the style…"
UNKNOWN_TIME = "time unknown until this machine has trained once"
NOTHING_MADE = "Cancelled. No style was made."


def cost(order: TrainStyle, estimate: Estimated) -> str:
    """What a training would take, before it begins."""
    source = f"WikiArt, {texts.plain(order.art_style, 60)}" if order.source == "wikiart" else "the built-in drawings"
    time = f"at most {texts.duration(estimate.seconds)}" if estimate.seconds is not None else UNKNOWN_TIME
    length = f"at most {estimate.steps:,} steps, {time}"
    more, memory = _perhaps_more(order, estimate), _megabytes(estimate.memory_bytes)
    return "\n".join(
        (
            f"*Train the style {order.name}?*",
            f"{estimate.images} pictures from {source}; {length}; it stops early by itself.",
            f"To download: {_megabytes(estimate.bytes_to_fetch)}{more}. Memory for the model: {memory}.",
            f"Grids go first: the training only gets the time that they leave free.{_goes_on(estimate)}",
        )
    )


def _goes_on(estimate: Estimated) -> str:
    match estimate.epochs_done:
        case None:
            return ""
        case 0:
            return " There is no checkpoint of that name to continue from, so it starts over."
        case epoch:
            return f" It continues after epoch {epoch}."


def progress(event: Progress, epochs: Sequence[Epoch]) -> str:
    """How far it is, with a bar where that is known, and once an epoch has ended the losses."""
    bar = f"{texts.bar(event.done / event.total)} " if event.total > 1 else ""
    time_left = f", about {texts.duration(event.eta_s)} left at most" if event.eta_s is not None else ""
    lines = [f"{bar}{_phase(event, epochs)}{time_left}."]
    return "\n".join([*lines, losses(epochs)] if epochs else lines)


def losses(epochs: Sequence[Epoch]) -> str:
    """The last epoch's losses, and which one is the best so far."""
    last, best = epochs[-1], min(epochs, key=lambda epoch: epoch.held_out_loss)
    words = f"Epoch {last.epoch}: held-out loss {last.held_out_loss:.4f}, training loss {last.train_loss:.4f}."
    return words + (
        " It is the best so far."
        if best.epoch == last.epoch
        else f" The best so far is epoch {best.epoch} with {best.held_out_loss:.4f}."
    )


def result(style: StyleTrained) -> str:
    """Why it ended, what is kept, its losses, and what to be careful of."""
    count = len(style.epochs)
    lines = [f"*The style {style.name} is trained.*", WHY[style.stopped]]
    best = next((epoch for epoch in style.epochs if epoch.epoch == style.best_epoch), None)
    if best:
        lines.append(
            f"Kept: epoch {best.epoch} of {count}, held-out loss {best.held_out_loss:.4f},"
            f" training loss {best.train_loss:.4f}."
        )
    if style.sheet:
        lines.append("The sheet shows the same seeds at weights 0, 0.5 and 1: without the style, half and full.")
    lines += [texts.plain(warning, 300) for warning in style.warnings]
    return "\n".join([*lines, "Moderators can adopt it; then `/grid approach:2` uses it here."])


def closing(style: StyleTrained) -> str:
    """The last word in the training's own message."""
    count = "1 epoch" if len(style.epochs) == 1 else f"{len(style.epochs)} epochs"
    return f"Trained in {count}; epoch {style.best_epoch} is kept. {WHY[style.stopped]}"


def buttons(name: str) -> tuple[Button, ...]:
    """What a moderator can do with a style that was just trained."""
    return (
        Button("Adopt", f"adopt:{name}", "primary"),
        Button("Reject", f"reject:{name}"),
        Button("Card", f"style:{name}"),
    )


def _perhaps_more(order: TrainStyle, estimate: Estimated) -> str:
    return ", more if WikiArt's dataset server is away" if order.source == "wikiart" and estimate.bytes_to_fetch else ""


def _phase(event: Progress, epochs: Sequence[Epoch]) -> str:
    name = PHASES.get(event.phase, "Training")
    if event.phase == "fetching" and event.total > 1:
        return f"{name}: {event.done / MEGA:.0f} of {event.total / MEGA:.0f} MB"
    if event.phase == "encoding":
        return f"{name}: {int(event.done)} of {event.total}"
    if event.phase == "training":
        return f"Epoch {len(epochs) + 1}, step {int(event.done):,} of {event.total:,} at most"
    return name


def _megabytes(size: int | None) -> str:
    if size is None:
        return "not known until the model is here"
    return f"about {max(1, round(size / MEGA)):,} MB" if size else "nothing"
