"""What stands in the chats: every message of the bot in one form, whatever the platform."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.contract.ids import ALPHABET
from tests.stand_ins.discord_server import DiscordServer, Posted
from tests.stand_ins.slack_server import SlackServer

JOB = re.compile(rf"`([{ALPHABET}]{{10}})`")
MARK = re.compile(r"\bn\d+x\d+\b")
AGAIN = "Run it again"
# What a delivery's files carry on Discord, so that they are found again. Thumbnails of the history, which come as a
# direct message where a press could not be answered in time, carry none.
MARKED = re.compile(r"-[0-9a-f]{16}\.(png|webp|jpe?g)$")


@dataclass(frozen=True)
class Shown:
    """`job` and `mark` are read from its text. `sheet`: it carries one; `failed`: it says why there is none."""

    platform: str
    id: str
    text: str
    private: bool
    sheet: bool
    failed: bool

    @property
    def job(self) -> str:
        match = JOB.search(self.text)
        return match[1] if match else ""

    @property
    def own(self) -> bool:
        """Whether it is the message of one job: such begin with the prompt in bold, a page of the history does not."""
        return self.text.startswith("*") and not self.sheet and not self.private

    @property
    def mark(self) -> str:
        match = MARK.search(self.text)
        return match[0] if match else ""


def of_discord(posted: Posted) -> Shown:
    sheet = any(map(MARKED.search, posted.files))
    failed = AGAIN in posted.presses
    return Shown("discord", str(posted.id), posted.content, posted.ephemeral, sheet and not posted.ephemeral, failed)


def of_slack(message: dict[str, Any]) -> Shown:
    blocks = message.get("blocks") or []
    words = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    buttons = [
        each["text"]["text"] for block in blocks for each in block.get("elements", []) if each.get("type") == "button"
    ]
    role = ((message.get("metadata") or {}).get("event_payload") or {}).get("role")
    sheet = role == "result" and any("slack_file" in block for block in blocks)
    return Shown("slack", message["ts"], "\n".join(words), private=False, sheet=sheet, failed=AGAIN in buttons)


def everything(discord: DiscordServer, slack: SlackServer) -> Iterator[Shown]:
    """Every message of the bot that stands anywhere now."""
    yield from map(of_discord, list(discord.state.posted.values()))
    for channel in slack.space.channels.values():
        yield from (of_slack(message) for message in channel.messages if message.get("bot_id"))
