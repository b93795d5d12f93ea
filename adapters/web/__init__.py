"""The local web chat: the bot in a browser, without any token. A page, an event stream, and a store of its own."""

from typing import Any

from adapters.web.platform import WebPlatform


def make(settings: Any) -> WebPlatform:
    """The chat at WEB_HOST and WEB_PORT; WEB_TOKEN is what it asks for, and must be set to listen off loopback."""
    token = settings.web_token
    return WebPlatform(
        settings.data_dir.absolute() / "web",
        host=settings.web_host,
        port=settings.web_port,
        token=token.get_secret_value() if token else None,
        keep_days=settings.retention_days,
        most_mb=settings.disk_budget_mb,
    )
