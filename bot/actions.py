"""What buttons do. `press` is action:subject[:more]; the table says what each does and how it is answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot import comparison_actions, scoring, spoken, style_actions, texts
from bot.arguments import values
from bot.asked import Asked
from bot.chat import Button, Field, Form, Message
from bot.commands import GRID
from bot.commands.cancel import cancel_job
from bot.commands.grid import with_preferences
from bot.commands.history import history_page
from bot.commands.mydata import delete_everything
from bot.errors import BadCommand, DeliveryError, Gone, PlatformAway, Refused
from bot.jobs import JobRow
from bot.ordering import order_grid
from bot.recipes import recipe_text
from bot.result import cell_menu
from bot.showing import cell_message, show_job
from engine.contract.approaches import STYLED
from engine.contract.grid import Plan, repeated
from engine.contract.orders import MakeGrid
from engine.contract.sentence import shorten

FIELDS = ("prompt", "approach", "seed", "negative", "details")


@dataclass(frozen=True)
class Action:
    """`orders`: it makes a job, so a double press is one. `asks`: it opens a form. `private`: for the person alone;
    `moderators`: the right is checked again at every press."""

    run: Callable[[Asked, str, str], Awaitable[Message | None]]
    orders: bool = False
    asks: bool = False
    private: bool = True
    moderators: bool = False


async def again(asked: Asked, subject: str, more: str) -> None:
    """The same order with a new seed, or with `same` the very same grid."""
    job = await asked.visible(subject)
    if more != "same":
        await order_grid(asked, job.order.model_copy(update={"seed": None}), parent=job.id)
        return
    work = job.order.model_copy(update={"seed": await _seed(asked, subject)})
    await order_grid(asked, work, parent=job.id, plan=await _plan_to_repeat(asked, job))


async def approach(asked: Asked, subject: str, more: str) -> None:
    """The same prompts and seeds with another approach, which brings its own steps and guidance."""
    job = await asked.visible(subject)
    left_out = {"kind", "approach", "steps", "guidance", "style", "weight", "seed"}
    options = job.order.model_dump(exclude=left_out, exclude_none=True)
    order = _order_of({name: str(value) for name, value in options.items()} | {"approach": more})
    await order_grid(asked, order.model_copy(update={"seed": await _seed(asked, subject)}), parent=job.id)


async def edit(asked: Asked, subject: str, _more: str) -> None:
    """A form with the order in it; sent, it is a new order."""
    job = await asked.visible(subject)
    if not asked.values:
        await asked.talk.ask(_form(job.id, job.order))
        return
    fields = job.order.model_dump(exclude=set(FIELDS) | {"kind"}, exclude_none=True)
    options = {name: str(value) for name, value in fields.items()}
    options |= {name: value for name, value in asked.values.items() if value.strip()}
    order = _order_of(options)
    if order.approach != STYLED:
        # The form does not show them.
        order = order.model_copy(update={"style": None, "weight": None})
    await order_grid(asked, order, parent=job.id)


async def new(asked: Asked, _subject: str, _more: str) -> None:
    """An empty form for a new grid."""
    if not asked.values:
        await asked.talk.ask(_form("", None))
        return
    options = {name: value for name, value in asked.values.items() if value.strip()}
    await order_grid(asked, await with_preferences(asked, _order_of(options)))


async def cell(asked: Asked, subject: str, more: str) -> Message:
    """One cell, or another page of the cells."""
    job = await asked.visible(subject, comparison=True)
    if job.comparison or not more.startswith("page"):
        return await cell_message(asked, job, more, await asked.talk.limits())
    grid = await asked.parts.grid(job, pictures=False)
    if grid is None:
        raise Refused(texts.PRUNED)
    page = int(more[4:]) if more[4:].isdecimal() and more[4:].isascii() else 0
    return Message(f"Cells of `{job.id}`", menu=cell_menu(grid, page))


async def recipe(asked: Asked, subject: str, _more: str) -> Message:
    job = await asked.visible(subject)
    return Message(recipe_text(job, await asked.parts.jobs.plan(job)))


async def show(asked: Asked, subject: str, more: str) -> Message | None:
    """A grid chosen from the history; `more` is the grid where the choice came from a menu."""
    return await show_job(asked, await asked.visible(more or subject, comparison=True), openly=False)


async def delete(asked: Asked, subject: str, more: str) -> Message:
    """Ask once; then the grid goes, with its pictures and every message that shows it."""
    job = await asked.owned(subject, comparison=True)
    if more != "yes":
        words = f"Delete {texts.quoted(job.prompt, 80)} (`{job.id}`) with its pictures and the posted sheet?"
        return Message(words, buttons=(Button("Delete it", f"delete:{job.id}:yes", "danger"),))
    if not job.ended:
        await cancel_job(asked, job)
    seen: set[str] = set()
    sentences = await _take_down(asked, job, seen)
    # Before the row, so that a kill leaves no file behind, and after it, for those that were on their way.
    await asked.parts.pictures.drop(job.id)
    await asked.parts.jobs.emptied(job.id)
    await asked.parts.pictures.drop(job.id)
    # And whatever was being posted of it, before that could be told that it is gone.
    sentences += await _take_down(asked, job, seen, last=True)
    return Message("\n".join([f"`{job.id}` is deleted.", *sentences]))


async def _take_down(asked: Asked, job: JobRow, seen: set[str], *, last: bool = False) -> list[str]:
    """Delete every message that shows the grid and was not seen yet; sentences on those that cannot be deleted.

    Raises PlatformAway, but not at last.
    """
    sentences = []
    for delivery in await asked.parts.deliveries.of_job(job.number):
        if not delivery.message or not delivery.talk or delivery.key.endswith("-say") or delivery.message in seen:
            continue
        seen.add(delivery.message)
        try:
            await (await asked.parts.reopen(job.platform, delivery.talk)).delete(delivery.message)
        except Gone:
            continue
        except DeliveryError as error:
            if isinstance(error, PlatformAway) and not last:
                raise
            sentences.append(f"A message that shows it could not be deleted: {error}")
    return sentences


async def cancel(asked: Asked, subject: str, _more: str) -> Message:
    return await cancel_job(asked, await asked.owned(subject, training=True, comparison=True))


async def history(asked: Asked, subject: str, more: str) -> Message:
    if not subject.isdecimal() or not subject.isascii():
        raise BadCommand("There is no such page.")
    return await history_page(asked, more, int(subject[:6]))


async def mydata(asked: Asked, _subject: str, _more: str) -> Message:
    return await delete_everything(asked)


ACTIONS: dict[str, Action] = {
    "again": Action(again, orders=True, private=False),
    "approach": Action(approach, orders=True, private=False),
    "edit": Action(edit, orders=True, asks=True, private=False),
    "new": Action(new, orders=True, asks=True, private=False),
    "cell": Action(cell),
    "recipe": Action(recipe),
    "show": Action(show),
    "delete": Action(delete),
    "cancel": Action(cancel),
    "history": Action(history),
    "mydata": Action(mydata),
    "compare": Action(comparison_actions.compare, orders=True, private=False),
    "uncompare": Action(comparison_actions.uncompare),
    "recompare": Action(comparison_actions.recompare),
    "score": Action(scoring.score, asks=True),
    "spoken": Action(spoken.make, orders=True, private=False),
    "train": Action(style_actions.train, orders=True, private=False, moderators=True),
    "untrain": Action(style_actions.untrain),
    "retrain": Action(style_actions.retrain, moderators=True),
    "style": Action(style_actions.style),
    "adopt": Action(style_actions.adopt, moderators=True),
    "reject": Action(style_actions.reject, moderators=True),
    "rollback": Action(style_actions.rollback, moderators=True),
    "rename": Action(style_actions.rename, asks=True, moderators=True),
    "unstyle": Action(style_actions.unstyle, moderators=True),
}


def _order_of(options: dict[str, str]) -> MakeGrid:
    """The order of a grid from options as a person types them. Raises BadCommand."""
    order: MakeGrid = values(GRID, options)["order"]
    return order


def _form(job: str, order: MakeGrid | None) -> Form:
    options = order.model_dump(mode="json", exclude_none=True) if order else {}
    fields = tuple(
        Field(name, shorten(f"{name}: {MakeGrid.model_fields[name].description}", 45), str(options.get(name, "")),
              required=name == "prompt", long=name in {"prompt", "details"})
        for name in FIELDS
    )  # fmt: skip
    return Form("Edit and run" if order else "A new grid", f"edit:{job}" if order else "new:grid", fields)


async def _plan_to_repeat(asked: Asked, job: JobRow) -> Plan | None:
    """The grid's own plan, where its order alone would not give the same fillers, or the same style, again."""
    plan = await asked.parts.jobs.plan(job)
    same_models = plan is not None and plan.profile == asked.parts.engine.health.get("profile", plan.profile)
    if plan is None or not same_models:
        return None
    unnamed = job.order.approach == STYLED and job.order.style is None
    return repeated(plan) if unnamed or any(cell.stocked for cell in plan.cells) else None


async def _seed(asked: Asked, subject: str) -> int | None:
    """The seed that was used, also where none was asked for."""
    job = await asked.visible(subject)
    plan = await asked.parts.jobs.plan(job)
    return plan.seed if plan else job.order.seed
