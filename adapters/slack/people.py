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
        self._moderators = {each.removeprefix("slack:") for each in moderators if each.startswith("slack:")}
        self._accounts: dict[str, tuple[float, dict[str, Any]]] = {}
        self._requests: dict[str, asyncio.Task[dict[str, Any]]] = {}

    async def person(self, user: str, name: str = "") -> Person:
        """Where Slack does not say in time, the person has no more rights than the settings give."""
        account = await self._account(user)
        profile = account.get("profile") or {}
        display_name = profile.get("display_name") or account.get("real_name") or account.get("name") or name or user
        admin = any(account.get(right) for right in ("is_admin", "is_owner", "is_primary_owner"))
        moderator = (admin and self._ours(account)) or user in self._moderators
        return Person(PLATFORM, user, str(display_name), moderator)

    def _ours(self, account: dict[str, Any]) -> bool:
        """Whether it is one of this workspace: in a channel that is shared, the admins of others are heard as well."""
        teams = [account.get("team_id"), *((account.get("enterprise_user") or {}).get("teams") or ())]
        return self._web.me.team in teams or teams == [None]

    async def _account(self, user: str) -> dict[str, Any]:
        kept_until, account = self._accounts.get(user, (0.0, {}))
        if time.monotonic() < kept_until:
            return account
        if user not in self._requests:
            self._requests[user] = asyncio.create_task(self._fetch_account(user))
        # the acknowledgement is due soon: a slow answer is kept for the next command
        done, _ = await asyncio.wait({self._requests[user]}, timeout=self._timing.person)
        return next(iter(done)).result() if done else account

    async def _fetch_account(self, user: str) -> dict[str, Any]:
        try:
            account: dict[str, Any] = (await self._web.call("users_info", user=user))["user"]
            self._accounts[user] = (time.monotonic() + self._timing.person_kept, account)
        except DeliveryError:
            return {}
        else:
            return account
        finally:
            del self._requests[user]
