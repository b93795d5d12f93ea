"""One message into a channel: its text and blocks, its pictures shown, its other files linked."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from adapters.slack.address import MessageId
from adapters.slack.blocks import blocks, fallback
from adapters.slack.errors import BadBlocks, NoThread
from adapters.slack.files import permalink
from adapters.slack.timing import Timing
from adapters.slack.web import Web
from bot.chat import Message


async def post(web: Web, timing: Timing, message: Message, files: Sequence[str], where: dict[str, Any]) -> MessageId:
    """Post once. `files` are the uploads of the message's pictures and then of its files; `where` holds the channel.

    Raises PlatformAway where nobody knows whether it was posted. What may not stand in a thread comes into the channel.
    """
    content = await _content(web, message, files)
    deadline, wait = time.monotonic() + timing.processing, timing.poll
    while True:
        try:
            answer = await web.call_once("chat_postMessage", **where, **content)
            return MessageId(where["channel"], str(answer["ts"]), tuple(files))
        except NoThread:
            if not where.get("thread_ts"):
                raise
            where = where | {"thread_ts": None}
            continue
        except BadBlocks:
            # A picture whose type is known may still not be ready to be shown; then nothing was posted.
            if not files or time.monotonic() > deadline:
                raise
        await asyncio.sleep(wait)
        wait = min(wait * 2, timing.processing / 10)


async def _content(web: Web, message: Message, files: Sequence[str]) -> dict[str, Any]:
    """Pictures are shown; another kind of file is shared by its link, which Slack unfolds."""
    count = len(message.pictures)
    layout = blocks(message, files[:count])
    pairs = zip(message.files, files[count:], strict=True)
    links = [f"<{await permalink(web, file)}|{each.name}>" for each, file in pairs]
    if links:
        layout.append({"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(links)}})
    text = "\n".join([fallback(message), *links])
    return {"text": text, "blocks": layout, "unfurl_links": False, "unfurl_media": bool(links)}
