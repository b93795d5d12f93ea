"""Discord's buckets: so many edits in so many seconds of one channel or interaction, told in every answer's headers."""

import hashlib
import re
import time
from collections import defaultdict

from aiohttp import web

from tests.stand_ins.discord_server.faults import as_json

_EDIT = re.compile(r"PATCH (/(?:channels|webhooks)/.+)/messages/")


class Buckets:
    """`edits` in `window` seconds; Discord's own are 5 in 5 s."""

    def __init__(self, edits: int, window: float) -> None:
        self._edits = edits
        self._window = window
        self._used: dict[str, list[float]] = defaultdict(list)

    def refused(self, line: str) -> web.Response | None:
        """A 429 for an edit that is too many, else None, and the edit is counted."""
        bucket = _EDIT.match(line)
        if bucket is None:
            return None
        used = self._recent(bucket[1])
        if len(used) < self._edits:
            used.append(time.monotonic())
            return None
        body = {"message": "You are being rate limited.", "retry_after": self._frees_in(used), "global": False}
        return as_json(body, 429, {"Via": "1.1 google"} | self._headers(bucket[1]))

    def tell(self, line: str, response: web.StreamResponse) -> None:
        bucket = _EDIT.match(line)
        if bucket is not None and not response.prepared:
            response.headers.update(self._headers(bucket[1]))

    def _headers(self, key: str) -> dict[str, str]:
        used = self._recent(key)
        frees_in = self._frees_in(used)
        return {
            "X-RateLimit-Bucket": hashlib.md5(b"edits").hexdigest(),  # noqa: S324 (a name, nothing secret)
            "X-RateLimit-Limit": str(self._edits),
            "X-RateLimit-Remaining": str(self._edits - len(used)),
            "X-RateLimit-Reset": f"{time.time() + frees_in:.3f}",
            "X-RateLimit-Reset-After": f"{frees_in:.3f}",
        }

    def _frees_in(self, used: list[float]) -> float:
        return max(0.0, self._window - (time.monotonic() - used[0])) if used else 0.0

    def _recent(self, key: str) -> list[float]:
        """A window starts with its first edit and ends as a whole, as Discord's do."""
        used = self._used[key]
        if used and time.monotonic() - used[0] >= self._window:
            used.clear()
        return used
