"""A conversation as server-sent events: first what is on the page, then each change, for as long as somebody looks.

Each event's id is the version it brings the page to. A browser that lost the connection sends the last id it saw, and
gets what it missed.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from adapters.web.conversation import Conversation
from adapters.web.messages import PageMessage
from adapters.web.shown import page_of

# Messages that a page gets at first, and each time it asks for earlier ones.
PAGE = 40
# A comment now and then, so that a connection that broke silently is noticed by both ends.
HEARTBEAT_S = 15.0
RETRY_MS = 1000


async def stream(conversation: Conversation, person: str, since: int) -> AsyncIterator[str]:
    """Events `page` (all of it, `earlier`: whether there is more) and `changes`; `since` 0 asks for the page."""
    with conversation.feed.listening(person) as changed:
        yield f"retry: {RETRY_MS}\n\n"
        version = since
        # The version may be ahead of ours where the store was removed: then the page starts anew.
        if not 0 < since <= await conversation.version(person):
            version = await conversation.version(person)
            messages = await conversation.newest(person, PAGE + 1)
            yield _event("page", version, {"messages": _pages(messages[-PAGE:]), "earlier": len(messages) > PAGE})
        while not conversation.feed.closed:
            changed.clear()
            changes = await conversation.since(person, version)
            if changes:
                version = changes[-1].version
                yield _event("changes", version, {"messages": _pages(changes)})
                continue
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await changed.wait()
            except TimeoutError:
                yield ": still here\n\n"


def _event(name: str, version: int, data: dict[str, Any]) -> str:
    return f"event: {name}\nid: {version}\ndata: {json.dumps(data)}\n\n"


def _pages(messages: list[PageMessage]) -> list[dict[str, Any]]:
    return [page_of(message) for message in messages]
