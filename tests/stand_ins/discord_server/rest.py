"""The REST routes that need the bot's token: start, commands, messages, threads, direct conversations."""

import time
from typing import Any

from aiohttp import web

from tests.stand_ins.discord_server import refusals as no
from tests.stand_ins.discord_server.bodies import read_body, write_message
from tests.stand_ins.discord_server.faults import as_json
from tests.stand_ins.discord_server.refusals import need
from tests.stand_ins.discord_server.rules import check_commands
from tests.stand_ins.discord_server.state import State
from tests.stand_ins.discord_server.world import DIRECT, TEXT, THREAD, Posted, Room


class Rest:
    def __init__(self, state: State, token: str) -> None:
        self._state = state
        self._token = token
        self.gateway_url = ""

    def routes(self) -> list[web.RouteDef]:
        message = "/channels/{channel}/messages/{message}"
        table: list[tuple[str, str, Any]] = [
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway),
            ("PUT", "/applications/{application}/commands", self._commands),
            ("POST", "/users/@me/channels", self._direct),
            ("PATCH", "/channels/{channel}", self._open),
            ("GET", "/channels/{channel}/messages", self._history),
            ("POST", "/channels/{channel}/messages", self._send),
            ("GET", message, self._get),
            ("PATCH", message, self._edit),
            ("DELETE", message, self._delete),
            ("POST", message + "/threads", self._thread),
        ]
        return [web.route(method, path, self._with_token(answer)) for method, path, answer in table]

    def _with_token(self, answer: Any) -> Any:
        async def checked(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != f"Bot {self._token}":
                raise no.UNAUTHORISED
            response: web.StreamResponse = await answer(request)
            return response

        return checked

    async def _me(self, _: web.Request) -> web.Response:
        return as_json(self._state.bot.as_json())

    async def _application(self, _: web.Request) -> web.Response:
        bot = self._state.bot
        return as_json(
            {
                "id": str(bot.id),
                "name": bot.name,
                "icon": None,
                "description": "",
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "00",
                "flags": 0,
                "owner": bot.as_json(),
                "team": None,
                "summary": "",
            }
        )

    async def _gateway(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14400000, "max_concurrency": 1}
        return as_json({"url": self.gateway_url, "shards": 1, "session_start_limit": limit})

    async def _commands(self, request: web.Request) -> web.Response:
        commands, _ = await read_body(request)
        check_commands(commands)
        self._state.commands = commands
        return as_json([{"id": str(self._state.ids.new()), **command} for command in commands])

    async def _direct(self, request: web.Request) -> web.Response:
        body, _ = await read_body(request)
        for room in self._state.rooms.values():
            if room.kind == DIRECT and room.person is not None and str(room.person.id) == str(body["recipient_id"]):
                return as_json(room.as_json())
        raise no.invalid("recipient_id: nobody.")

    async def _open(self, request: web.Request) -> web.Response:
        room = self._state.room(int(request.match_info["channel"]))
        body, _ = await read_body(request)
        need(room.kind == THREAD and body == {"archived": False}, "only a thread is changed, and only opened.")
        self._state.may_send(room, files=False)
        room.archived = False
        return as_json(room.as_json())

    async def _send(self, request: web.Request) -> web.Response:
        room = self._state.room(int(request.match_info["channel"]))
        body, files = await read_body(request)
        self._state.may_send(room, files=bool(files))
        nonce = str(body.get("nonce", ""))
        need(
            1 <= len(nonce) <= 25 and body.get("enforce_nonce") is True, "nonce: an enforced one of 1 to 25 characters."
        )
        at, known = self._state.nonces.get((room.id, nonce), (0.0, 0))
        if known and time.monotonic() - at < self._state.nonce_lives:
            if known not in self._state.posted:  # a message that was deleted keeps its nonce (discord-api-docs#6647)
                raise no.UNKNOWN_MESSAGE
            return as_json(self._state.posted[known].as_json(self._state.bot))
        room.archived = False
        posted = Posted(self._state.ids.new(), room.id)
        write_message(posted, body, files, largest=self._state.file_bytes)
        allowed = body["allowed_mentions"].get("users", [])
        posted.pinged = [int(user) for user in allowed if f"<@{user}>" in posted.content]
        self._state.posted[posted.id] = posted
        self._state.nonces[room.id, nonce] = time.monotonic(), posted.id
        return as_json(posted.as_json(self._state.bot) | {"nonce": nonce})

    async def _get(self, request: web.Request) -> web.Response:
        posted = self._posted(request)
        if not self._state.rights(self._state.rooms[posted.room]).read_message_history:
            raise no.MISSING_ACCESS
        return as_json(posted.as_json(self._state.bot))

    async def _edit(self, request: web.Request) -> web.Response:
        posted = self._changeable(request)
        body, files = await read_body(request)
        write_message(posted, body, files, largest=self._state.file_bytes)
        posted.edits += 1
        return as_json(posted.as_json(self._state.bot))

    async def _delete(self, request: web.Request) -> web.Response:
        del self._state.posted[self._changeable(request).id]
        return web.Response(status=204)

    async def _history(self, request: web.Request) -> web.Response:
        """Newest first; without the right to read it, Discord shows an empty one."""
        room = self._state.room(int(request.match_info["channel"]))
        if not self._state.rights(room).read_message_history:
            return as_json([])
        before, after = (int(request.query.get(key, 0)) for key in ("before", "after"))
        shown = [post for post in self._state.in_room(room.id) if not post.ephemeral and post.id > after]
        shown = [post for post in shown if not before or post.id < before][::-1][: int(request.query.get("limit", 50))]
        return as_json([post.as_json(self._state.bot) for post in shown])

    async def _thread(self, request: web.Request) -> web.Response:
        posted = self._posted(request)
        room = self._state.rooms[posted.room]
        body, _ = await read_body(request)
        if room.kind != TEXT:
            raise no.NO_THREAD
        if not self._state.rights(room).create_public_threads:
            raise no.MISSING_RIGHTS
        if posted.id in self._state.rooms:
            raise no.THREAD_THERE
        if sum(each.kind == THREAD and not each.archived for each in self._state.rooms.values()) >= (
            self._state.most_threads
        ):
            raise no.TOO_MANY_THREADS
        need(1 <= len(body["name"].strip()) <= 100, "name: 1 to 100 characters.")
        need(body.get("auto_archive_duration") in (None, 60, 1440, 4320, 10080), "auto_archive_duration")
        thread = Room(posted.id, THREAD, body["name"], guild=room.guild, parent=room.id)
        self._state.rooms[thread.id] = thread
        return as_json(thread.as_json(), 201)

    def _changeable(self, request: web.Request) -> Posted:
        posted = self._posted(request)
        self._state.changeable(posted)
        return posted

    def _posted(self, request: web.Request) -> Posted:
        channel, message = int(request.match_info["channel"]), int(request.match_info["message"])
        self._state.room(channel)
        return self._state.message(channel, message)
