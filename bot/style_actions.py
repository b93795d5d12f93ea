"""What the buttons of trainings and styles do. The table in bot.actions says that most are for moderators only."""

from contextlib import suppress

from bot import texts
from bot.adopted import Adopted, press, scope_of
from bot.asked import Asked
from bot.chat import Button, Field, Form, Message
from bot.errors import Refused
from bot.ordering import withdraw
from bot.style_card import show_style
from bot.training_order import propose, start
from engine.contract.errors import EngineAway, NoStyle

LONGEST = 40
SURE = "yes"


async def train(asked: Asked, subject: str, _more: str) -> None:
    """Start a training whose cost was told."""
    await start(asked, subject)


async def untrain(asked: Asked, subject: str, _more: str) -> Message:
    """Start nothing."""
    await withdraw(asked, subject)
    return Message("Nothing was trained.")


async def retrain(asked: Asked, subject: str, _more: str) -> Message:
    """The cost of the same training again; it goes on from its last checkpoint where there is one."""
    job = await asked.visible(subject, training=True)
    if not job.training:
        raise Refused(texts.NO_TRAINING.format(job=job.id))
    return await propose(asked, job.training_order.model_copy(update={"resume": True}))


async def style(asked: Asked, subject: str, more: str) -> Message:
    """A style's card, also chosen from the menu of all styles."""
    return await show_style(asked, more or subject)


async def adopt(asked: Asked, subject: str, more: str) -> Message:
    """Make it the style that approach 2 paints with here."""
    scope = scope_of(asked, more)
    async with asked.parts.naming:
        await asked.parts.engine.client.style(subject)
        await Adopted(asked.parts.database).adopt(scope, subject)
    whose = "on this server" if scope.scope == "server" else "in your direct messages"
    return Message(
        f"`{subject}` is now the adopted style {whose}: `/grid prompt:… approach:2` paints with it."
        " Add `weight:0` to paint without it. /styles can roll back.",
        buttons=(Button("Roll back", press("rollback", subject, scope)),),
    )


async def reject(asked: Asked, subject: str, more: str) -> Message:
    """Adopt nothing; the files stay. Raises Refused where it is adopted already."""
    name, scope = texts.plain(subject, LONGEST), scope_of(asked, more)
    if await Adopted(asked.parts.database).style(scope) == subject:
        raise Refused(f"`{name}` is already adopted here. `/styles name:{name}` can roll back.")
    return Message(
        f"`{name}` is not adopted. Its files stay, so `/grid approach:2 style:{name}` can still use it."
        f" To delete it, press Delete here or in `/styles name:{name}`.",
        buttons=(Button("Delete", press("unstyle", subject, scope), "danger"),),
    )


async def rollback(asked: Asked, subject: str, more: str) -> Message:
    """Back to the style that was adopted before. The button names the style, so that a second press changes nothing."""
    present = await Adopted(asked.parts.database).roll_back(scope_of(asked, more), subject)
    after = f"`{present}` is the adopted style here." if present else await _default_style(asked)
    return Message(f"`{texts.plain(subject, LONGEST)}` is not adopted here now. {after}")


async def rename(asked: Asked, subject: str, more: str) -> Message | None:
    """A form with the name; sent, the style has the new one everywhere."""
    if not asked.values:
        name = Field("name", "new name: lower-case letters, digits, hyphens", subject, required=True)
        await asked.talk.ask(Form("Rename a style", press("rename", subject, scope_of(asked, more)), (name,)))
        return None
    new = asked.values.get("name", "").strip()
    async with asked.parts.naming:
        await _check_not_elsewhere(asked, subject, more)
        try:
            await asked.parts.engine.client.rename_style(subject, new)
        except NoStyle:
            # Heard again, as the answer of the first time was lost on the wire?
            if not await _renamed(asked, subject, new):
                raise
        await Adopted(asked.parts.database).replaced(subject, new)
    return Message(f"`{subject}` is now `{new}`. Grids waiting with the old name will not find it.")


async def unstyle(asked: Asked, subject: str, more: str) -> Message:
    """Ask once; then the style goes with all its files."""
    if SURE not in more.split():
        await _check_not_elsewhere(asked, subject, more)
        await asked.parts.engine.client.style(subject)
        confirm = press("unstyle", subject, scope_of(asked, more), SURE)
        is_adopted = await Adopted(asked.parts.database).style(scope_of(asked, more)) == subject
        adopted = " It is the adopted style here." if is_adopted else ""
        words = (
            f"Delete the style `{subject}` with all its files?{adopted} Grids made with it stay. This cannot be undone."
        )
        return Message(words, buttons=(Button("Delete it", confirm, "danger"),))
    async with asked.parts.naming:
        await _check_not_elsewhere(asked, subject, more)
        with suppress(NoStyle):
            # One that is gone was deleted by a first time whose answer was lost on the wire.
            await asked.parts.engine.client.delete_style(subject)
        await Adopted(asked.parts.database).replaced(subject, None)
    return Message(f"The style `{subject}` is deleted.")


async def _default_style(asked: Asked) -> str:
    """What approach 2 wears where nothing is adopted."""
    with suppress(EngineAway):
        cards = await asked.parts.engine.client.styles()
        names = [str(card["name"]) for card in cards if card.get("shipped")]
        if names:
            return f"No style is adopted here now, so approach 2 uses `{names[0]}`, which comes with the model."
    return "No style is adopted here now."


async def _renamed(asked: Asked, old: str, new: str) -> bool:
    cards = await asked.parts.engine.client.styles()
    return any(card.get("name") == new and card.get("was") == old for card in cards)


async def _check_not_elsewhere(asked: Asked, name: str, more: str) -> None:
    """One engine serves several servers; nobody takes another's adopted style away."""
    if await Adopted(asked.parts.database).elsewhere(scope_of(asked, more), name):
        raise Refused(
            f"`{texts.plain(name, LONGEST)}` is the adopted style of another server, so it cannot be renamed or deleted"
            " here."
        )
