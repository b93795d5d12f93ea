"""The bot's settings, one line each: name, default, help. The README lists them; a test holds it to that."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from engine.contract.settings import HIGHEST_PORT, Address, Shared, Token

Names = Annotated[tuple[str, ...], NoDecode]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(lambda value: str(value).upper())]

# SQLite counts in 64 bits, and nobody means more.
MOST = 1_000_000_000


class Settings(Shared):
    discord_token: Annotated[Token | None, Field(description="turns Discord on")] = None
    discord_api_url: Annotated[Address | None, Field(description="another REST base of Discord, with /api/v10")] = None
    discord_guild_threads: Annotated[bool, Field(description="sheets in a thread under the reply, not in it")] = True
    slack_bot_token: Annotated[Token | None, Field(description="turns Slack on (xoxb-…)")] = None
    slack_app_token: Annotated[Token | None, Field(description="Socket Mode (xapp-…)")] = None
    slack_signing_secret: Annotated[Token | None, Field(description="checks Slack's signed requests")] = None
    slack_port: Annotated[int, Field(ge=0, le=HIGHEST_PORT, description="where signed requests of Slack arrive")] = 3000
    slack_api_url: Annotated[Address | None, Field(description="another base of Slack's API, ending in /api/")] = None
    web_host: Annotated[str, Field(description="the web chat's address")] = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=HIGHEST_PORT, description="the web chat's port")] = 8064
    web_token: Annotated[SecretStr | None, Field(description="what the web chat asks for off loopback")] = None
    moderators: Annotated[Names, Field(description="more moderators, such as discord:1234,slack:U12AB")] = ()
    waiting_per_person: Annotated[int, Field(ge=1, le=MOST, description="grids one person may have waiting")] = 5
    waiting_per_server: Annotated[
        int, Field(ge=1, le=MOST, description="grids a server or workspace may have waiting")
    ] = 100
    pictures_per_hour: Annotated[int, Field(ge=4, le=MOST, description="pictures one person may order in an hour")] = (
        2000
    )
    retention_days: Annotated[int, Field(ge=0, le=MOST, description="days that pictures are kept, 0 for ever")] = 0
    disk_budget_mb: Annotated[int, Field(ge=1, le=MOST, description="room for pictures; the oldest go first")] = 20_000
    log_level: Annotated[Level, Field(description="DEBUG, INFO, WARNING or ERROR")] = "INFO"

    @field_validator("moderators", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        names = tuple(map(_moderator_name, filter(str.strip, value.split(",")))) if isinstance(value, str) else value
        if any(":" not in str(name) for name in names):
            message = "must name platform and id, such as discord:1234,slack:U12AB"
            raise ValueError(message)
        return names

    @property
    def pictures_dir(self) -> Path:
        return self.data_dir.absolute() / "pictures"

    @property
    def history_file(self) -> Path:
        return self.data_dir.absolute() / "history.sqlite"


def _moderator_name(moderator: str) -> str:
    """As people write it, with spaces and `Discord`, and as platforms call themselves."""
    platform, colon, who = moderator.partition(":")
    return f"{platform.strip().lower()}{colon}{who.strip()}"
