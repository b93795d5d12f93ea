"""A chat platform that keeps the port's promises and is nasty: answers are lost, messages show late, files are refused.

`FakeChat` is the platform's own memory: it outlives the bot. `FakePlatform` and `FakeTalk` live in the bot's process.
"""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.chat import Attempt, Core, Form, Heard, Limits, Message, Person, Place, Pointed, Pressed
from bot.errors import Gone, NoRights, PlatformAway, TooLarge

ANNA = Person("fake", "anna", "Anna")
BERT = Person("fake", "bert", "Bert")
CARA = Person("fake", "cara", "Cara")
MODERATOR = Person("fake", "mora", "Mora", moderator=True)
LOBBY = Place("guild", "lobby")


@dataclass
class Posted:
    """A message as the platform keeps it. `shows_after`: how often it is looked for in vain before it is found."""

    id: str
    channel: str
    kind: str
    key: str
    message: Message
    shows_after: int = 0


@dataclass
class FakeChat:
    """What was said and posted, by whom it was whispered, and the faults that are still to come."""

    messages: dict[str, Posted] = field(default_factory=dict)
    whispers: list[tuple[str, Message]] = field(default_factory=list)
    forms: list[tuple[str, Form]] = field(default_factory=list)
    acknowledged: list[tuple[str, bool]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    file_bytes: int = 10_000_000
    pictures: dict[str, bytes] = field(default_factory=dict)
    really_takes: int | None = None
    missing_right: str | None = None
    sheets_in_own: bool = False
    no_rights: bool = False
    shows_after: int = 0
    away: Counter[str] = field(default_factory=Counter)
    lost_answers: Counter[str] = field(default_factory=Counter)
    stops: dict[str, asyncio.Event] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def posts(self, channel: str | None = None) -> list[Posted]:
        """The sheets and open answers that are to be seen."""
        return [m for m in self.messages.values() if m.kind == "post" and channel in {None, m.channel}]

    def said(self) -> list[Posted]:
        return [m for m in self.messages.values() if m.kind == "say"]

    def whispered(self) -> list[str]:
        return [message.text for _, message in self.whispers]

    async def until(self, happened: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait, without sleeping, until something is to be seen on the platform."""
        async with asyncio.timeout(seconds):
            while not happened():
                self.news.clear()
                await self.news.wait()

    async def enter(self, call: str) -> None:
        """Every call comes through here: it may be refused, or be held for ever so that the bot can be killed in it."""
        self.calls[call] += 1
        self.log.append(call)
        self.news.set()
        if call in self.stops:
            self.stops[call].set()
            await asyncio.Event().wait()
        if self.away[call] > 0:
            self.away[call] -= 1
            raise PlatformAway(f"{call} met a platform that is away.")

    def leave(self, call: str) -> None:
        """The call has had its effect; the answer may still be lost, or the bot die before it hears it."""
        self.news.set()
        if self.lost_answers[call] > 0:
            self.lost_answers[call] -= 1
            raise PlatformAway(f"{call} succeeded, but its answer was lost.")

    def add(self, channel: str, kind: str, key: str, message: Message) -> Posted:
        posted = Posted(f"m{next(self._ids)}", channel, kind, key, message, self.shows_after)
        self.messages[posted.id] = posted
        return posted

    def edit(self, own: str, message: Message) -> None:
        self.messages[own].message = message


class FakeTalk:
    def __init__(self, chat: FakeChat, channel: str, person: str, own: str | None = None) -> None:
        self.chat, self.channel, self.person, self.own = chat, channel, person, own
        self._asked = False

    @property
    def address(self) -> str:
        return json.dumps({"channel": self.channel, "person": self.person, "own": self.own})

    async def limits(self) -> Limits:
        """Asked ahead of the sheet first, and again when it is there."""
        call, self._asked = "limits" if self._asked else "limits ahead", True
        await self.chat.enter(call)
        return Limits(self.chat.file_bytes)

    async def acknowledge(self, *, private: bool) -> None:
        await self.chat.enter("acknowledge")
        self.chat.acknowledged.append((self.person, private))

    async def say(self, message: Message, attempt: Attempt) -> str:
        await self.chat.enter("say")
        posted = self.chat.add(self.channel, "say", attempt.key, message)
        await self.chat.enter("said")
        self.chat.leave("say")
        self.own = posted.id
        return posted.id

    async def update(self, message: Message) -> None:
        await self.chat.enter("update")
        if self.own not in self.chat.messages:
            raise Gone("The message is gone.")
        self.chat.edit(self.own, message)
        self.chat.leave("update")

    async def post(self, message: Message, attempt: Attempt) -> str:
        await self.chat.enter("post")
        if self.chat.no_rights:
            raise NoRights("The right to attach files is missing.")
        if any(len(p.data) > (self.chat.really_takes or self.chat.file_bytes) for p in message.pictures):
            raise TooLarge("The file is too large.")
        if attempt.noted is None:
            await attempt.note(f"file-of-{attempt.key}")
        await self.chat.enter("uploaded")
        posted = self.chat.messages[self.own] if self.own and self.chat.sheets_in_own else None
        if posted is None:
            posted = self.chat.add(self.channel, "post", attempt.key, message)
        posted.kind, posted.key, posted.message = "post", attempt.key, message
        await self.chat.enter("posted")
        self.chat.leave("post")
        return posted.id

    async def whisper(self, message: Message) -> None:
        await self.chat.enter("whisper")
        self.chat.whispers.append((self.person, message))
        self.chat.leave("whisper")

    async def ask(self, form: Form) -> None:
        await self.chat.enter("ask")
        self.chat.forms.append((self.person, form))
        self.chat.leave("ask")

    async def delete(self, message_id: str) -> None:
        await self.chat.enter("delete")
        self.chat.messages.pop(message_id, None)
        self.chat.leave("delete")

    async def can_post(self) -> str | None:
        await self.chat.enter("can_post")
        return self.chat.missing_right

    async def picture(self, name: str, most: int) -> bytes:
        await self.chat.enter("picture")
        if name not in self.chat.pictures:
            raise Gone("The picture is gone.")
        if len(self.chat.pictures[name]) > most:
            raise TooLarge("The picture is too large.")
        return self.chat.pictures[name]

    async def find_posted(self, key: str, *, own: bool = False) -> str | None:
        """The adapter's part of the promise: it looks again until the platform shows what it has."""
        await self.chat.enter("find_posted")
        for posted in self.chat.messages.values():
            if posted.key == key:
                while posted.shows_after > 0:
                    posted.shows_after -= 1
                if own:
                    self.own = posted.id
                return posted.id
        return None


class FakePlatform:
    name = "fake"
    edits_per_minute = 60_000.0

    def __init__(self, chat: FakeChat) -> None:
        self.chat = chat

    async def run(self, core: Core) -> None:
        await asyncio.Event().wait()

    async def reopen(self, address: str) -> FakeTalk:
        await self.chat.enter("reopen")
        known = json.loads(address)
        return FakeTalk(self.chat, known["channel"], known["person"], known["own"])


_events = itertools.count(1)


def heard(chat: FakeChat, person: Person, text: str, *, place: Place = LOBBY, event: str | None = None) -> Heard:
    talk = FakeTalk(chat, place.channel, person.id)
    return Heard("fake", event or f"e{next(_events)}", person, place, talk, text)


def pressed(
    chat: FakeChat,
    person: Person,
    press: str,
    *,
    place: Place = LOBBY,
    event: str | None = None,
    values: dict[str, str] | None = None,
    pointed: Pointed | None = None,
) -> Pressed:
    talk = FakeTalk(chat, place.channel, person.id)
    return Pressed("fake", event or f"e{next(_events)}", person, place, talk, press, values or {}, pointed)
