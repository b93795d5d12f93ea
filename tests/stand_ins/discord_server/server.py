"""The stand-in as one server on a port of its own."""

from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.stand_ins.discord_server.buckets import Buckets
from tests.stand_ins.discord_server.callbacks import Callbacks
from tests.stand_ins.discord_server.faults import Fault, Faults, Handler, Kind, as_json
from tests.stand_ins.discord_server.gateway import Gateway
from tests.stand_ins.discord_server.people import People
from tests.stand_ins.discord_server.refusals import Refusal
from tests.stand_ins.discord_server.rest import Rest
from tests.stand_ins.discord_server.state import State
from tests.stand_ins.discord_server.world import ALL, DIRECT, TEXT, THREAD, Posted, Room, Talker, Told

_BASE = "/api/v10"


class DiscordServer:
    """`async with DiscordServer() as discord`; times in seconds. `log` holds "METHOD /path" of every request, in order.

    One server (guild) with one text channel `room`, one person `ann`, and `direct`, her conversation with the bot.
    """

    def __init__(
        self,
        *,
        ack_within: float = 30.0,
        token_lives: float = 900.0,
        nonce_lives: float = 180.0,
        file_bytes: int = 20 * 1024 * 1024,
        premium_tier: int = 0,
        edits: tuple[int, float] = (5, 0.25),
    ) -> None:
        """`edits`: so many in so many seconds of one channel or interaction; Discord's own are (5, 5.0). It
        waits 3 s for an acknowledgement; here a busy machine may stand still for longer.

        `file_bytes` is the most for each file, `premium_tier` how much the server is boosted.
        """
        self.premium_tier = premium_tier
        self.token = "the.bots.token"
        self.state = State(
            ack_within=ack_within, token_lives=token_lives, nonce_lives=nonce_lives, file_bytes=file_bytes
        )
        self.log = self.state.log
        self.until = self.state.until
        self.gateway = Gateway(self.token, self.log)
        self.people = People(self.state, self.gateway)
        self.ann = self.add_person("Ann")
        self.room = self._add_room(TEXT, "pictures")
        self.direct = next(room for room in self.state.rooms.values() if room.kind == DIRECT)
        self._faults = Faults()
        self._buckets = Buckets(*edits)
        self._runner: web.AppRunner | None = None
        self.url = ""

    def fault(self, match: str, kind: Kind, n: int = 1) -> Fault:
        """The next `n` requests whose "METHOD /path" matches go wrong; `left` of what is returned counts down."""
        return self._faults.add(match, kind, n)

    def add_person(self, name: str, *, manage_guild: bool = False) -> Talker:
        person = Talker(self.state.ids.new(), name, manage_guild=manage_guild)
        room = Room(self.state.ids.new(), DIRECT, name, person=person)
        self.state.rooms[room.id] = room
        return person

    def add_thread(self, name: str) -> Room:
        return self._add_room(THREAD, name, parent=self.room.id)

    def messages(self, room: Room | int) -> list[Posted]:
        """What is posted there, private answers included, oldest first."""
        return self.state.in_room(room if isinstance(room, int) else room.id)

    def reply(self, told: Told) -> Posted | None:
        """The reply to an interaction as it stands."""
        return self.state.posted.get(told.original or 0)

    def age(self, told: Told, seconds: float) -> None:
        """Let this much time have passed since the interaction."""
        told.born -= seconds

    def count(self, beginning: str) -> int:
        """How many requests' lines begin so."""
        return sum(line.startswith(beginning) for line in self.log)

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[self._answer], client_max_size=256 * 1024 * 1024)
        app.router.add_get("/gw/", self.gateway.serve)
        app.router.add_get("/cdn/{place:.+}", self._cdn)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        rest = Rest(self.state, self.token)
        api = web.Application(client_max_size=256 * 1024 * 1024)
        api.add_routes([*rest.routes(), *Callbacks(self.state).routes()])
        app.add_subapp(_BASE, api)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.state.base = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.state.base}{_BASE}"
        self.gateway.url = rest.gateway_url = f"ws://127.0.0.1:{self.port}/gw/"
        self.refresh()

    def refresh(self) -> None:
        """The next connection is told of the rooms and rights as they are now."""
        self.gateway.first_events = [("READY", self._ready()), ("GUILD_CREATE", self._guild())]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def _answer(self) -> Any:
        @web.middleware
        async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
            line = f"{request.method} {request.path.removeprefix(_BASE)}"
            self.log.append(line)
            try:
                response = self._buckets.refused(line) or await self._faults.between(line, request, handler)
                self._buckets.tell(line, response)
            except ConnectionError:  # the bot was killed while it was speaking
                return web.Response(status=400)
            except Refusal as refusal:
                return as_json({"code": refusal.code, "message": refusal.message}, refusal.status)
            else:
                return response
            finally:
                self.state.changed()

        return answer

    async def _cdn(self, request: web.Request) -> web.Response:
        """Pictures that people uploaded; nobody needs a token for one. An address is signed as it is spelled."""
        data = self.state.cdn.get(request.raw_path.removeprefix("/cdn/"))
        return web.Response(status=404) if data is None else web.Response(body=data)

    def _add_room(self, kind: int, name: str, parent: int | None = None) -> Room:
        room = Room(self.state.ids.new(), kind, name, guild=self.state.guild, parent=parent)
        self.state.rooms[room.id] = room
        return room

    def _ready(self) -> dict[str, Any]:
        guilds = [{"id": str(self.state.guild), "unavailable": True}]
        application = {"id": str(self.state.bot.id), "flags": 0}
        return {"v": 10, "user": self.state.bot.as_json(), "guilds": guilds, "application": application}

    def _guild(self) -> dict[str, Any]:
        everyone: dict[str, Any] = {
            "id": str(self.state.guild),
            "name": "@everyone",
            "permissions": str(ALL & ~(1 << 3)),
        }
        everyone |= {"color": 0, "hoist": False, "position": 0, "managed": False, "mentionable": False}
        member = {"user": self.state.bot.as_json(), "roles": [], "joined_at": "2026-01-01T00:00:00+00:00"}
        return {
            "id": str(self.state.guild),
            "name": "A server",
            "owner_id": str(self.ann.id),
            "roles": [everyone],
            "channels": [room.as_json() for room in self.state.rooms.values() if room.kind == TEXT],
            "threads": [
                room.as_json()
                for room in self.state.rooms.values()
                if room.kind == THREAD and (room.invited or not room.private)
            ],
            "members": [member | {"deaf": False, "mute": False, "flags": 0}],
            "member_count": 2,
            "emojis": [],
            "features": [],
            "premium_tier": self.premium_tier,
            "unavailable": False,
        }
