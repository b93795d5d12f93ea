"""The port of signed requests. Whoever only opens connections there takes no files away from the rest of the bot."""

import asyncio

from aiohttp import web as http

from adapters.slack.signed import only_signed

# Connections at once; Slack, or the proxy before us, needs few.
MOST = 200
# Seconds within which a connection has to bring a signed request.
SILENT_S = 15.0


class Port:
    """Serves an app to whoever signs with the secret."""

    def __init__(self, app: http.Application, secret: str) -> None:
        self._unsigned: set[asyncio.BaseProtocol] = set()
        app.middlewares.append(only_signed(secret, self._unsigned.discard))
        self._runner = http.AppRunner(app, access_log=None)
        self._listening: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> int:
        """The port that was really opened. Raises OSError."""
        if self._runner.server is None:
            await self._runner.setup()
        # Python opens as many connections as the backlog has before it shows us the first of them.
        self._listening = await asyncio.get_running_loop().create_server(self._connected, host, port, backlog=50)
        return int(self._listening.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.close()
        await self._runner.cleanup()

    def _connected(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        if server is None or len(server.connections) >= MOST:
            return _Refused()
        caller = server()
        self._unsigned.add(caller)
        asyncio.get_running_loop().call_later(SILENT_S, self._look, caller)
        return caller

    def _look(self, caller: http.RequestHandler) -> None:
        if caller in self._unsigned:
            self._unsigned.discard(caller)
            caller.force_close()


class _Refused(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.abort()
