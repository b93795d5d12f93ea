"""The log: one JSON object a line on standard error, without tokens and without anything that a person typed."""

import json
import logging
import sys
from datetime import UTC, datetime

from bot.settings import Settings

PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def log_json(settings: Settings) -> None:
    """Send every log of this process through one handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(settings.secrets()))
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    # At DEBUG the SDKs print whole requests, prompts included; at INFO httpx prints one line for every picture.
    for name in ("discord", "slack_bolt", "slack_sdk", "httpx", "httpcore", "aiosqlite", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    def __init__(self, secrets: list[str]) -> None:
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
