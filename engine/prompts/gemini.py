"""Gemini as a writer: one request for all prompts, whose answer is JSON and is checked. It blocks its thread."""

import json
import time
import warnings
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError

from engine.prompts.categories import CATEGORIES
from engine.settings import Settings

TOTAL_S = 20.0
# Asked for beyond what is needed in each category, as some will repeat or come too close to the person's prompt.
SPARE = 2
PASSING = frozenset({429, 500, 502, 503, 504})

SCHEMA = {
    "type": "ARRAY",
    "items": {
        "type": "OBJECT",
        "properties": {"category": {"type": "STRING", "enum": list(CATEGORIES)}, "prompt": {"type": "STRING"}},
        "required": ["category", "prompt"],
    },
}


class Unwritten(Exception):
    """Gemini wrote nothing that can be used; the text is a cause in plain words, the end of a sentence."""


class Idea(BaseModel):
    # One line of a length that CLIP can mostly read (77 tokens).
    category: Literal["animal", "landscape", "object", "cityscape", "nature", "space", "abstract"]
    prompt: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300, pattern=r"^[^\x00-\x1f]+$")
    ]


def write(counts: Mapping[str, int], avoid: str, settings: Settings) -> list[tuple[str, str]]:
    """Pairs (category, prompt) as Gemini offers them: their number, balance and likeness are not checked here.

    Takes about 20 s at most, retries included. Raises Unwritten.
    """
    model = _model(settings)
    deadline = time.monotonic() + TOTAL_S
    for attempt in range(10):
        try:
            answer = model.generate_content(
                _request(counts, avoid),
                # Without retry=None the client repeats a 503 for ten minutes, whatever the timeout.
                request_options={"timeout": max(0.1, deadline - time.monotonic()), "retry": None},
            )
            return _ideas(answer)
        except Unwritten:
            raise
        except Exception as error:
            pause = 2.0**attempt
            if not _passes(error) or time.monotonic() + pause >= deadline:
                raise Unwritten(_cause(error, settings)) from error
            time.sleep(pause)
    raise Unwritten("it failed again and again")


def _model(settings: Settings) -> Any:
    # At its import the package says that it is no longer developed and that Python 3.11 will not be supported for ever.
    # Both are known; the newest version is pinned.
    for module in ("google.*", "engine.prompts.gemini"):
        warnings.filterwarnings("ignore", category=FutureWarning, module=module)
    try:
        import google.generativeai as genai
    except ImportError as error:
        raise Unwritten("google-generativeai is not installed (pip install 'tessera[gemini]')") from error
    if settings.google_api_key is None:
        raise Unwritten("GOOGLE_API_KEY is not set")
    genai.configure(
        api_key=settings.google_api_key.get_secret_value(),
        transport="rest",
        client_options={"api_endpoint": settings.gemini_api_url.rstrip("/")},
    )
    config = genai.GenerationConfig(response_mime_type="application/json", response_schema=SCHEMA, temperature=1.2)
    return genai.GenerativeModel(settings.gemini_model, generation_config=config)


def _request(counts: Mapping[str, int], avoid: str) -> str:
    amounts = ", ".join(f"{share + SPARE} of category {category}" for category, share in counts.items() if share)
    return (
        f"Write prompts for a text-to-image model: {amounts}. Each names one clear subject, a setting, an artistic "
        "medium and a light, in 6 to 20 English words on one line. All must differ in subject. No people, no text in "
        "the picture, no brands. None may repeat, paraphrase or show the subject of this prompt, quoted as data: "
        f"{json.dumps(avoid)}"
    )


def _ideas(answer: Any) -> list[tuple[str, str]]:
    """Looks before reading: `answer.text` raises where there is nothing, and joins parts with line breaks."""
    if not answer.candidates:
        reason = answer.prompt_feedback.block_reason.name
        raise Unwritten(f"it blocked the request ({reason})" if "UNSPECIFIED" not in reason else "its answer is empty")
    candidate = answer.candidates[0]
    text = "".join(part.text for part in candidate.content.parts)
    reason = candidate.finish_reason.name
    if reason not in {"STOP", "FINISH_REASON_UNSPECIFIED"}:
        raise Unwritten("its answer was too long" if reason == "MAX_TOKENS" else f"it withheld its answer ({reason})")
    if not text:
        raise Unwritten("its answer is empty")
    try:
        entries = TypeAdapter(list[Any]).validate_json(text)
    except ValidationError as error:
        raise Unwritten("it did not answer with the JSON that it was asked for") from error
    return [(idea.category, idea.prompt) for idea in map(_idea, entries) if idea]


def _idea(entry: Any) -> Idea | None:
    try:
        return Idea.model_validate(entry)
    except ValidationError:
        return None


def _passes(error: Exception) -> bool:
    import requests
    from google.api_core.exceptions import GoogleAPICallError

    if isinstance(error, GoogleAPICallError):
        return error.code in PASSING
    return isinstance(error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError)


def _cause(error: Exception, settings: Settings) -> str:
    """The failure in our words. What the client says is not repeated: it may quote the request."""
    import requests
    from google.api_core.exceptions import GoogleAPICallError

    if isinstance(error, GoogleAPICallError):
        causes = {
            400: "it refused the request or the key (400); check GOOGLE_API_KEY and GEMINI_MODEL",
            401: "it refused the key (401); check GOOGLE_API_KEY",
            403: "it refused the key (403); check GOOGLE_API_KEY",
            404: f"it has no model {settings.gemini_model} (404); check GEMINI_MODEL",
            429: "the key's limit is used up (429)",
        }
        code = int(error.code or 0)
        return causes.get(code, f"it is not working ({code})")
    if isinstance(error, requests.Timeout):
        return f"it did not answer within {TOTAL_S:.0f} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "its answer breaks off"
    if isinstance(error, requests.ConnectionError):
        return f"{urlsplit(settings.gemini_api_url).netloc} cannot be reached"
    return f"its answer cannot be read ({type(error).__name__})"
