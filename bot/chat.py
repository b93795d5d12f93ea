"""The port between the core and the chat platforms, as narrow as the product. It knows no platform and no torch.

An adapter implements `Platform` and `Talk`; the core implements `Core`. Down once (a command becomes a `Heard`), up
once (an answer becomes calls on a `Talk`). What is stored of a talk is its `address`, a string; never a live object.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from bot.command import Command


@dataclass(frozen=True)
class Person:
    """Who asks. `id` is the platform's; `moderator` is what the platform says of this person in this place."""

    platform: str
    id: str
    name: str
    moderator: bool = False


@dataclass(frozen=True)
class Place:
    """Where it was asked. `server` is the guild or workspace, None in a direct message; `unsafe_ok` is its age flag."""

    server: str | None
    channel: str
    private: bool = False
    unsafe_ok: bool = False


@dataclass(frozen=True)
class Picture:
    """An image file to be shown. `name` comes from ids, never from prompts; `alt` is read out by screen readers."""

    name: str
    data: bytes
    alt: str
    spoiler: bool = False


@dataclass(frozen=True)
class Button:
    """`press` comes back to `Core.press` as it is, months later too: an action and an id, as `again:k3x9tq2m7d`."""

    label: str
    press: str
    kind: Literal["plain", "primary", "danger"] = "plain"


@dataclass(frozen=True)
class Menu:
    """A select menu: at most 25 (label, value) choices; the chosen value comes back as `press` + ":" + value."""

    label: str
    press: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    """One line of a form, prefilled with `value`."""

    name: str
    label: str
    value: str = ""
    required: bool = False
    long: bool = False


@dataclass(frozen=True)
class Form:
    """A form of at most five fields; its answers come back to `Core.press` with `press` and `values`."""

    title: str
    press: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Message:
    """What a person sees: plain text with *bold* and `code` only, pictures, controls. `eta` is a Unix time to count to.

    `files` are no images (a zip of one's data) and only come with whispers. `calls` is the platform's id of the one
    person whom a new message notifies, whatever its text holds; only `Talk.post` gets one.
    Two fields serve adapters that can do more: `progress` is how much of the job is done (0 … 1), for a bar; `grid`
    comes with a sheet (the first picture) and is the grid as JSON (engine.contract.grid.as_json), with one more entry
    `boxes`: cell → [left, top, width, height] as fractions of the sheet picture.
    """

    text: str
    pictures: tuple[Picture, ...] = ()
    buttons: tuple[Button, ...] = ()
    menu: Menu | None = None
    eta: float | None = None
    progress: float | None = None
    grid: dict[str, Any] | None = None
    files: tuple[Picture, ...] = ()
    calls: str | None = None


@dataclass(frozen=True)
class Limits:
    """What one file at this destination may be. `formats` in order of preference, of: PNG, WEBP, JPEG."""

    file_bytes: int
    formats: tuple[str, ...] = ("PNG", "JPEG")


@dataclass
class Attempt:
    """One attempt to post, recorded before it starts. `key` is the mark by which a posted message is found again.

    `noted` is what an earlier attempt left through `note` (such as an uploaded file's id); `note` commits it at once.
    """

    key: str
    note: Callable[[str], Awaitable[None]]
    noted: str | None = None


class Talk(Protocol):
    """Where one job is answered. It outlives a restart by its `address`, which may grow in `acknowledge` and `say`."""

    @property
    def address(self) -> str:
        """A JSON string from which `Platform.reopen` makes this talk again."""

    async def limits(self) -> Limits:
        """What a file may be here, asked of the platform now."""

    async def acknowledge(self, *, private: bool) -> None:
        """Tell the platform in time that the command was heard; `private`: the answer is for the person alone."""

    async def say(self, message: Message, attempt: Attempt) -> str:
        """The job's own message, edited from then on; its id. Saying it again with the same key changes nothing."""

    async def update(self, message: Message) -> None:
        """Edit the job's own message to this newest state."""

    async def post(self, message: Message, attempt: Attempt) -> str:
        """Post the result once, into the thread where there is one; the message's id, the proof of delivery.

        Where `say` was never called on this talk, the post is itself the answer and needs no thread.

        Raises TooLarge, NoRights, or PlatformAway when it may be tried again.
        """

    async def whisper(self, message: Message) -> None:
        """Answer so that only the person sees it."""

    async def ask(self, form: Form) -> None:
        """Open a form."""

    async def delete(self, message_id: str) -> None:
        """Take a posted message back. Deleting what is gone already changes nothing."""

    async def can_post(self) -> str | None:
        """None, or one sentence that names the missing right and how to give it."""

    async def picture(self, name: str, most: int) -> bytes:
        """The file of a picture that was pointed at, at most `most` bytes of it.

        Raises TooLarge, Gone, NoRights, PlatformAway; what is in the file is not looked at.
        """

    async def find_posted(self, key: str, *, own: bool = False) -> str | None:
        """The id of a message that was posted with `key`, after the platform's settling time; None if there is none.

        `own`: by `say`, so that a message that is found is the job's own from then on, and the one that is edited.
        """


@dataclass(frozen=True)
class Heard:
    """A command as it came. `event` is unique on its platform. `options` is None where `text` is still to be parsed."""

    platform: str
    event: str
    person: Person
    place: Place
    talk: Talk
    text: str
    options: dict[str, str] | None = None


@dataclass(frozen=True)
class Pointed:
    """A message that somebody points at. `picture` names its picture for `Talk.picture`; None where it has none."""

    text: str = ""
    picture: str | None = None


@dataclass(frozen=True)
class Pressed:
    """A button, a choice in a menu (in `press`) or a form that was sent (with `values`).

    Pointing at a message to have its picture scored is the press `score:message`, with `pointed`.
    """

    platform: str
    event: str
    person: Person
    place: Place
    talk: Talk
    press: str
    values: dict[str, str] = field(default_factory=dict)
    pointed: Pointed | None = None


@dataclass(frozen=True)
class Home:
    """A person's own page: what is running and waiting, and the newest grids as (id, line)."""

    lines: tuple[str, ...]
    grids: tuple[tuple[str, str], ...]


Offers = list[tuple[str, str]]
"""What may be typed next, as (label, value): the label is plain text for people, the value is what is typed."""


class Core(Protocol):
    """The core as adapters see it. Nothing here raises for what a person typed: people are answered by the talk."""

    commands: Sequence["Command"]

    async def hear(self, heard: Heard) -> None:
        """Commit that it was received, acknowledge, and answer in a task of the core's own."""

    async def press(self, pressed: Pressed) -> None:
        """The same for a button, a menu or a form."""

    async def complete(self, person: Person, place: Place, command: str, option: str, typed: str) -> Offers:
        """What fits what was typed so far, at most 25."""

    async def home(self, person: Person) -> Home:
        """What the person's own page shows."""

    async def picture(self, person: Person, job: str, cell: str) -> bytes | None:
        """A cell's PNG in full size, if this person may see that grid and the picture is kept."""

    def metrics(self) -> bytes:
        """The bot's numbers as Prometheus text."""


class Platform(Protocol):
    """A chat platform. `edits_per_minute` is its budget of edits for all jobs together.

    One that keeps people's conversations itself has `async forget(person_id)` as well, for /mydata delete.
    """

    name: str
    edits_per_minute: float

    async def run(self, core: Core) -> None:
        """Hear until cancelled; reconnect for ever, with back-off. Raises only for settings that can never work."""

    async def reopen(self, address: str) -> Talk:
        """The talk with this address, after a restart. Usable before `run` has connected: calls wait until it has."""
