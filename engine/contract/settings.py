"""Settings that bot and engine share, one line each: name, default, help; and how all settings are read."""

import os
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.contract.errors import BadRequest
from engine.contract.sentence import explain

HIGHEST_PORT = 65535
# What listens on every address is asked on this machine's own.
NEAR = {"0.0.0.0": "127.0.0.1", "::": "::1"}

S = TypeVar("S", bound="Shared")


def _whole(address: str) -> str:
    try:
        parts = urlsplit(address)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or any(letter.isspace() for letter in address):
        message = "must be an address with http:// or https:// in front, such as http://127.0.0.1:8065"
        raise ValueError(message)
    return address


def _in_one_piece(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not all("!" <= letter <= "~" and letter not in "\"'" for letter in value):
        message = "must be the bare token, in one piece: no spaces, quotes, line breaks or letters beyond ASCII"
        raise ValueError(message)
    return secret


Address = Annotated[str, AfterValidator(_whole)]
"""Where something answers over HTTP."""
Token = Annotated[SecretStr, AfterValidator(_in_one_piece)]
"""A secret that travels in a header."""
Folder = Annotated[Path, AfterValidator(lambda path: Path(os.path.expanduser(path)))]  # noqa: PTH111  # no home is no fault
"""A path; no shell has seen the ~ in a file of settings."""


class Shared(BaseSettings):
    """Read from the environment and from a file `.env` in the working directory, when made, never at import."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    data_dir: Annotated[Folder, Field(description="where history, pictures, styles and caches are kept")] = Path("data")
    engine_url: Annotated[Address | None, Field(description="the engine's address; unset: a socket in DATA_DIR")] = None
    engine_token: Annotated[Token | None, Field(description="what an engine that listens off loopback asks for")] = None
    engine_listen: Annotated[str | None, Field(description="host:port to serve on; unset: a socket in DATA_DIR")] = None

    @model_validator(mode="before")
    @classmethod
    def _trimmed(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A secret in a file ends with a line break; what is blank is not set."""
        stripped = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in stripped.items() if value != ""}

    @field_validator("engine_listen")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        host, _, port = (value or "").rpartition(":")
        if value is not None and (not host or not port.isdecimal() or int(port) > HIGHEST_PORT):
            message = f"must be host:port, such as 127.0.0.1:8065, not “{value}”"
            raise ValueError(message)
        return value

    @property
    def engine_address(self) -> str | None:
        """Where the engine is asked; None: at its socket."""
        if self.engine_url or not self.engine_listen:
            return self.engine_url
        host, _, port = self.engine_listen.rpartition(":")
        target = NEAR.get(host.strip("[]"), host.strip("[]"))
        return f"http://[{target}]:{port}" if ":" in target else f"http://{target}:{port}"

    @property
    def engine_socket(self) -> Path:
        return self.data_dir.absolute() / "engine.sock"


def read(kind: type[S]) -> S:
    """The settings of a process. Raises BadRequest with a sentence about the first that is wrong, never its secret."""
    try:
        return kind()
    except ValidationError as error:
        name, _, fault = explain(error, kind).partition(" ")
        raise BadRequest(f"{name.upper()} {fault}") from error
    except (OSError, UnicodeDecodeError) as error:
        message = f"The file .env cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'})."
        raise BadRequest(message) from error
