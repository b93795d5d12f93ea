"""Pictures in messages of a workspace: which one is meant, and its file, which only the bot's token may read."""

import html
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.payload import as_typed
from adapters.slack.web import Web
from bot.chat import Pointed
from bot.errors import Gone, NoRights, PlatformAway, TooLarge

HOST = "files.slack.com"
PIECE = 64 * 1024
NOT_MINE = "I cannot see this picture. Type `/invite @{bot}` in its channel and try again."
AWAY = "Slack's files cannot be reached at the moment. Please try again."


def pointed_at(message: Mapping[str, Any]) -> Pointed:
    """The message's picture by its file's id; words of a program are no prompt."""
    words = "" if message.get("bot_id") else html.unescape(as_typed(str(message.get("text", ""))))
    return Pointed(words, next(_files(message), None))


async def fetch(web: Web, file: str, most: int) -> bytes:
    """The file, no more than `most` bytes of it."""
    try:
        file_object = (await web.call("files_info", file=file))["file"]
    except Gone as error:
        # Slack says the same of a file that is gone and of one in a channel without the app.
        raise NoRights(NOT_MINE.format(bot=web.me.name)) from error
    large = TooLarge(f"This picture is too large: at most {most / 1e6:.0f} MB can be scored.")
    if int(file_object.get("size") or 0) > most:
        raise large
    url = str(file_object.get("url_private_download") or file_object.get("url_private") or "")
    data = bytearray()
    try:
        async for piece in _pieces(web, url):
            data += piece
            if len(data) > most:
                raise large
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise PlatformAway(AWAY) from error
    return bytes(data)


def stored_on_slack(url: str, base: str) -> bool:
    """Whether this is a file's address. Of a file that was only linked somebody named it: it may be a call of the API,
    which would be made with the bot's own token. Another `base` than Slack's has its files on the same host.
    """
    place, api = urlsplit(url), urlsplit(base)
    if (place.scheme, place.netloc) == ("https", HOST):
        return True
    beside = base != AsyncWebClient.BASE_URL and (place.scheme, place.netloc) == (api.scheme, api.netloc)
    return beside and ".." not in place.path and not place.path.startswith(api.path)


async def _pieces(web: Web, url: str) -> AsyncIterator[bytes]:
    """With the token, and therefore to Slack's own host alone and without following anybody elsewhere."""
    if not stored_on_slack(url, web.base):
        raise Gone("This picture is not stored on Slack, so I do not download it. Upload it and choose that message.")
    headers = {"Authorization": f"Bearer {web.sure.token}"}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
        session.get(url, headers=headers, allow_redirects=False) as answer,
    ):
        if answer.status >= 500:  # noqa: PLR2004 - HTTP's faults of the server
            raise PlatformAway(AWAY)
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number for success
            raise NoRights(NOT_MINE.format(bot=web.me.name))
        async for piece in answer.content.iter_chunked(PIECE):
            yield piece


def _files(message: Mapping[str, Any]) -> Iterator[str]:
    """Files that were shared with it, then pictures in its layout, such as those of this app's own sheets."""
    for file in message.get("files", ()):
        if str(file.get("mimetype") or "image/").startswith("image/"):
            yield str(file["id"])
    for block in message.get("blocks", ()):
        slack_file = block.get("slack_file") or {}
        if block.get("type") == "image" and slack_file.get("id"):
            yield str(slack_file["id"])
