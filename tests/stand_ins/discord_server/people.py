"""What people do: type commands, press buttons, choose, send forms; the bot is told as Discord tells it."""

import secrets
import time
from typing import Any

from tests.stand_ins.discord_server.callbacks import COMMAND, COMPLETION, COMPONENT, SUBMIT
from tests.stand_ins.discord_server.gateway import Gateway
from tests.stand_ins.discord_server.state import State
from tests.stand_ins.discord_server.world import DIRECT, Posted, Room, Talker, Told

_TYPES = {str: 3, bool: 5, int: 4, float: 10}
_BUTTON, _SELECT = 2, 3
_MANAGE_GUILD = 1 << 5


class People:
    def __init__(self, state: State, gateway: Gateway) -> None:
        self._state = state
        self._gateway = gateway

    async def slash(self, person: Talker, room: Room, name: str, /, **options: Any) -> Told:
        """Type a command; refused here, as Discord's client does, where it is not offered or lacks something."""
        command = self._offered(person, name, kind=1)
        known = {option["name"]: option for option in command.get("options", ())}
        assert set(options) <= set(known), f"/{name} does not offer {set(options) - set(known)}"
        lacking = [option for option in known.values() if option.get("required") and option["name"] not in options]
        assert not lacking, f"/{name} wants {lacking}"
        given = [{"name": key, "type": _TYPES[type(value)], "value": value} for key, value in options.items()]
        data = {"id": "1", "name": name, "type": 1, "options": given}
        return await self._tell(COMMAND, person, room, data)

    async def use_on(
        self, person: Talker, room: Room, name: str, text: str, picture: tuple[str, bytes] | None = None
    ) -> Told:
        """Use a message command on somebody's message, which may have a picture: its name or address, and its bytes."""
        self._offered(person, name, kind=3)
        target = Posted(self._state.ids.new(), room.id, text)
        messages = {str(target.id): target.as_json(person)}
        if picture:
            messages[str(target.id)]["attachments"] = [self._attached(*picture)]
        data = {"id": "2", "name": name, "type": 3, "target_id": str(target.id), "resolved": {"messages": messages}}
        return await self._tell(COMMAND, person, room, data)

    async def autocomplete(
        self, person: Talker, room: Room, name: str, option: str, typed: str
    ) -> list[tuple[str, Any]]:
        """The names and values that are offered while an option is being typed."""
        known = {entry["name"]: entry for entry in self._offered(person, name, kind=1)["options"]}
        assert known[option].get("autocomplete"), f"{option} of /{name} is not completed"
        asked = {"name": option, "type": known[option]["type"], "value": typed, "focused": True}
        told = await self._tell(COMPLETION, person, room, {"id": "1", "name": name, "type": 1, "options": [asked]})
        await self._state.until(lambda: told.choices is not None)
        return [(choice["name"], choice["value"]) for choice in told.choices or ()]

    async def press(self, person: Talker, posted: Posted, custom_id: str) -> Told:
        assert custom_id in posted.presses.values(), f"no button {custom_id!r} in {posted.presses}"
        data = {"custom_id": custom_id, "component_type": _BUTTON}
        return await self._tell(COMPONENT, person, self._state.rooms[posted.room], data, posted)

    async def choose(self, person: Talker, posted: Posted, custom_id: str, value: str) -> Told:
        data = {"custom_id": custom_id, "component_type": _SELECT, "values": [value]}
        return await self._tell(COMPONENT, person, self._state.rooms[posted.room], data, posted)

    def dismiss(self, told: Told) -> None:
        """Delete the bot's answer in one's own client."""
        posted = self._state.posted.pop(told.original or 0)
        told.dismissed = posted.loading

    async def submit_modal(self, told: Told, **values: str) -> Told:
        """Send the form that the bot opened as its answer to `told`; fields not named keep their prefilled value."""
        assert told.modal is not None, "no form was opened"
        labels = []
        for label in told.modal["components"]:
            line = label["component"]
            value = values.get(line["custom_id"], line.get("value") or "")
            assert value or not line.get("required", True), f"{line['custom_id']} must be filled in"
            answer = {"type": 4, "id": 2, "custom_id": line["custom_id"], "value": value}
            labels.append({"type": 18, "id": 1, "component": answer})
        data = {"custom_id": told.modal["custom_id"], "components": labels}
        pressed = self._state.posted.get(told.pressed or 0)
        return await self._tell(SUBMIT, told.person, told.room, data, pressed)

    def _attached(self, name: str, data: bytes) -> dict[str, Any]:
        """Somebody's upload; a name that is an address stands there as it is, as only a forged message could say."""
        number = self._state.ids.new()
        self._state.cdn[f"{number}/{name}"] = data
        url = name if "://" in name else f"{self._state.base}/cdn/{number}/{name}"
        return {"id": str(number), "filename": name, "size": len(data), "content_type": "image/png", "url": url}

    async def redeliver(self, told: Told) -> None:
        """Discord tells of an interaction a second time."""
        await self._gateway.dispatch("INTERACTION_CREATE", told.payload)

    def _offered(self, person: Talker, name: str, *, kind: int) -> dict[str, Any]:
        for command in self._state.commands:
            if command["name"] == name and command.get("type", 1) == kind:
                wanted = int(command.get("default_member_permissions") or 0)
                assert person.manage_guild or not wanted, f"{name} is not offered to {person.name}"
                return command
        raise AssertionError(f"{name} is not a registered command")

    async def _tell(
        self, kind: int, person: Talker, room: Room, data: dict[str, Any], pressed: Posted | None = None
    ) -> Told:
        payload: dict[str, Any] = {
            "id": str(self._state.ids.new()),
            "application_id": str(self._state.bot.id),
            "type": kind,
            "token": secrets.token_hex(40),
            "version": 1,
            "data": data,
            "channel_id": str(room.id),
            "channel": room.as_partial(),
            "locale": "en-GB",
            "app_permissions": str(self._state.rights(room).value),
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(room.guild or 0)},
            "context": 1 if room.kind == DIRECT else 0,
            "attachment_size_limit": self._state.file_bytes,
        }
        payload |= self._who(person, room)
        if pressed is not None:
            payload["message"] = pressed.as_json(self._state.bot)
        number, token = int(payload["id"]), payload["token"]
        told = Told(number, token, kind, room, person, payload, time.time(), self._state.file_bytes)
        told.pressed = None if pressed is None else pressed.id
        self._state.told[token] = told
        await self._gateway.dispatch("INTERACTION_CREATE", payload)
        return told

    def _who(self, person: Talker, room: Room) -> dict[str, Any]:
        if room.kind == DIRECT:
            return {"user": person.as_json()}
        member = {
            "user": person.as_json(),
            "roles": [],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": str(_MANAGE_GUILD if person.manage_guild else 0),
        }
        return {"member": member, "guild_id": str(room.guild), "guild": {"id": str(room.guild), "features": []}}
