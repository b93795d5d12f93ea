"""Slack's payloads as the core hears them: commands, mentions, presses, forms, shortcuts, the App Home.

Each kind of payload has one function in a table; what it returns goes back with the acknowledgement.
"""

import asyncio
import html
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from adapters.slack import home
from adapters.slack.address import Address
from adapters.slack.blocks import choices, press_of
from adapters.slack.forms import ASKED, COMMAND, REOPEN, WHERE, answers, command_view, form_of
from adapters.slack.moment import Moment
from adapters.slack.payload import Asked, Body, address_of, as_typed, asked_from, event_of, name_in, place_of
from adapters.slack.people import PLATFORM, People
from adapters.slack.pictures import pointed_at
from adapters.slack.scopes import GRID_FROM_THIS, SCORE_THIS
from adapters.slack.talk import SlackTalk
from adapters.slack.timing import Timing
from adapters.slack.web import Web
from bot.chat import Core, Heard, Message, Pointed, Pressed
from bot.command import Command
from bot.errors import DeliveryError, PlatformAway

_log = logging.getLogger(__name__)
_GRID = "grid"
# Words are new with none of the subtypes; with these they came with a file, or from a thread also to all.
_SAID = {None, "file_share", "thread_broadcast"}
_SORRY = Message("Something went wrong on my side and nothing was started. Please try again.")


