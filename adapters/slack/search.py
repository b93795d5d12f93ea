"""Finding a message again by its mark: metadata that only apps see, read back from the thread or the channel."""

import math
from dataclasses import dataclass
from typing import Any

from adapters.slack.address import Address, MessageId
from adapters.slack.web import Web
from bot.errors import DeliveryError, Gone

EVENT = "tessera_job"
_PAGE = 200
_CLOCKS_APART = 120


@dataclass(frozen=True)
class MarkedMessage:
    """`role` is `job` for the message that is edited, `result` for what was delivered."""

    id: MessageId
    role: str


def mark(key: str, role: str) -> dict[str, Any]:
    return {"event_type": EVENT, "event_payload": {"key": key, "role": role}}


async def find(web: Web, address: Address, channel: str, key: str) -> MarkedMessage | None:
    """The message with this mark in the thread of the job, or in the channel.

    There it is where the job has no message yet; where there are no threads; and where somebody deleted the message,
    as Slack then posts into the channel what was meant to stand under it (slack-go/slack#1571): just now, so only
    the newest messages are looked at.
    """
    thread = (None if address.private else address.thread_ts) or address.ts
    # nothing of this job is older than its command
    oldest = f"{address.since - _CLOCKS_APART:.6f}"
    if not thread:
        return await _find(web, channel, key, oldest=oldest)
    try:
        message = await _find(web, channel, key, oldest=oldest, ts=thread)
    except Gone:
        message = None
    return message or await _find(web, channel, key, most=_PAGE)


async def _find(web: Web, channel: str, key: str, most: float = math.inf, **where: str) -> MarkedMessage | None:
    method = "conversations_replies" if "ts" in where else "conversations_history"
    arguments: dict[str, Any] = {"channel": channel, "limit": _PAGE, "include_all_metadata": True, **where}
    cursor, count = "", 0
    while count < most:
        page = await web.call(method, cursor=cursor or None, **arguments)
        count += len(page["messages"])
        for message in page["messages"]:
            role = _role(message, key)
            if role is not None:
                return MarkedMessage(MessageId(channel, str(message["ts"]), _files(message)), role)
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return None


async def shown_files(web: Web, channel: str, ts: str) -> tuple[str, ...]:
    """The files that a message shows; none where it cannot be read."""
    try:
        page = await web.call("conversations_replies", channel=channel, ts=ts, limit=1)
    except DeliveryError:
        return ()
    return next((_files(message) for message in page["messages"] if message["ts"] == ts), ())


def _role(message: dict[str, Any], key: str) -> str | None:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != EVENT or payload.get("key") != key:
        return None
    return str(payload.get("role", "result"))


def _files(message: dict[str, Any]) -> tuple[str, ...]:
    blocks = message.get("blocks") or []
    return tuple(block["slack_file"]["id"] for block in blocks if (block.get("slack_file") or {}).get("id"))
