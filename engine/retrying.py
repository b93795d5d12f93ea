"""Which answers of an HTTP server are worth another attempt, and how long the server asks to wait before it."""

from collections.abc import Mapping

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses of a server that is busy, limits its callers or is out of order: it may answer the next time."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; None where the server does not say, or names a date instead."""
    seconds = headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else None
