"""A grid is ordered: checked against the server's rules, put into the line, and answered with the place in it."""

import re
from collections.abc import Sequence
from typing import Any

from bot import texts
from bot.adopted import with_adopted
from bot.allowance import ordered_this_hour
from bot.asked import Asked
from bot.chat import Message
from bot.errors import DeliveryError, Refused
from bot.heading import heading
from bot.jobs import JobRow
from bot.preferences import Preferences, spelled
from bot.queue import Caps, NewJob
from bot.teller import cancel_button, failure, waiting_message
from engine.contract.approaches import PROFILES
from engine.contract.grid import Plan
from engine.contract.ids import new_id
from engine.contract.order import Order
from engine.contract.orders import MakeGrid

PICTURES_OF_A_BLOCK = 4


async def order_grid(
    asked: Asked,
    work: MakeGrid,
    parent: str | None = None,
    plan: Plan | None = None,
    proposal: str | None = None,
) -> JobRow:
    """Put the grid into the line and say so. Raises Refused where it is not allowed or cannot be delivered.

    A `plan` repeats the grid that it was made for, cell by cell. A `proposal` is ordered once; its id is the grid's.
    """
    caps = await admit(asked, [work.prompt, work.details, work.negative])
    work = work if plan else await with_adopted(asked, work)
    new = new_job(asked, proposal or new_id(), work, work.prompt, cost_of(work), parent=parent)
    job = await asked.parts.queue.put(new, caps, plan)
    if job is None:
        raise Refused(await which_limit(asked, caps, cost_of(work)))
    if proposal and not await made_by_this_press(asked, job):
        raise Refused(f"The grid `{job.id}` was already ordered. `/show {job.id}` shows it.")
    asked.parts.remember(job, asked.talk)
    await announce(asked, job)
    return job


async def admit(asked: Asked, words: Sequence[str | None]) -> Caps:
    """The limits for what is asked here in these words. Raises Refused where it is not allowed at all."""
    rules = await asked.parts.preferences.of_server(asked.server)
    _check_place(asked, rules)
    _check_words([text for text in words if text], rules)
    refusal = await asked.talk.can_post()
    if refusal:
        raise Refused(refusal)
    return _caps(asked, rules)


async def made_by_this_press(asked: Asked, job: JobRow) -> bool:
    """Whether this very press made the job: a press that is answered again after a restart did."""
    sql = "SELECT 1 FROM jobs WHERE number = :number AND received = :received"
    return await asked.parts.database.one(sql, number=job.number, received=asked.received.number) is not None


async def withdraw(asked: Asked, proposal: str) -> None:
    """Start nothing of what was proposed. Raises Refused where that comes too late."""
    if await asked.parts.jobs.find(proposal):
        raise Refused(f"It was already started, so it continues. Cancel it with `/cancel {proposal}`.")
    await asked.parts.proposals.withdraw(proposal, asked.who)


async def announce(asked: Asked, job: JobRow) -> None:
    """The job's own message. Where it cannot be said, nothing is painted for nobody."""
    place = (await asked.line.places()).get(job.id)
    if place:
        message = waiting_message(job, place, await asked.line.pace(), asked.parts.clock())
    else:
        message = Message(f"{heading(job)}\n{texts.PHASES['waiting']}.", buttons=cancel_button(job))
    try:
        await asked.teller.introduce(job, message)
    except DeliveryError as error:
        await asked.watch.fail(job, "not_delivered", f"Nothing was painted, because I cannot post here: {error}")
        row = await asked.parts.jobs.find(job.id) or job
        await asked.talk.whisper(failure(row))


def cost_of(work: MakeGrid) -> int:
    """Pictures to paint, before the plan is known: all of them where the fillers are generated, else one per block."""
    fillers = work.fillers or PROFILES["full"][work.approach].fillers
    return work.blocks**2 * (PICTURES_OF_A_BLOCK if fillers == "generated" else 1)


def new_job(asked: Asked, job: str, work: Order, prompt: str, cost: int, **more: Any) -> NewJob:
    """A job of the person who asks, answered where it was asked. `more` are fields of NewJob."""
    return NewJob(
        id=job,
        received=asked.received.number,
        person=asked.who,
        platform=asked.received.platform,
        server=asked.server,
        channel=asked.place.channel,
        private=asked.place.private,
        unsafe_ok=asked.place.unsafe_ok,
        talk=asked.talk.address,
        work=work.model_dump_json(exclude_none=True),
        prompt=prompt,
        cost=cost,
        **more,
    )


def _check_place(asked: Asked, rules: Preferences) -> None:
    if rules.channels and not asked.place.private and asked.place.channel not in rules.channels:
        raise Refused(
            "Grids cannot be made in this channel. Ask in a channel that the moderators have allowed, or send me a"
            " direct message."
        )


def _check_words(words: Sequence[str], rules: Preferences) -> None:
    """Raises Refused where one of them is on the server's list."""
    parts = [spelled(part) for part in words]
    text = " ".join(re.sub(r"[\W_]+", " ", part) for part in parts)
    if rules.forbidden(text) or any(rules.forbidden(part) for part in parts):
        raise Refused("This prompt contains a word that this server does not allow. Nothing was painted.")


def _caps(asked: Asked, rules: Preferences) -> Caps:
    """The server's limits can only be tighter than the operator's."""
    settings = asked.parts.settings
    return Caps(
        min(settings.waiting_per_person, rules.waiting or settings.waiting_per_person),
        settings.waiting_per_server,
        min(settings.pictures_per_hour, rules.pictures_per_hour or settings.pictures_per_hour),
    )


async def which_limit(asked: Asked, caps: Caps, cost: int) -> str:
    """The limit was found reached by the statement that inserts; this only names it."""
    persons = [place.person for place in (await asked.line.places()).values()]
    if persons.count(asked.who) >= (caps.waiting_per_person or 0):
        return (
            f"You have {texts.grids(persons.count(asked.who))} waiting, and {caps.waiting_per_person} is the limit. "
            "Wait for one to finish, or cancel one with /cancel."
        )
    count = await ordered_this_hour(asked.parts.database, asked.who, asked.parts.clock())
    if count + cost > (caps.pictures_per_hour or 0):
        return (
            f"You ordered {texts.pictures(count)} in the last hour; {cost} more would exceed the limit of"
            f" {caps.pictures_per_hour}. Try again later, or ask for fewer."
        )
    most = texts.grids(caps.waiting_per_server or 0)
    return f"This server has {most} waiting, which is the limit. Try again in a few minutes."
