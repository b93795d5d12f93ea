"""What was heard: a row before the acknowledgement, unique by the platform's event id. Here the promise starts."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from bot.chat import Heard, Person, Place, Pointed, Pressed
from bot.history import Database
from bot.migrations import NEXT
from bot.people import PERSON

# Two presses of one button by one person within this many seconds are one press, also where the clock was put back.
DOUBLE_PRESS_S = 5.0


@dataclass(frozen=True)
class Received:
    """A row that is not answered yet: enough to answer it in another process."""

    number: int
    platform: str
    event: str
    person: Person
    place: Place
    talk: str
    text: str
    options: dict[str, str] | None
    press: str | None
    values: dict[str, str]
    pointed: Pointed | None = None

    @property
    def mark(self) -> str:
        """The key of this row's own answer."""
        return f"r{self.number}"


class Inbox:
    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    async def heard(self, heard: Heard) -> Received | None:
        """Commit a command; None where this event was there already."""
        body = {"text": heard.text, "options": heard.options, "press": None, "values": {}}
        return await self._keep(heard, body, None)

    async def pressed(self, pressed: Pressed, *, once: bool) -> Received | None:
        """Commit a press; None for a redelivered event and, with `once`, for the second of a double press."""
        body = {"text": "", "options": None, "press": pressed.press, "values": pressed.values}
        body |= {"pointed": asdict(pressed.pointed)} if pressed.pointed else {}
        # A form may be sent twice with different answers; that is no double press.
        press = f"{pressed.press} {json.dumps(pressed.values, sort_keys=True)}"
        return await self._keep(pressed, body, press if once else None)

    async def seen(self, platform: str, event: str) -> bool:
        """Whether this very event was heard before."""
        return await self._database.one(SEEN, platform=platform, event=event) is not None

    async def answered(self, number: int) -> None:
        """Forget what was said; the event's id stays, so that it is not heard again."""
        await self._database.write("UPDATE received SET body = NULL WHERE number = :number", number=number)

    async def meant(self, number: int, **options: str) -> None:
        """What the person left open is decided: answered again after a restart, it means the same."""
        await self._database.write(
            "UPDATE received SET body = json_set(body, '$.options', json(:options)) WHERE number = :number"
            " AND body IS NOT NULL",
            number=number,
            options=json.dumps(options),
        )

    async def moved(self, number: int, talk: str) -> None:
        """The talk's address grew."""
        await self._database.write(
            "UPDATE received SET body = json_set(body, '$.talk', :talk) WHERE number = :number AND body IS NOT NULL",
            number=number,
            talk=talk,
        )

    async def open(self) -> list[Received]:
        """What was heard and never answered, oldest first."""
        rows = await self._database.read("SELECT * FROM received WHERE body IS NOT NULL ORDER BY number")
        return [_read(row["number"], row["platform"], row["event"], json.loads(row["body"])) for row in rows]

    async def forget(self, older_than: float) -> None:
        """Drop rows so old that no platform delivers their event again."""
        await self._database.write("DELETE FROM received WHERE at < :at AND body IS NULL", at=older_than)

    async def _keep(self, request: Heard | Pressed, body: dict[str, Any], press: str | None) -> Received | None:
        """The person's row and this one in one commit, because the acknowledgement waits for it."""
        who = request.person
        body |= {"person": asdict(request.person), "place": asdict(request.place), "talk": request.talk.address}
        async with self._database.transaction() as rows:
            if await rows.write(SEEN, platform=request.platform, event=request.event):
                # Who has had everything deleted since is not written down again.
                return None
            person = await rows.write(PERSON, platform=who.platform, key=who.id, name=who.name)
            numbers = await rows.write(
                RECEIVE,
                platform=request.platform,
                event=request.event,
                person=person[0]["id"],
                press=press,
                body=json.dumps(body),
                now=self._clock(),
                double=DOUBLE_PRESS_S,
            )
        return _read(numbers[0]["number"], request.platform, request.event, body) if numbers else None


SEEN = "SELECT 1 FROM received WHERE platform = :platform AND event = :event"
RECEIVE = f"""
INSERT INTO received (number, platform, event, person, press, body, at)
SELECT {NEXT.format("received", "number")}, :platform, :event, :person, :press, :body, :now
WHERE :press IS NULL OR NOT EXISTS (
    SELECT 1 FROM received
    WHERE person = :person AND press = :press AND at > :now - :double AND at < :now + :double
)
RETURNING number
"""  # noqa: S608  # constants


def _read(number: int, platform: str, event: str, body: dict[str, Any]) -> Received:
    return Received(
        number=number,
        platform=platform,
        event=event,
        person=Person(**body["person"]),
        place=Place(**body["place"]),
        talk=body["talk"],
        text=body["text"],
        options=body["options"],
        press=body["press"],
        values=body["values"],
        pointed=Pointed(**body["pointed"]) if body.get("pointed") else None,
    )
