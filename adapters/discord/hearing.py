"""What came from Discord, as the core hears it: who, where, which words; and the talk in which it is answered."""

import time
from collections.abc import Mapping
from typing import Any

import discord

from adapters.discord.address import TOKEN_LIVES, Address
from adapters.discord.commands import FROM_TEXT, SCORE, options_of
from adapters.discord.controls import answers, press_of
from adapters.discord.first import FirstAnswer
from adapters.discord.line import Line
from adapters.discord.pictures import picture_in
from adapters.discord.talk import DiscordTalk
from bot.chat import Heard, Person, Place, Pointed, Pressed

NAME = "discord"
_WITH_AGE = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)
_KINDS: Mapping[discord.InteractionType, Any] = {
    discord.InteractionType.component: "press",
    discord.InteractionType.modal_submit: "form",
}


def person_of(interaction: discord.Interaction) -> Person:
    moderator = interaction.guild_id is not None and interaction.permissions.manage_guild
    return Person(NAME, str(interaction.user.id), interaction.user.display_name, moderator)


def place_of(interaction: discord.Interaction) -> Place:
    """A thread counts as its channel, whose rules hold in it."""
    channel = interaction.channel
    number = channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id
    unsafe_ok = bool(isinstance(channel, _WITH_AGE) and channel.is_nsfw())
    server = None if interaction.guild_id is None else str(interaction.guild_id)
    return Place(server, str(number), private=server is None, unsafe_ok=unsafe_ok)


def heard_of(interaction: discord.Interaction, data: Mapping[str, Any], talk: DiscordTalk) -> Heard:
    """A slash command with its options, or the message command, which is `/grid` with the message's text as prompt."""
    name, options = data["name"], options_of(data)
    if name == FROM_TEXT:
        name, options = "grid", {"prompt": _text_pointed_at(data)}
    person, place = person_of(interaction), place_of(interaction)
    return Heard(NAME, str(interaction.id), person, place, talk, name, options)


def pressed_of(interaction: discord.Interaction, data: Mapping[str, Any], talk: DiscordTalk) -> Pressed:
    person, place = person_of(interaction), place_of(interaction)
    if interaction.type is discord.InteractionType.modal_submit:
        return Pressed(NAME, str(interaction.id), person, place, talk, data["custom_id"], answers(data))
    if interaction.type is discord.InteractionType.application_command:
        return Pressed(NAME, str(interaction.id), person, place, talk, "score:message", pointed=_pointed(data))
    return Pressed(NAME, str(interaction.id), person, place, talk, press_of(data))


def is_press(interaction: discord.Interaction, data: Mapping[str, Any]) -> bool:
    """Whether it is a press to the core: everything but commands, and the command that scores a message's picture."""
    return interaction.type is not discord.InteractionType.application_command or data["name"] == SCORE


def talk_of(line: Line, interaction: discord.Interaction) -> DiscordTalk:
    channel = interaction.channel
    address = Address(
        channel=interaction.channel_id or 0,
        user=interaction.user.id,
        event=interaction.id,
        application=interaction.application_id,
        guild=interaction.guild_id,
        token=interaction.token,
        token_until=min(time.time(), interaction.created_at.timestamp()) + TOKEN_LIVES,
        kind=_KINDS.get(interaction.type, "command"),
        in_thread=isinstance(channel, discord.Thread),
        thread_private=isinstance(channel, discord.Thread) and channel.is_private(),
        can_thread=isinstance(channel, discord.TextChannel),
        rights=interaction.app_permissions.value,
        file_bytes=interaction.filesize_limit,
    )
    return DiscordTalk(line, address, FirstAnswer(line, address, interaction))


def _text_pointed_at(data: Mapping[str, Any]) -> str:
    return str(_message(data).get("content", "")).strip()


def _pointed(data: Mapping[str, Any]) -> Pointed:
    """The message's picture by its address; words of a program are no prompt."""
    message = _message(data)
    words = "" if message.get("author", {}).get("bot") else _text_pointed_at(data)
    return Pointed(words, picture_in(message))


def _message(data: Mapping[str, Any]) -> Mapping[str, Any]:
    message: Mapping[str, Any] = data.get("resolved", {}).get("messages", {}).get(data.get("target_id"), {})
    return message
