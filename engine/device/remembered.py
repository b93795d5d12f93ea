"""Measurements of this device, kept from start to start in a small JSON file. It knows no torch."""

import json
import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class Remembered:
    """Values by name, for one device with one set of versions (`what`); another driver or card measures anew."""

    def __init__(self, file: Path, what: str) -> None:
        self._file, self._what = file, what

    def get(self, name: str) -> Any:
        """The value, or None where nothing is known."""
        return self._all().get(self._what, {}).get(name)

    def put(self, name: str, value: Any) -> None:
        """Keep it. Where the disk does not take it, it is measured again next time."""
        measurements = self._all()
        measurements.setdefault(self._what, {})[name] = value
        half = self._file.with_suffix(".part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            half.write_text(json.dumps(measurements, indent=1))
            half.replace(self._file)
        except OSError as error:
            log.warning("what was measured cannot be kept in %s: %s", self._file, error.strerror)

    def _all(self) -> dict[str, Any]:
        try:
            content = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
