"""Wakes the pages that are open when a conversation changed. What changed they read from the store."""

import asyncio
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager


class Feed:
    def __init__(self) -> None:
        self.closed = False
        self._events: dict[str, set[asyncio.Event]] = defaultdict(set)

    def open(self) -> None:
        self.closed = False

    def close(self) -> None:
        """Let every stream end."""
        self.closed = True
        for person in list(self._events):
            self.wake(person)

    def wake(self, person: str) -> None:
        for event in self._events.get(person, ()):
            event.set()

    @contextmanager
    def listening(self, person: str) -> Generator[asyncio.Event]:
        """An event that is set whenever the person's conversation changed; whoever waits clears it."""
        event = asyncio.Event()
        self._events[person].add(event)
        try:
            yield event
        finally:
            self._events[person].discard(event)
            if not self._events[person]:
                del self._events[person]
