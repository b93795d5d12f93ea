"""What every payload of Slack says, in one of several places: who, where, when, and what may be opened with it."""

import re
import time
from dataclasses import dataclass
from typing import Any

from adapters.slack.address import Address
from adapters.slack.moment import Moment
from bot.chat import Place

Body = dict[str, Any]

# What Slack makes of a link or a name: <https://a.org|a.org>, <@U1|ada>, <!here>; of a channel <#C1|art>.
_LINK = re.compile(r"<(?P<name>[@!])?(?P<meant>(?<=[@!])[^<>|]+|[a-z]+:[^<>|]+)(?:\|(?P<shown>[^<>]+))?>")


@dataclass(frozen=True)
class Asked:
    """Where one payload came from, before it is known what it asks for."""

    event: str
    address: Address
    name: str
    moment: Moment


def asked_from(body: Body, team: str) -> Asked:
    """`team` is the app's own workspace: in a channel shared with others a payload may name the person's."""
    container = body.get("container") or {}
    channel = body.get("channel_id") or (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
    user = body.get("user_id") or body["user"]["id"]
    thread = container.get("thread_ts") or (body.get("message") or {}).get("thread_ts")
    moment = Moment(body.get("trigger_id"), body.get("response_url"))
    return Asked(event_of(body), address_of(team, channel, user, thread), name_in(body), moment)


def as_typed(text: str) -> str:
    """The words with links and names as somebody typed them. Channels stay mentions, which tell their ids."""
    return _LINK.sub(lambda link: ("@" if link["name"] else "") + (link["shown"] or link["meant"]).lstrip("@"), text)


def event_of(body: Body) -> str:
    """Slack gives events an id; commands, presses and shortcuts have a trigger that no other one has."""
    return str(body.get("event_id") or body.get("trigger_id") or body.get("action_ts") or "unknown")


def address_of(team: str, channel: str, user: str, thread: str | None) -> Address:
    return Address(team, channel, user, round(time.time(), 3), thread)


def name_in(body: Body) -> str:
    user = body.get("user")
    by_object = user.get("username") or user.get("name") if isinstance(user, dict) else ""
    return str(body.get("user_name") or by_object or "")


def place_of(address: Address) -> Place:
    """Slack's channels have no age flag, so nothing unsafe is fit for one."""
    alone = address.alone
    return Place(None if alone else address.team, address.channel or address.user, private=alone)
