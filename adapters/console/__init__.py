"""The smallest adapter: lines in, answers out, a progress bar between, and pictures as files."""

from typing import Any

from adapters.console.platform import ConsolePlatform


def make(settings: Any) -> ConsolePlatform:
    """The console of whoever started the bot; pictures go to DATA_DIR/console."""
    return ConsolePlatform(settings.data_dir.absolute() / "console")
