"""What the page sends: small JSON objects, checked before anything looks at them."""

import asyncio
from typing import Annotated, TypeVar

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request

BODY_BYTES = 64 * 1024
TEXT = 8000
# What is sent may take so many seconds, and more where it is large: so many bytes a second are waited for.
PATIENCE_S = 10.0
SLOWEST = 32 * 1024

# Made by the page, once for each thing done, so that a request sent twice is known as one.
Event = Annotated[str, Field(pattern="^[0-9a-f]{16,64}$")]
MessageId = Annotated[str, Field(pattern="^[0-9a-f]{20}$")]


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Token(Order):
    token: Annotated[str, Field(max_length=1000)] | None = None


class Say(Order):
    event: Event
    text: Annotated[str, Field(min_length=1, max_length=TEXT)]


class Press(Order):
    event: Event
    press: Annotated[str, Field(min_length=1, max_length=500)]
    message: MessageId | None = None
    values: Annotated[dict[str, Annotated[str, Field(max_length=TEXT)]], Field(max_length=25)] = {}


class Close(Order):
    message: MessageId


_Order = TypeVar("_Order", bound=Order)


async def read(request: Request, order: type[_Order]) -> _Order:
    """The request's body as this order; HTTPException with a sentence if it is none.

    Only JSON is read: no other site's form can send that without being asked by the browser first.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "Send JSON, with the content type application/json.")
    body = await received(
        request, BODY_BYTES, f"This is too long: at most {BODY_BYTES // 1024} KiB can be sent at once."
    )
    try:
        return order.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise HTTPException(422, f"This cannot be read: {where}: {first['msg']}.") from error


async def received(request: Request, most: int, too_large: str) -> bytes:
    """The request's body, of at most so many bytes. HTTPException with a sentence for what is larger or never ends."""
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S + most / SLOWEST):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise HTTPException(413, too_large)
    except (TimeoutError, ClientDisconnect) as error:
        raise HTTPException(408, "This did not arrive in time. Please try again.") from error
    return bytes(body)
