"""The answer to one interaction, reached with its token for fifteen minutes: the only way to a private answer."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import discord

from adapters.discord.address import Address
from adapters.discord.failures import token_gone, translated
from adapters.discord.line import Line
from adapters.discord.marks import carries
from adapters.discord.parts import Parts
from bot.errors import Gone

T = TypeVar("T")
_ORIGINAL = cast("int", "@original")  # discord.py's type wants a number, Discord's route takes this name as well


class TokenGone(Gone):
    """The interaction's token no longer works."""


class Reply:
    def __init__(self, line: Line, address: Address) -> None:
        self._line = line
        self._at = address

    @property
    def works(self) -> bool:
        return self._at.live_token() is not None

    async def original(self) -> int | None:
        """The id of the reply that Discord made when the command was acknowledged; None if it never was.

        None as well where it is seen by others than it is meant for: an event that comes twice may have been apologised
        for, in private, and then be heard after all.
        """
        try:
            message = await self._call(lambda hook: hook.fetch_message(_ORIGINAL))
        except Gone:
            return None
        return message.id if message.flags.ephemeral == self._at.private else None

    async def has_mark(self, message: int, mark: str) -> bool:
        try:
            return carries(await self._call(lambda hook: hook.fetch_message(message)), mark)
        except Gone:
            return False

    async def edit(self, message: int, parts: Parts) -> None:
        await self._call(lambda hook: hook.edit_message(message, **parts.to_edit()))

    async def delete(self, message: int) -> None:
        await self._call(lambda hook: hook.delete_message(message))

    async def add(self, parts: Parts, *, private: bool) -> int:
        """A further message. Discord takes no nonce here, so it is never sent twice by itself."""
        message = await self._call(lambda hook: hook.send(wait=True, ephemeral=private, **parts.to_send()), again=False)
        return message.id

    async def _call(self, call: Callable[[discord.Webhook], Awaitable[T]], *, again: bool = True) -> T:
        token = self._at.live_token()
        if token is None:
            raise TokenGone("It is too late to answer here.")
        hook = _hook(await self._line.client(), self._at.application, token)
        with translated():
            try:
                return await (self._line.retry(lambda: call(hook)) if again else call(hook))
            except discord.HTTPException as error:
                if not token_gone(error):
                    raise
                self._at.token = None
                raise TokenGone("It is too late to answer here.") from error


def _hook(client: discord.Client, application: int, token: str) -> discord.Webhook:
    """As discord.py makes `interaction.followup`: an application's webhook with the interaction's token."""
    return discord.Webhook.from_state({"id": application, "type": 3, "token": token}, client._connection)  # noqa: SLF001 (no public way to one without the interaction)
