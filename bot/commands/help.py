"""/help: what one can say, read from the commands themselves."""

from typing import Annotated

from pydantic import Field

from bot.asked import Asked
from bot.chat import Message
from bot.command import Command, Option
from bot.errors import BadCommand
from engine.contract.sentence import unknown


async def help_(
    asked: Asked, command: Annotated[str | None, Field(description="the command to explain")] = None
) -> Message:
    """List the commands, or explain one with its options."""
    commands = {entry.name: entry for entry in asked.parts.commands if asked.person.moderator or not entry.moderators}
    if command is None:
        lines = [f"`/{entry.name}` {entry.help}" for entry in commands.values()]
        example = "Try: `/grid prompt:a cat wearing neon-glasses approach:1`. `/help grid` explains its options."
        return Message("\n".join([*lines, example]))
    name = command.strip().lstrip("/").casefold()
    if name not in commands:
        raise BadCommand(unknown(name[:40], commands))
    return Message(_card(commands[name]))


def _card(command: Command) -> str:
    lines = [f"*/{command.name}* {command.help}."]
    lines += [f"`{option.name}` {option.help}{_range(option)}" for option in command.options]
    return "\n".join(lines)


def _range(option: Option) -> str:
    words = ["required"] if option.required else []
    if option.choices:
        words.append(" or ".join(label for label, _ in option.choices))
    elif option.low is not None and option.high is not None:
        words.append(f"{option.low:g} to {option.high:.0f}")
    return f" ({'; '.join(words)})" if words else ""
