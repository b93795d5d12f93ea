"""WikiArt's pictures one by one from the dataset server, filtered there: about 40 MB for a hundred."""

import time
from collections.abc import Iterator
from typing import Any

import httpx

from engine.retrying import PASSING, retry_after
from engine.settings import Settings
from engine.training.data.collection import Collection, Names, Painting, artist
from engine.training.data.unavailable import Unavailable

SPLIT = {"dataset": "huggan/wikiart", "config": "default", "split": "train"}
WHOLE = False
"""Only the beginning of a large split is filtered, so there may be more than this way finds."""
PAGE = 100
"""The most rows that the server gives at once."""
ATTEMPTS = 4
LONGEST_PAUSE_S = 30.0


def names(settings: Settings) -> Names:
    """The class names of the set. Raises Unavailable."""
    with _client(settings) as client:
        return _names(_json(client, "/rows", {**SPLIT, "offset": "0", "length": "1"}))


def bring(collection: Collection, settings: Settings, names: Names, style: int, images: int) -> Iterator[Painting]:
    """Pictures of `style` that `collection` does not have yet, in the set's order. Raises Unavailable."""
    with _client(settings) as client:
        for offset in range(0, max(images * 2, PAGE), PAGE):
            query = {**SPLIT, "where": f'"style"={style}', "offset": str(offset), "length": str(PAGE)}
            rows = _json(client, "/filter", query).get("rows", [])
            for row in rows:
                number, values = int(row["row_idx"]), row["row"]
                if not collection.has(number):
                    data = _get(client, str(values["image"]["src"])).content
                    yield Painting(number, artist(names, values.get("artist")), data)
            if len(rows) < PAGE:
                return


def _client(settings: Settings) -> httpx.Client:
    return httpx.Client(base_url=settings.datasets_server_url, timeout=30, follow_redirects=True)


def _json(client: httpx.Client, path: str, query: dict[str, str]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = _get(client, path, query).json()
    except ValueError as error:
        raise Unavailable(f"{client.base_url} does not answer as a dataset server does") from error
    return answer


def _get(client: httpx.Client, path: str, query: dict[str, str] | None = None) -> httpx.Response:
    """Raises Unavailable after several attempts, or at once where another would end the same way."""
    for attempt in range(ATTEMPTS):
        last = attempt == ATTEMPTS - 1
        try:
            answer = client.get(path, params=query)
        except httpx.TransportError as error:
            if last:
                raise Unavailable(f"{client.base_url} (DATASETS_SERVER_URL) does not answer") from error
            time.sleep(0.1 * 2**attempt)
            continue
        if answer.is_success:
            return answer
        if answer.status_code not in PASSING or last:
            break
        time.sleep(_pause(answer, attempt))
    raise Unavailable(f"{client.base_url} (DATASETS_SERVER_URL) answered {answer.status_code}")


def _pause(answer: httpx.Response, attempt: int) -> float:
    seconds = retry_after(answer.headers)
    return 0.5 * 2**attempt if seconds is None else min(seconds, LONGEST_PAUSE_S)


def _names(answer: dict[str, Any]) -> Names:
    try:
        kinds = {feature["name"]: feature["type"] for feature in answer["features"]}
        return Names(tuple(kinds["style"]["names"]), tuple(kinds["artist"]["names"]))
    except (KeyError, TypeError) as error:
        raise Unavailable("the dataset server does not give the styles' names") from error
