"""The connections to Discord. One whose other side has fallen silent ends after half a minute.

A router that comes back with another address drops what was sent before without a word. Left alone, TCP waits a quarter
of an hour and aiohttp five minutes, with the edit of a message standing in the way of its sheet.
"""

import socket

import aiohttp

SILENT_S = 30
# Linux' names; other systems have some of them, and keep their own times for the rest.
OPTIONS = {
    "TCP_KEEPIDLE": SILENT_S // 3,
    "TCP_KEEPINTVL": SILENT_S // 6,
    "TCP_KEEPCNT": 4,
    "TCP_USER_TIMEOUT": SILENT_S * 1000,
}


def connector() -> aiohttp.TCPConnector:
    """As discord.py makes it, with sockets of our own. One client uses it and closes it."""
    return aiohttp.TCPConnector(limit=0, socket_factory=_socket)


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    connection = socket.socket(family, kind, protocol)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in OPTIONS.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connection
