"""Discord: slash commands, buttons, forms and threads. It knows the port, and nothing of queue or engine."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.discord.platform import DiscordPlatform


def make(settings: Any) -> "DiscordPlatform | None":
    """The platform, or None where no DISCORD_TOKEN is set; discord.py is imported only where it is needed."""
    if settings.discord_token is None:
        return None
    from adapters.discord.platform import DiscordPlatform

    return DiscordPlatform(
        settings.discord_token.get_secret_value(),
        api_url=settings.discord_api_url,
        threads=getattr(settings, "discord_guild_threads", True),
    )
