"""The Slack adapter: Slack's payloads in, calls of Slack's Web API out. It knows neither the queue nor the engine."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.chat import Platform
    from bot.settings import Settings


def make(settings: "Settings") -> "Platform | None":
    """The platform, or None without SLACK_BOT_TOKEN."""
    if settings.slack_bot_token is None:
        return None
    from adapters.slack.platform import Slack

    return Slack(
        settings.slack_bot_token.get_secret_value(),
        app_token=_plain(settings.slack_app_token),
        signing_secret=_plain(settings.slack_signing_secret),
        port=settings.slack_port,
        api_url=settings.slack_api_url,
        moderators=tuple(settings.moderators),
    )


def _plain(secret: "SecretStr | None") -> str | None:
    return None if secret is None else secret.get_secret_value() or None
