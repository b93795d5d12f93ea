"""How a posted message is found again: a nonce that Discord enforces for minutes, and a mark that stays in it."""

import hashlib

import discord

_LENGTH = 16


def mark_of(key: str) -> str:
    """Sixteen hexadecimal digits for a delivery's key: short enough for a nonce (25) and fit for a file name."""
    return hashlib.sha256(key.encode()).hexdigest()[:_LENGTH]


def marked_name(name: str, mark: str) -> str:
    """A file name that carries the mark: `k3x9.png` becomes `k3x9-0123456789abcdef.png`."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}-{mark}.{ending}" if dot else f"{name}-{mark}"


def small_text(mark: str) -> str:
    """The mark of a message without files, in Discord's small grey letters."""
    return f"\n-# {mark}"


def carries(message: discord.Message, mark: str) -> bool:
    return message.content.endswith(small_text(mark)) or any(
        f"-{mark}" in file.filename for file in message.attachments
    )
