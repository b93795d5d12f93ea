"""Discord's failures as the port's, by a table; and calls made again where the network alone was at fault."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
import discord

from bot.errors import DeliveryError, Gone, NoRights, PlatformAway, TooLarge

T = TypeVar("T")
NETWORK = (aiohttp.ClientError, OSError, TimeoutError)
FOREIGN = (discord.DiscordException, *NETWORK)

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION = 10003, 10008, 10015, 10062
ALREADY_ACKNOWLEDGED, TOKEN_EXPIRED, NO_THREAD_HERE, THREAD_EXISTS = 40060, 50027, 50024, 160004
THREAD_ARCHIVED = 50083


@dataclass(frozen=True)
class Row:
    """One kind of failure: Discord's codes, or HTTP statuses where no code says more, and what it means to the core."""

    codes: tuple[int, ...]
    statuses: tuple[int, ...]
    becomes: type[DeliveryError]
    text: str


# The codes are those of https://docs.discord.com/developers/topics/opcodes-and-status-codes
TABLE = (
    Row((40005, 50045), (413,), TooLarge, "This file is too large for Discord here; a smaller one would fit."),
    Row((50007, 50278), (), NoRights, "Discord does not let me send you direct messages; allow them for this server."),
    Row((THREAD_ARCHIVED,), (), NoRights, "The thread is archived and locked; a moderator would have to reopen it."),
    Row((160005,), (), NoRights, "The thread is locked; a moderator would have to unlock it."),
    Row((160006, 160007), (), NoRights, "This is not in a thread because no more threads may be open in this server."),
    Row((400001,), (), NoRights, "Discord accepts no files in this server for now."),
    Row((20009,), (), NoRights, "Discord takes this picture for explicit and does not send it to you."),
    Row((50001,), (), NoRights, "I cannot see this channel: I am missing the permission “View Channel”."),
    Row(
        (50013,),
        (403,),
        NoRights,
        "I cannot post here: a permission such as “Send Messages” or “Attach Files” is missing.",
    ),
    Row((UNKNOWN_CHANNEL,), (), Gone, "The channel no longer exists."),
    Row((UNKNOWN_MESSAGE,), (), Gone, "The message no longer exists."),
    Row(
        (TOKEN_EXPIRED, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION),
        (404,),
        Gone,
        "Discord no longer knows where to answer.",
    ),
    Row(
        (20022, 20028, 20029, 30046, 40003, 40004, 40006, 40062, 40333, 130000),
        (429,),
        PlatformAway,
        "Discord asks for fewer requests; I will try again later.",
    ),
    Row((), (401,), PlatformAway, "Discord does not know the bot's token; I will try again later."),
)
AWAY = "Discord cannot be reached at the moment; I will try again later."


def translate(error: Exception) -> DeliveryError:
    """The port's error for one of discord.py's or the network's. Codes say more than statuses, so they come first."""
    if not isinstance(error, discord.HTTPException):
        return PlatformAway(AWAY)
    for row in TABLE:
        if error.code in row.codes:
            return row.becomes(row.text)
    for row in TABLE:
        if error.status in row.statuses:
            return row.becomes(row.text)
    if error.status >= 500:  # noqa: PLR2004 (HTTP's own line between their fault and ours)
        return PlatformAway(AWAY)
    return DeliveryError(f"Discord did not accept the message ({error.status}, code {error.code}).")


def token_gone(error: discord.HTTPException) -> bool:
    """Whether the interaction's token no longer works, so that the bot's own token is the way."""
    return error.status == 401 or error.code in (TOKEN_EXPIRED, UNKNOWN_WEBHOOK)  # noqa: PLR2004 (HTTP: unauthorised)


def session_closed(error: RuntimeError) -> bool:
    """What aiohttp raises while the connection is being replaced or the bot stops."""
    return "Session is closed" in str(error)


def banned(error: KeyError) -> bool:
    """discord.py looks for a time in every 429, and the one of a ban for too many requests names none."""
    return error.args == ("retry_after",)


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except FOREIGN as error:
        raise translate(error) from error
    except RuntimeError as error:
        if not session_closed(error):
            raise
        raise PlatformAway(AWAY) from error
    except KeyError as error:
        if not banned(error):
            raise
        raise PlatformAway(AWAY) from error


async def retry(call: Callable[[], Awaitable[T]], pauses: Sequence[float]) -> T:
    """The call's result; made again after each pause while only the network or a 5xx was at fault.

    discord.py repeats 500, 502 and 504 itself, but on Linux neither a cut connection nor a 503. Only for calls whose
    repetition changes nothing: edits, look-ups, deletions, and posts with an enforced nonce.
    """
    for pause in pauses:
        try:
            return await call()
        except (discord.DiscordServerError, *NETWORK):
            await asyncio.sleep(pause)
    return await call()
