"""Pictures in other people's messages: which one is meant, and its file, fetched from Discord's own hosts alone."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from bot.errors import Gone, PlatformAway, TooLarge

HOSTS = ("cdn.discordapp.com", ".discordapp.net")
"""Where Discord keeps attachments and its copies of what links show; a dot before a name stands for all below it."""
PIECE = 64 * 1024
FOREIGN = "This picture is not stored on Discord, so I do not download it. Upload it and choose that message."
GONE = "Discord no longer has this picture, or its link is too old. Choose the message again."
AWAY = "Discord's pictures cannot be reached at the moment. Please try again."


def picture_in(message: Mapping[str, Any]) -> str | None:
    """The address of the first picture that was attached or is shown for a link, also in what was forwarded."""
    for attachment in message.get("attachments", ()):
        if str(attachment.get("content_type") or "image/").startswith("image/"):
            return str(attachment["url"])
    for embed in message.get("embeds", ()):
        for place in ("image", "thumbnail"):
            if (embed.get(place) or {}).get("proxy_url"):
                return str(embed[place]["proxy_url"])
    forwarded = (picture_in(snapshot["message"]) for snapshot in message.get("message_snapshots", ()))
    return next(filter(None, forwarded), None)


async def fetch(url: str, most: int, also: str | None) -> bytes:
    """The file, no more than `most` bytes of it. `also` is one more place (host and port) that may be asked.

    The address is signed, so it is sent as Discord spelled it.
    """
    if not _allowed(url, also):
        raise Gone(FOREIGN)
    data = bytearray()
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
            session.get(URL(url, encoded=True), allow_redirects=False) as answer,
        ):
            _check(answer.status)
            async for piece in answer.content.iter_chunked(PIECE):
                data += piece
                if len(data) > most:
                    raise TooLarge(f"This picture is too large: at most {most / 1e6:.0f} MB can be scored.")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise PlatformAway(AWAY) from error
    return bytes(data)


def _check(status: int) -> None:
    if status >= 500:  # noqa: PLR2004 - HTTP's faults of the server
        raise PlatformAway(AWAY)
    if status != 200:  # noqa: PLR2004 - HTTP's own number for success
        raise Gone(GONE)


def _allowed(url: str, also: str | None) -> bool:
    """A person's client names the address, so it could be any."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return False
    parts = urlsplit(url)
    if also is not None and parts.netloc == also:
        return True
    host = parts.hostname or ""
    ours = any(host.endswith(name) if name.startswith(".") else host == name for name in HOSTS)
    return parts.scheme == "https" and ours
