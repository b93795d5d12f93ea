"""The largest message that a destination takes: down the size ladder until it does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.chat import Attempt, Limits, Message, Talk
from bot.errors import TooLarge

Make = Callable[[Limits, int], Awaitable[tuple[Message, int]]]
"""The message with the largest sheet that fits, from this rung down, and its rung; without a sheet, a rung below 0."""


async def post_largest(talk: Talk, make: Make, attempt: Attempt, calls: str | None = None) -> str:
    """Post the largest sheet that this destination says it takes, or else the largest that it really takes."""
    rung = 0
    while True:
        message, rung = await make(await talk.limits(), rung)
        try:
            return await talk.post(replace(message, calls=calls), attempt)
        except TooLarge:
            if rung < 0:
                raise
            rung += 1
