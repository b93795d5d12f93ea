"""A picture that a person uploads to have it scored: read to a limit, shown on the page as what the person said."""

from fastapi import APIRouter, HTTPException, Request

from adapters.web.orders import received
from adapters.web.site import CurrentSite, Visitor, place_of
from adapters.web.talk import WebTalk
from bot.chat import Picture, Pointed, Pressed

router = APIRouter()

MOST_BYTES = 10_000_000
# The ending decides what a browser takes the kept file for, so it is ours and never the person's.
KINDS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


@router.post("/picture/{event}", status_code=204)
async def upload(request: Request, site: CurrentSite, person: Visitor, event: str) -> None:
    """The body is the file. Sent again with the same event, after a lost answer, it is still one picture."""
    ending = KINDS.get(request.headers.get("content-type", "").partition(";")[0].strip())
    if ending is None:
        raise HTTPException(415, "PNG, JPEG, WebP and GIF pictures can be scored.")
    if not event.isalnum() or not 16 <= len(event) <= 64:  # noqa: PLR2004 - as in the page's other orders
        raise HTTPException(422, "This request is malformed: event.")
    picture = Picture(f"picture.{ending}", await _read(request), "A picture that you uploaded.")
    description = {"name": picture.name, "alt": picture.alt, "spoiler": False}
    key = f"{person.id}:{event}"
    body = {"text": "Score this picture", "pictures": [description]}
    message = await site.conversation.add(person.id, "typed", body, (picture,), key=f"typed:{key}")
    talk, pointed = WebTalk(site.conversation, person.id), Pointed(picture=message)
    pressed = Pressed("web", key, person, place_of(person), talk, "score:message", pointed=pointed)
    await site.core.press(pressed)


async def _read(request: Request) -> bytes:
    body = await received(
        request, MOST_BYTES, f"This picture is too large: at most {MOST_BYTES // 1_000_000} MB can be scored."
    )
    if not body:
        raise HTTPException(422, "This file is empty.")
    return body
