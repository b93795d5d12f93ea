"""Settings that bot and engine share, one line each: name, default, help."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Shared(BaseSettings):
    """Read from the environment and from a file `.env` in the working directory, when made, never at import."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    data_dir: Annotated[Path, Field(description="where history, pictures, styles and caches are kept")] = Path("data")
    engine_url: Annotated[str | None, Field(description="the engine's address; unset: a socket in DATA_DIR")] = None
    engine_token: Annotated[
        SecretStr | None, Field(description="what an engine that listens off loopback asks for")
    ] = None

    @property
    def engine_socket(self) -> Path:
        return self.data_dir.absolute() / "engine.sock"
