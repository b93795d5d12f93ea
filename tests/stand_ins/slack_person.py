"""A person at a Slack client: types, mentions, presses, chooses, fills in forms, as far as the client lets one."""

import asyncio
import html
import re
from dataclasses import dataclass
from typing import Any

from tests.stand_ins.slack_rules import Json, check_options
from tests.stand_ins.slack_server import Answer, SlackServer
from tests.stand_ins.slack_workspace import BOT_USER, TEAM


@dataclass
class SlackPerson:
    """`team`: somebody in a channel shared with another workspace may come with that one's id in every payload, as
    the tests of slackapi/bolt-python have them (tests/slack_bolt/request/test_internals.py).
    """

    slack: SlackServer
    id: str = "U1"
    team: str = TEAM

    async def command(self, channel: str, command: str, text: str = "") -> Answer:
        """A slash command; Slack knows none in a thread, and none that the manifest does not name."""
        known = {each["command"]: each for each in self.slack.manifest["features"]["slash_commands"]}
        assert command in known, f"Slack says: {command} is not a valid command"
        place = self.slack.space.channels[channel]
        payload = {
            "command": command,
            "text": self._escaped(text) if known[command]["should_escape"] else text,
            "user_id": self.id,
            "user_name": self.slack.space.users[self.id]["name"],
            "team_id": self.team,
            "channel_id": channel,
            "channel_name": place.name,
            "trigger_id": self.slack.space.trigger(),
            "response_url": self.slack.response_url(self.id),
            "api_app_id": "A1",
        }
        return await self.slack.deliver("slash_commands", payload)

    async def write(self, channel: str, text: str, thread: str | None = None, *, deliveries: int = 1) -> Answer:
        """A message: to the app alone in a direct message, as a mention elsewhere. May be delivered several times."""
        space = self.slack.space
        message = space.add_message(space.channels[channel], self.id, text, thread)
        event = message | {"channel": channel, "type": "message", "channel_type": "im"}
        if not channel.startswith("D"):
            assert f"<@{BOT_USER}>" in text, "the app hears only what mentions it"
            event = message | {"channel": channel, "type": "app_mention"}
        return await self._event(event, deliveries)

    async def open_home(self) -> Answer:
        return await self._event({"type": "app_home_opened", "user": self.id, "channel": f"D{self.id}", "tab": "home"})

    async def press(self, message: Json, label: str, channel: str | None = None) -> Answer:
        """Press a button by its label, in a message or a whisper."""
        element = next(each for each in _elements(message) if (each.get("text") or {}).get("text") == label)
        action = {"type": "button", "action_id": element["action_id"], "value": element.get("value")}
        return await self._act(message, channel, action)

    async def choose(self, message: Json, label: str, channel: str) -> Answer:
        """Choose from a menu by the label of the choice."""
        for element in _elements(message):
            for option in element.get("options", []):
                if option["text"]["text"] == label:
                    action = {"type": "static_select", "action_id": element["action_id"], "selected_option": option}
                    return await self._act(message, channel, action)
        raise AssertionError(f"no choice {label}")

    async def shortcut(self, callback: str, message: Json | None = None, channel: str | None = None) -> Answer:
        """A shortcut of the manifest: a global one, or one on a message."""
        kind = "message" if message else "global"
        known = {(each["callback_id"], each["type"]) for each in self.slack.manifest["features"]["shortcuts"]}
        assert (callback, kind) in known, f"the manifest has no {kind} shortcut {callback}"
        payload = self._payload("message_action" if message else "shortcut") | {"callback_id": callback}
        if message:
            payload |= {"channel": {"id": channel, "name": "x"}, "message": message, "message_ts": message["ts"]}
            payload |= {"response_url": self.slack.response_url(self.id)}
        return await self.slack.deliver("interactive", payload)

    async def submit(self, view: Json, values: dict[str, str]) -> Answer:
        """Send a form: `values` by block_id, checked as Slack's client checks them."""
        state = {block["block_id"]: {block["element"]["action_id"]: _filled(block, values)} for block in view["blocks"]}
        return await self.slack.deliver(
            "interactive", self._payload("view_submission") | {"view": view | {"state": {"values": state}}}
        )

    async def suggest(self, view: Json, block: str, typed: str) -> list[tuple[str, str]]:
        """Type into a select whose options the app gives; their labels and values."""
        element = next(each["element"] for each in view["blocks"] if each["block_id"] == block)
        assert element["type"] == "external_select"
        payload = self._payload("block_suggestion") | {"view": view, "block_id": block, "value": typed}
        answer = await self.slack.deliver("interactive", payload | {"action_id": element["action_id"]})
        assert answer.acknowledged
        check_options(answer.body["options"])
        return [(option["text"]["text"], option["value"]) for option in answer.body["options"]]

    def _escaped(self, text: str) -> str:
        """Links, and channels that there are, as Slack sends them where the manifest asks for it."""
        ids = {f"#{place.name}": f"<#{place.id}|{place.name}>" for place in self.slack.space.channels.values()}
        return re.sub(r"https?://\S+|#[\w-]+", lambda word: ids.get(word[0], _linked(word[0])), text)

    async def _act(self, message: Json, channel: str | None, action: Json) -> Answer:
        # Slack escapes texts in what it sends back (slackapi/bolt-python#513), so nobody may count on a value's bare &.
        value = {"value": html.escape(action["value"], quote=False)} if action.get("value") else {}
        payload = self._payload("block_actions")
        payload |= {"actions": [action | value | {"action_ts": str(self.slack.space.now())}]}
        if message.get("type") == "home":
            payload |= {"view": message, "container": {"type": "view", "view_id": message["id"]}}
            return await self.slack.deliver("interactive", payload)
        where = {
            "type": "message",
            "channel_id": channel,
            "message_ts": message.get("ts"),
            "is_ephemeral": "ts" not in message,
        }
        payload |= {"channel": {"id": channel, "name": "x"}, "container": where}
        payload |= {"response_url": self.slack.response_url(self.id)}
        if "ts" in message:
            payload |= {"message": {name: message[name] for name in message if name not in ("pictures", "_visible")}}
        return await self.slack.deliver("interactive", payload)

    async def _event(self, event: Json, deliveries: int = 1) -> Answer:
        kind = "message.im" if event.get("channel_type") == "im" else event["type"]
        assert kind in self.slack.manifest["settings"]["event_subscriptions"]["bot_events"], f"not subscribed to {kind}"
        payload = {"type": "event_callback", "team_id": self.team, "context_team_id": TEAM, "event": event}
        payload |= {"event_id": self.slack.space.number("Ev")}
        answers = await asyncio.gather(*(self.slack.deliver("events_api", payload) for _ in range(deliveries)))
        return answers[0]

    def _payload(self, kind: str) -> Json:
        user = {"id": self.id, "username": self.slack.space.users[self.id]["name"], "team_id": self.team}
        return {"type": kind, "user": user, "team": {"id": self.team}, "trigger_id": self.slack.space.trigger()}


def _linked(word: str) -> str:
    return word if word.startswith("#") else f"<{word}>"


def _elements(message: Json) -> list[Json]:
    blocks = message.get("blocks", [])
    return [each for block in blocks for each in [*block.get("elements", []), block.get("accessory") or {}]]


def _filled(block: Json, values: dict[str, str]) -> Json:
    """What Slack's client sends for one input, or what it would tell the person instead."""
    element: Json = block["element"]
    value: Any = values.get(block["block_id"], element.get("initial_value"))
    assert value or block.get("optional"), f"Slack says: please fill in {block['block_id']}"
    if element["type"] in ("static_select", "external_select"):
        options = [each["value"] for each in element.get("options", [])]
        assert not value or not options or value in options, f"no such choice: {value}"
        return {"type": element["type"], "selected_option": {"value": value} if value else None}
    if element["type"] == "conversations_select":
        return {"type": element["type"], "selected_conversation": value}
    if element["type"] == "number_input" and value:
        number = float(value) if element["is_decimal_allowed"] else int(value)
        assert float(element.get("min_value", number)) <= number <= float(element.get("max_value", number))
    assert len(value or "") <= element.get("max_length", 3000)
    return {"type": element["type"], "value": value}
