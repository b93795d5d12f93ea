"""Messages and commands as the page reads them: JSON. The page draws all text as text; nothing here is HTML."""

from dataclasses import asdict
from typing import Any

from adapters.web.messages import PageMessage
from bot.chat import Form, Message
from bot.command import Command


def body_of(message: Message) -> dict[str, Any]:
    """A message without the bytes of its pictures and files, which are kept beside it in this order."""
    return {
        "text": message.text,
        "pictures": [
            {"name": picture.name, "alt": picture.alt, "spoiler": picture.spoiler} for picture in message.pictures
        ],
        "files": [{"name": file.name, "alt": file.alt} for file in message.files],
        "buttons": [asdict(button) for button in message.buttons],
        "menu": asdict(message.menu) if message.menu else None,
        "eta": message.eta,
        "progress": message.progress,
        "grid": message.grid,
    }


def body_of_form(form: Form) -> dict[str, Any]:
    return {"form": asdict(form)}


def page_of(message: PageMessage) -> dict[str, Any]:
    """A kept message for the page: pictures and files have addresses."""
    body = dict(message.body)
    pictures, files = body.get("pictures", ()), body.get("files", ())
    urls = [{"url": f"files/{name}"} for name in message.files]
    body["pictures"] = [picture | url for picture, url in zip(pictures, urls[: len(pictures)], strict=True)]
    body["files"] = [file | url for file, url in zip(files, urls[len(pictures) :], strict=True)]
    names = ("id", "seq", "kind", "created", "deleted")
    return {**{name: getattr(message, name) for name in names}, **body}


def command_of(command: Command) -> dict[str, Any]:
    """What the page needs to complete a command as it is typed."""
    return {
        "name": command.name,
        "help": command.help,
        "options": [
            {
                "name": option.name,
                "kind": option.kind,
                "help": option.help,
                "required": option.required,
                "low": option.low,
                "high": option.high,
                "choices": option.choices,
                "completes": option.completes is not None,
            }
            for option in command.options
        ],
    }
