"""Every sentence that people read from the core, in one place. Text is plain with *bold* and `code` only."""

import unicodedata
from collections.abc import Sequence
from itertools import accumulate

from engine.contract.approaches import TITLES
from engine.contract.grid import GridScore, Plan
from engine.contract.words import score

BAR = 12
# Characters that the platform with the shortest messages takes in one.
MOST = 2000
# A minute and a half is still said in seconds, two hours less a minute in minutes.
SAID_IN_SECONDS, SAID_IN_MINUTES = 90, 120
# Of the signs that show nothing, those that emoji and some scripts are spelled with.
JOINERS = "\u200c\u200d"
CHANGED = str.maketrans({"*": "∗", "`": "ˋ", "\n": " "})


def plain(text: str | None, most: int = 200) -> str:
    """Words of a person inside one of our sentences: they format nothing, turn nothing around and do not run on."""
    visible = "".join(c for c in text or "" if c in JOINERS or unicodedata.category(c) != "Cf")
    line = " ".join(visible.translate(CHANGED).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def quoted(text: str | None, most: int = 200) -> str:
    return f"“{plain(text, most)}”"


def fitting(lines: Sequence[str], beside: Sequence[str]) -> list[str]:
    """The first of the lines that every platform shows uncut in one message together with those `beside` them."""
    room = MOST - sum(map(_widest, beside))
    widths = accumulate(map(_widest, lines))
    return [line for line, width in zip(lines, widths, strict=True) if width <= room]


def _widest(line: str) -> int:
    """Characters of a line and its end where a platform sets a mark before every sign to keep it as it is."""
    return 1 + len(line) + sum(not (c.isalnum() or c.isspace()) for c in line)


def duration(seconds: float) -> str:
    """About so long, as one says it."""
    if seconds < SAID_IN_SECONDS:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < SAID_IN_MINUTES else f"{round(minutes / 60)} h"


def ordinal(place: int) -> str:
    tail = "th" if place % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{tail}"


def bar(share: float) -> str:
    full = round(max(0.0, min(1.0, share)) * BAR)
    return "▰" * full + "▱" * (BAR - full)


def head(prompt: str | None, approach: int, style: str | None, job: str) -> str:
    style_note = f", style {plain(style, 40)}" if style else ""
    return f"*{plain(prompt)}* · approach {approach} ({TITLES[approach]}{style_note}) · `{job}`"


def waiting(place: int, eta: float | None, why: str) -> str:
    """Where one stands in the line and why."""
    when = f", about {duration(eta)}" if eta is not None else ""
    reason = f": {why}" if why else ""
    return ("You are next" if place == 1 else f"You are {ordinal(place)}") + f"{when}{reason}."


PHASES = {
    "waiting": "Waiting for the engine",
    "fetching": "Downloading (first time only)",
    "loading": "Loading the model",
    "planning": "Planning",
    "painting": "Painting",
    "judging": "Measuring",
}


STATES = {"lent": "being painted", "made": "being posted"}
"""How a job's state is said, where it has no name for people."""


def state(job: str) -> str:
    return STATES.get(job, job)


def no_picture(job: str, now: str, cell: str, pruned: str) -> str:
    """Why a grid in state `now` has no picture there; `pruned` where it had one."""
    return pruned if now == "delivered" else f"`{job}` is {state(now)}; it has no picture {plain(cell, 10)}."


def progress(phase: str, done: float, total: int, eta: float | None) -> str:
    share = done / total if total else 0.0
    time_left = f", about {duration(eta)} left" if eta is not None else ""
    of = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if phase == "fetching" else f"{int(done)} of {total} pictures"
    return f"{bar(share)} {PHASES[phase]}: {of}{time_left}."


def warnings(plan: Plan) -> str:
    return " ".join(plain(warning, 300) for warning in plan.warnings)


def sheet_alt(prompt: str, blocks: int, grid_score: GridScore | None, withheld: int) -> str:
    """What a screen reader says of a sheet."""
    side, count = 2 * blocks, blocks * blocks
    whole, of = ("one block", "it") if count == 1 else (f"{count} blocks", "each block")
    words = (
        f"A grid of {side} by {side} pictures in {whole} of four; one picture in {of} is painted from the prompt"
        f" {quoted(prompt, 300)}, the others are fillers. {score(grid_score)}"
    )
    withheld_note = f" {pictures(withheld)} {'is' if withheld == 1 else 'are'} withheld as unsafe."
    return words + (withheld_note if withheld else "")


def pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"


def grids(count: int) -> str:
    return "1 grid" if count == 1 else f"{count:,} grids"


def unsafe(count: int, reasons: Sequence[str]) -> str:
    if not count:
        return ""
    are = "is" if count == 1 else "are"
    return f"{pictures(count)} {are} withheld: {', '.join(sorted({plain(reason, 80) for reason in reasons}))}."


def style_gone(style: str) -> str:
    """Why a grid cannot wear its style, which was there when the grid was ordered."""
    return (
        f"There is no style {quoted(style, 40)} now: it may have been deleted or renamed while this grid was waiting."
        " /styles lists the styles."
    )


AGAIN_SOON = "You already pressed that a moment ago. One press is enough."
BROKEN = "Something went wrong in the bot. The log has it as `{mark}`; please try again."
FORGOTTEN = "Your data was deleted while you asked for this, so nothing was done. Please ask again."
CANCELLED = "Cancelled. Nothing more will be painted."
NO_GRID = "There is no grid {job} that you may see. Ids are ten letters and digits, such as k3x9tq2m7d."
PRUNED = "The pictures of this grid were removed to make room. Its recipe is kept: press Paint again for the same grid."
NO_SHEET = "It is {state}; there is no sheet yet."
COMPARISON_PRUNED = (
    "The pictures of this comparison were removed to make room. Its plan is kept: press Compare again for the same one."
)
NOT_YOURS = "Only the person who asked for this grid, or a moderator, may do that."
ENGINE_AWAY = "The engine is not answering, so this cannot be done now. Try again in a minute."
ENGINE_COMES = "The engine is starting, usually within a minute. You get your answer as soon as it is ready."
MODERATORS = "Only moderators may use this command."
MODERATORS_PRESS = "Only moderators may press this button."
COMPARISON = "`{job}` is a comparison, not a grid. `/show {job}` brings it back."
NO_COMPARISON = "`{job}` is not a comparison, so it cannot be compared again."
NO_TRAINING = "`{job}` is not a training, so it cannot be trained again."
TRAINING = "`{job}` is a training, not a grid. /styles shows its result."
PAUSED = "The engine does not answer. This continues by itself as soon as it does; what is painted is kept."
DISK_FULL = (
    "This bot cannot write to its disk at the moment, most likely because it is full. This continues by itself as soon"
    " as there is room; what is painted is kept."
)
DISK_STAYS_FULL = (
    "This bot's disk is still full, so no picture can be kept. Tell the person who runs it, and try again."
)
DELETED = "Deleted. There are no more updates here."
PAINTED = "Painted. Posting the sheet…"