class Hearing:
    def __init__(self, core: Core, web: Web, people: People, timing: Timing) -> None:
        self._core, self._web, self._people, self._timing = core, web, people, timing
        self._kinds: dict[str, Callable[[Body], Awaitable[Body | None]]] = {
            "command": self._command,
            "event_callback": self._event,
            "block_actions": self._pressed,
            "view_submission": self._submitted,
            "shortcut": self._shortcut,
            "message_action": self._shortcut,
            "block_suggestion": self._suggested,
        }

    async def take(self, body: Body) -> Body:
        """Hear one payload; returns what goes back with the acknowledgement. Never raises."""
        kind = "command" if "command" in body else str(body.get("type"))
        hear = self._kinds.get(kind)
        try:
            return await hear(body) or {} if hear else {}
        except Exception:  # noqa: BLE001 - the one place where a message is answered: no payload may cost the acknowledgement
            _log.exception("a payload of kind %s could not be heard (event %s)", kind, event_of(body))
            await self._apologise(body)
            return {}

    async def _command(self, body: Body) -> None:
        words = as_typed(body.get("text", "")).strip()
        command = body["command"]
        text = _as_command(words) if command == "/tessera" else f"{command} {words}".strip()
        await self._hear(self._asked(body), text)

    async def _event(self, body: Body) -> None:
        event = body["event"]
        from_us = event.get("bot_id") or event.get("user") == self._web.me.user
        if from_us or event.get("subtype") not in _SAID or event.get("edited"):
            return
        if event["type"] == "app_home_opened":
            await self._open_home(event)
        elif event["type"] == "app_mention" or event.get("channel_type") == "im":
            await self._spoken(body, event)

    async def _spoken(self, body: Body, event: Body) -> None:
        """Words to the app, in a channel or to it alone. In a channel the answer goes into the thread of the words."""
        words = as_typed(re.sub(rf"<@{re.escape(self._web.me.user)}(\|[^>]*)?>", "", event.get("text", ""))).strip()
        alone = event["channel"].startswith("D")
        address = address_of(self._web.me.team, event["channel"], event["user"], event.get("thread_ts"))
        if not alone:
            address = address.under(event["ts"])
        await self._hear(Asked(body["event_id"], address, "", Moment(None)), _as_command(words))

    async def _open_home(self, event: Body) -> None:
        if event.get("tab", "home") != "home":
            return
        page = await self._core.home(await self._people.person(event["user"]))
        await self._web.call("views_publish", user_id=event["user"], view=home.home_view(page))

    async def _pressed(self, body: Body) -> None:
        asked = self._asked(body)
        for action in body["actions"]:
            name, value = action["action_id"], press_of(action.get("value") or "")
            if name == home.NEW:
                await self._open_form(asked, {})
            elif name.startswith(home.SHOW):
                await self._hear(asked, f"/show {value}")
            elif value.startswith(REOPEN):
                await self._talk(asked).ask(form_of(value))
            elif name.startswith("menu:"):
                await self._press(asked, f"{name.removeprefix('menu:')}:{action['selected_option']['value']}", {})
            elif name.startswith("press:"):
                await self._press(asked, value, {})

    async def _submitted(self, body: Body) -> None:
        view = body["view"]
        metadata, values, callback = json.loads(view["private_metadata"]), answers(view), str(view["callback_id"])
        origin = Address.load(metadata["address"])
        channel = origin.channel or values.pop(WHERE, "")
        address = address_of(self._web.me.team, channel, body["user"]["id"], origin.thread_ts)
        address = replace(address, empty=origin.empty)
        # the view's id is the same when an impatient person sends the form twice
        asked = Asked(f"view:{view['id']}", address, name_in(body), Moment(body.get("trigger_id")))
        if callback == ASKED:
            await self._press(asked, metadata["press"], values)
        elif callback.startswith(COMMAND):
            await self._hear(asked, "/" + callback.removeprefix(COMMAND), values)

    async def _shortcut(self, body: Body) -> None:
        """A global shortcut, or one on a message: its words then stand in the form, or its picture is scored."""
        message = body.get("message") or {}
        if body["callback_id"] == SCORE_THIS:
            await self._press(self._asked(body), "score:message", {}, pointed_at(message))
            return
        values = {}
        if body["callback_id"] == GRID_FROM_THIS:
            values["prompt"] = html.unescape(as_typed(message.get("text", "")))
        asked = self._asked(body)
        if message:
            asked = replace(asked, address=asked.address.under(message["ts"]))
        await self._open_form(asked, values)

    async def _suggested(self, body: Body) -> Body:
        """Values for a select of a form while somebody types into it."""
        view = body.get("view") or {}
        asked = self._asked(body)
        command = str(view.get("callback_id", "")).removeprefix(COMMAND)
        person = await self._people.person(asked.address.user, asked.name)
        place, option = place_of(asked.address), body["action_id"]
        suggestions = await self._core.complete(person, place, command, option, body.get("value", ""))
        return {"options": choices([each for each in suggestions if len(each[1]) <= 150])}  # noqa: PLR2004 - Slack's limit

    async def _open_form(self, asked: Asked, values: dict[str, str]) -> None:
        view = command_view(self._grid(), asked.address, values)
        await self._web.call_once("views_open", trigger_id=asked.moment.trigger, view=view)

    def _grid(self) -> Command:
        return next(command for command in self._core.commands if command.name == _GRID)

    async def _hear(self, asked: Asked, text: str, options: dict[str, str] | None = None) -> None:
        person = await self._people.person(asked.address.user, asked.name)
        place, talk = place_of(asked.address), self._talk(asked)
        await self._core.hear(Heard(PLATFORM, asked.event, person, place, talk, text, options))

    async def _press(self, asked: Asked, press: str, values: dict[str, str], pointed: Pointed | None = None) -> None:
        person = await self._people.person(asked.address.user, asked.name)
        place, talk = place_of(asked.address), self._talk(asked)
        await self._core.press(Pressed(PLATFORM, asked.event, person, place, talk, press, values, pointed))

    def _asked(self, body: Body) -> Asked:
        return asked_from(body, self._web.me.team)

    def _talk(self, asked: Asked) -> SlackTalk:
        return SlackTalk(self._web, self._timing, asked.address, asked.moment)

    async def _apologise(self, body: Body) -> None:
        event = body.get("event") or {}
        user = body.get("user_id") or (body.get("user") or {}).get("id") or event.get("user")
        if not user or event.get("type") == "app_home_opened" or body.get("type") == "block_suggestion":
            return
        asked = self._asked(body | {"user_id": user}) if not event else None
        address = asked.address if asked else address_of(self._web.me.team, event.get("channel", ""), user, None)
        talk = SlackTalk(self._web, self._timing, address, asked.moment if asked else None)
        for wait in self._timing.sorry:
            try:
                await talk.whisper(_SORRY)
            except PlatformAway:
                await asyncio.sleep(wait)
            except DeliveryError as error:
                _log.warning("the person could not be told either: %s", error)
                return
            else:
                return
        _log.warning("the person could not be told either, as Slack was away")


def _as_command(words: str) -> str:
    return "/" + (words.lstrip("/").strip() or "help")
