"""What a person does on the page: type a line, press a button, answer a form or put it away."""

from fastapi import APIRouter, Request

from adapters.web.orders import Close, Press, Say, read
from adapters.web.site import CurrentSite, Visitor, place_of
from adapters.web.talk import WebTalk
from bot.chat import Heard, Pressed

router = APIRouter()


@router.post("/say", status_code=204)
async def say(request: Request, site: CurrentSite, person: Visitor) -> None:
    """A typed line. Sent again with the same event, after a lost answer, it is still one line and one job."""
    order = await read(request, Say)
    event = f"{person.id}:{order.event}"
    await site.conversation.add(person.id, "typed", {"text": order.text}, key=f"typed:{event}")
    talk = WebTalk(site.conversation, person.id)
    await site.core.hear(Heard("web", event, person, place_of(person), talk, order.text))


@router.post("/press", status_code=204)
async def press(request: Request, site: CurrentSite, person: Visitor) -> None:
    """A button, a menu's choice or a form. `message` is where it stands: the talk can edit that one."""
    order = await read(request, Press)
    kind = await site.conversation.kind(order.message, person.id) if order.message else None
    talk = WebTalk(site.conversation, person.id, order.message if kind in ("said", "posted", "whispered") else None)
    event = f"{person.id}:{order.event}"
    await site.core.press(Pressed("web", event, person, place_of(person), talk, order.press, order.values))
    if kind == "form" and order.message:
        await site.conversation.remove(order.message)


@router.post("/close", status_code=204)
async def close(request: Request, site: CurrentSite, person: Visitor) -> None:
    """A form that was put away unanswered."""
    order = await read(request, Close)
    if await site.conversation.kind(order.message, person.id) == "form":
        await site.conversation.remove(order.message)
