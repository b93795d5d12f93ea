"""The log of both processes: one JSON object a line on standard error, without secrets and prompts."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TextIO

from pydantic import SecretStr
from pydantic_settings import BaseSettings

# What every LogRecord has, some only beside uvicorn or Ray; anything else was given as `extra`.
PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {
    "message", "asctime", "taskName", "color_message", "_ray_timestamp_ns",
}  # fmt: skip
# At DEBUG the SDKs print whole requests, prompts included; at INFO httpx prints one line for every picture.
LOUD = ("discord", "slack_bolt", "slack_sdk", "httpx", "httpcore", "aiosqlite", "aiohttp", "asyncio", "uvicorn")


def log_json(settings: BaseSettings, level: str = "INFO") -> None:
    """Send every log of this process through one handler."""
    handler = Quietly(sys.stderr)
    handler.setFormatter(JsonLines(secrets(settings)))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_plainly() -> None:
    """Only warnings, as sentences, for somebody at a terminal."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", force=True)


def secrets(settings: BaseSettings) -> list[str]:
    """Every secret that is set, for the log to leave out."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


class Quietly(logging.StreamHandler[TextIO]):
    """Where a line cannot be written, the disk is full: the usual trace of it would show the bare arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Leave the line out."""


class JsonLines(logging.Formatter):
    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "text": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in PLAIN},
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        text = json.dumps(line, ensure_ascii=False, default=str)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text
