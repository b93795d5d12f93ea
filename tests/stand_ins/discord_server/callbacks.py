"""The routes with an interaction's token: the first answer within its time, the reply, and further messages."""

import time
from typing import Any

from aiohttp import web

from tests.stand_ins.discord_server import refusals as no
from tests.stand_ins.discord_server.bodies import read_body, write_message
from tests.stand_ins.discord_server.faults import as_json
from tests.stand_ins.discord_server.refusals import need
from tests.stand_ins.discord_server.rules import check_choice, check_modal
from tests.stand_ins.discord_server.state import State
from tests.stand_ins.discord_server.world import EPHEMERAL, LOADING, Posted, Told

SAY, DEFER, DEFER_EDIT, EDIT, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
COMMAND, COMPONENT, COMPLETION, SUBMIT = 2, 3, 4, 5
_ALLOWED = {
    COMMAND: (SAY, DEFER, MODAL),
    COMPONENT: (SAY, DEFER, DEFER_EDIT, EDIT, MODAL),
    COMPLETION: (CHOICES,),
    SUBMIT: (SAY, DEFER, DEFER_EDIT, EDIT),
}


class Callbacks:
    """Nasty as Discord is: after DEFER, the first further message becomes the reply, as private as the reply is.

    Where the person deleted the reply while the bot was still thinking, nothing can be added (discord-api-docs#3087).
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        hook = "/webhooks/{application}/{token}"
        table: list[tuple[str, str, Any]] = [
            ("POST", "/interactions/{id}/{token}/callback", self._first),
            ("POST", hook, self._add),
            ("GET", hook + "/messages/{message}", self._get),
            ("PATCH", hook + "/messages/{message}", self._edit),
            ("DELETE", hook + "/messages/{message}", self._delete),
        ]
        return [web.route(method, path, answer) for method, path, answer in table]

    async def _first(self, request: web.Request) -> web.Response:
        told = self._state.told.get(request.match_info["token"])
        if told is None or str(told.id) != request.match_info["id"]:
            raise no.UNKNOWN_INTERACTION
        if told.answer is not None:
            raise no.ACKNOWLEDGED
        if time.time() - told.born > self._state.ack_within:
            raise no.UNKNOWN_INTERACTION
        body, files = await read_body(request)
        kind, data = body["type"], body.get("data") or {}
        need(kind in _ALLOWED[told.kind], f"type: {kind} is no answer to {told.kind}.")
        self._take(told, kind, data, files)
        told.answer = kind
        return self._made(told) if request.query.get("with_response") else web.Response(status=204)

    def _take(self, told: Told, kind: int, data: dict[str, Any], files: Any) -> None:
        if kind in (SAY, DEFER):
            posted = self._reply(told, (data.get("flags") or 0) & EPHEMERAL)
            if kind == SAY:
                write_message(posted, data, files, largest=told.file_bytes)
            else:
                posted.flags |= LOADING
            self._state.posted[posted.id] = posted
            told.original = posted.id
        elif kind in (DEFER_EDIT, EDIT):
            need(told.pressed is not None, "type: there is no message to edit.")
            told.original = told.pressed
        elif kind == MODAL:
            check_modal(data)
            told.modal = data
        else:
            self._complete(told, data)

    def _complete(self, told: Told, data: dict[str, Any]) -> None:
        asked = next(option for option in told.payload["data"]["options"] if option.get("focused"))
        need(len(data["choices"]) <= 25, "choices: at most 25.")
        for choice in data["choices"]:
            check_choice(choice, asked)
        told.choices = data["choices"]

    def _made(self, told: Told) -> web.Response:
        posted = self._state.posted.get(told.original or 0)
        interaction: dict[str, Any] = {"id": str(told.id), "type": told.kind}
        resource: dict[str, Any] = {"type": told.answer}
        if posted is not None and told.answer in (SAY, DEFER):
            interaction |= {
                "response_message_id": str(posted.id),
                "response_message_loading": posted.loading,
                "response_message_ephemeral": posted.ephemeral,
            }
            # of a deferred answer Discord tells the id and no message
            resource |= {"message": posted.as_json(self._state.bot)} if told.answer == SAY else {}
        return as_json({"interaction": interaction, "resource": resource})

    async def _add(self, request: web.Request) -> web.Response:
        told = self._state.interaction(request.match_info["token"])
        body, files = await read_body(request)
        original = self._state.posted.get(told.original or 0)
        if told.dismissed:
            raise no.UNKNOWN_MESSAGE
        if original is not None and original.loading:
            posted = original
        else:
            posted = self._reply(told, (body.get("flags") or 0) & EPHEMERAL)
        body["flags"] = posted.flags & EPHEMERAL
        write_message(posted, body, files, largest=told.file_bytes)
        self._state.posted[posted.id] = posted
        return as_json(posted.as_json(self._state.bot))

    async def _get(self, request: web.Request) -> web.Response:
        return as_json(self._posted(request).as_json(self._state.bot))

    async def _edit(self, request: web.Request) -> web.Response:
        posted = self._posted(request)
        self._state.changeable(posted)
        body, files = await read_body(request)
        largest = self._state.interaction(request.match_info["token"]).file_bytes
        write_message(posted, body, files, largest=largest)
        posted.edits += 1
        return as_json(posted.as_json(self._state.bot))

    async def _delete(self, request: web.Request) -> web.Response:
        del self._state.posted[self._posted(request).id]
        return web.Response(status=204)

    def _posted(self, request: web.Request) -> Posted:
        """A message that this interaction made, or whose button was pressed."""
        told = self._state.interaction(request.match_info["token"])
        named = request.match_info["message"]
        number = (told.original or 0) if named == "@original" else int(named)
        posted = self._state.posted.get(number)
        if posted is None or (posted.told != told.id and number != told.pressed):
            raise no.UNKNOWN_MESSAGE
        return posted

    def _reply(self, told: Told, flags: int) -> Posted:
        return Posted(self._state.ids.new(), told.room.id, flags=flags, told=told.id, asked_by=told.person)
