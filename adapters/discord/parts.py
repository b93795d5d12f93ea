"""One message as the arguments of discord.py's `send` and `edit`, made afresh for each try: files are read once."""

from io import BytesIO
from typing import Any

import discord

from adapters.discord.controls import view_of
from adapters.discord.marks import marked_name, small_text
from adapters.discord.wording import countdown, to_markdown
from bot.chat import Message, Picture

LONGEST_ALT = 1024


class Parts:
    """A message with its mark and, below its text, what Discord adds: a pointer to a thread, a reason."""

    def __init__(self, message: Message, *, mark: str | None = None, note: str = "") -> None:
        self.message = message
        self.mark = mark
        self.note = note

    def to_edit(self) -> dict[str, Any]:
        """An edit says everything: a picture or a button that the newest state does not have goes away."""
        return {"content": self._text(), "attachments": self._files(), "view": view_of(self.message)}

    def to_send(self) -> dict[str, Any]:
        """Only a new message notifies anybody, so only that one names whom it calls."""
        view, calls = view_of(self.message), self.message.calls
        arguments: dict[str, Any] = {"content": self._text(calls), "files": self._files()}
        if calls:
            arguments["allowed_mentions"] = discord.AllowedMentions(
                everyone=False, users=[discord.Object(calls)], roles=False, replied_user=False
            )
        return arguments if view is None else arguments | {"view": view}

    def _text(self, calls: str | None = None) -> str:
        tail = f"\nReady {countdown(self.message.eta)}" if self.message.eta is not None else ""
        tail += f"\n<@{calls}>" if calls else ""
        tail += f"\n{self.note}" if self.note else ""
        if self.mark and not self.message.pictures:
            tail += small_text(self.mark)
        return to_markdown(self.message.text, tail=tail)

    def _files(self) -> list[discord.File]:
        return [self._file(picture) for picture in (*self.message.pictures, *self.message.files)]

    def _file(self, picture: Picture) -> discord.File:
        name = marked_name(picture.name, self.mark) if self.mark else picture.name
        alt = picture.alt[:LONGEST_ALT]
        return discord.File(BytesIO(picture.data), filename=name, description=alt, spoiler=picture.spoiler)
