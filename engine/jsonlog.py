"""Logs as JSON lines on standard error. Neither prompts nor secrets are ever given to a log."""

import json
import logging
import sys

# What every LogRecord has; anything else was given as `extra`.
_USUAL = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": self.formatTime(record), "level": record.levelname.lower(), "says": record.getMessage()}
        line |= {name: str(value) for name, value in vars(record).items() if name not in _USUAL}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


def to_stderr(*, plain: bool) -> None:
    """`plain`: only warnings, as sentences, for somebody at a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s") if plain else JsonLines())
    logging.basicConfig(level=logging.WARNING if plain else logging.INFO, handlers=[handler], force=True)
