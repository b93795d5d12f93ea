"""Holds a call at its beginning until a test lets it go, so that something else comes in between."""

import asyncio
from typing import Any

from tests.fake_talk import FakeChat


class Gate:
    """Of one method of an object. `reached` is set by the first call; calls go on after `open`."""

    def __init__(self, target: Any, name: str) -> None:
        self.reached, self._open = asyncio.Event(), asyncio.Event()
        self._call = getattr(target, name)
        setattr(target, name, self._held)

    def open(self) -> None:
        self._open.set()

    async def _held(self, *given: Any, **named: Any) -> Any:
        self.reached.set()
        await self._open.wait()
        return await self._call(*given, **named)


class ChatGate:
    """Of the next call of one kind (say, post, posted, update, …) to the chat."""

    def __init__(self, chat: FakeChat, call: str) -> None:
        self.reached, self._open = asyncio.Event(), asyncio.Event()
        self._enter, self._held_call = chat.enter, call
        chat.enter = self._entered  # type: ignore[method-assign]

    def open(self) -> None:
        self._open.set()

    async def _entered(self, call: str) -> None:
        if call == self._held_call and not self.reached.is_set():
            self.reached.set()
            await self._open.wait()
        await self._enter(call)
