"""Who asks: name and rights of a person, kept for some minutes, never waited for long."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from adapters.slack.timing import Timing
from adapters.slack.web import Web
from bot.chat import Person
from bot.errors import DeliveryError

PLATFORM = "slack"


class People:
    """Moderators are the workspace's owners and admins, and the ids that the settings list as `slack:U123`."""

    def __init__(self, web: Web, timing: Timing, moderators: Iterable[str]) -> None:
        self._web, self._timing = web, timing
        self._listed = {each.removeprefix("slack:") for each in moderators if each.startswith("slack:")}
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}
        self._asking: dict[str, asyncio.Task[dict[str, Any]]] = {}

    async def person(self, user: str, name: str = "") -> Person:
        """Where Slack does not say in time, the person has no more rights than the settings give."""
        seen = await self._seen(user)
        profile = seen.get("profile") or {}
        shown = profile.get("display_name") or seen.get("real_name") or seen.get("name") or name or user
        admin = any(seen.get(right) for right in ("is_admin", "is_owner", "is_primary_owner"))
        return Person(PLATFORM, user, str(shown), moderator=bool(admin) or user in self._listed)

    async def _seen(self, user: str) -> dict[str, Any]:
        kept_until, seen = self._known.get(user, (0.0, {}))
        if time.monotonic() < kept_until:
            return seen
        if user not in self._asking:
            self._asking[user] = asyncio.create_task(self._ask(user))
        # the acknowledgement is due soon: a slow answer is kept for the next command
        done, _ = await asyncio.wait({self._asking[user]}, timeout=self._timing.person)
        return next(iter(done)).result() if done else seen

    async def _ask(self, user: str) -> dict[str, Any]:
        try:
            seen: dict[str, Any] = (await self._web.call("users_info", user=user))["user"]
            self._known[user] = (time.monotonic() + self._timing.person_kept, seen)
        except DeliveryError:
            return {}
        else:
            return seen
        finally:
            del self._asking[user]
