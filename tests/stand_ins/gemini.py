"""Gemini's generateContent over loopback. Stricter than the real one: JSON with a schema must be asked for."""

import json
import re
from typing import Any

from tests.stand_ins.loopback import Answer, Kind, Loopback, Request

PATH = re.compile(r"/v1(beta)?/models/(?P<model>[\w.-]+):generateContent")
CATEGORIES = ("animal", "landscape", "object", "cityscape", "nature", "space", "abstract")
STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class GeminiServer(Loopback):
    """`answers` are given in turn, the last one for ever; without any, 40 prompts of each category are."""

    def __init__(self, key: str = "right-key", model: str = "gemini-2.5-flash") -> None:
        super().__init__()
        self._key, self._model = key, model
        self.answers: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Answer:
        found = PATH.fullmatch(request.path)
        if found is None or request.method != "POST":
            return _error(404, "no such method")
        if request.headers.get("x-goog-api-key") != self._key:
            # The real one says 400 here, not 401.
            return _error(400, "API key not valid. Please pass a valid API key.")
        if found["model"] != self._model:
            return _error(404, f"models/{found['model']} is not found")
        asked = json.loads(request.body)
        config = asked.get("generationConfig", {})
        if config.get("responseMimeType") != "application/json" or "responseSchema" not in config:
            return _error(400, "this stand-in wants JSON with a schema to be asked for")
        if not asked["contents"][0]["parts"][0]["text"]:
            return _error(400, "contents are empty")
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0] if self.answers else wrote(plenty())
        return Answer(200, json.dumps(given).encode(), {"Content-Type": "application/json"})

    def refusal(self, kind: Kind, request: Request) -> Answer:
        code = {"gated": 403, "missing": 404}.get(kind) or int(kind)
        return _error(code, "as ordered")


def plenty(each: int = 40) -> list[dict[str, str]]:
    """Prompts that are all different and share no content word with a prompt about a cat."""
    kinds = {category: f"{category}{{0}} thing{{0}} beneath scene{{0}}, watercolor" for category in CATEGORIES}
    return [{"category": c, "prompt": kinds[c].format(n)} for c in CATEGORIES for n in range(each)]


def wrote(prompts: Any, *, finish: str = "STOP", pieces: int = 3) -> dict[str, Any]:
    """An answer with `prompts` as JSON (or a raw text), in several parts, as the real one may send it."""
    text = prompts if isinstance(prompts, str) else json.dumps(prompts)
    step = max(1, len(text) // pieces)
    parts = [{"text": text[place : place + step]} for place in range(0, len(text), step)]
    return {"candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": finish, "index": 0}]}


def blocked(reason: str = "SAFETY") -> dict[str, Any]:
    return {"promptFeedback": {"blockReason": reason}}


def withheld(finish: str = "SAFETY") -> dict[str, Any]:
    return {"candidates": [{"finishReason": finish, "index": 0}]}


def _error(code: int, message: str) -> Answer:
    body = {"error": {"code": code, "message": message, "status": STATUSES.get(code, "UNKNOWN")}}
    return Answer(code, json.dumps(body).encode(), {"Content-Type": "application/json"})
