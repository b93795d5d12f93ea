"""What the hub's client raises, as sentences by a table; and which failures are worth another attempt."""

from collections.abc import Iterator
from json import JSONDecodeError

from huggingface_hub import constants, errors

# Whichever httpx this version of the hub's client speaks; transformers takes it from here as well.
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # not named in its __all__

from engine.contract.errors import DiskFull, NoModel, TesseraError, disk_full
from engine.retrying import PASSING, retry_after

FETCH = "Run `python -m engine fetch` again"
AWAY = (
    "{repo} is not in HF_HOME and {hub} (HF_ENDPOINT) cannot be reached. "
    "With a network, run `python -m engine fetch` once; afterwards it works offline."
)
NO_HUB = "{hub} (HF_ENDPOINT) does not answer as a hub does. Check HF_ENDPOINT and the proxy. " + FETCH + "."

# The first row whose type fits decides, so the narrower stand above the wider. {hub} is HF_ENDPOINT's address.
SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (errors.GatedRepoError, "Accept the licence of {repo} on its page {hub}/{repo} and set HF_TOKEN."),
    (
        errors.RepositoryNotFoundError,
        "There is no model {repo} at {hub}, or it is private. Check its name; for a private one set HF_TOKEN.",
    ),
    (errors.RevisionNotFoundError, "{repo} at {hub} no longer has the revision that was asked for. " + FETCH + "."),
    (errors.RemoteEntryNotFoundError, "{repo} at {hub} lists a file that is not there. " + FETCH + " later."),
    (errors.DisabledRepoError, "Access to {repo} is switched off at {hub}. Choose another checkpoint."),
    (errors.HFValidationError, "“{repo}” is not a model's name; one looks like owner/name."),
    (
        errors.OfflineModeIsEnabled,
        "{repo} is not in HF_HOME and HF_HUB_OFFLINE is set. Unset it and run `python -m engine fetch` once.",
    ),
    (errors.HfHubHTTPError, "{hub} answered {status} for {repo}, again and again. " + FETCH + " later."),
    (httpx.TransportError, AWAY),
    (errors.FileMetadataError, NO_HUB),
    (JSONDecodeError, NO_HUB),
    (errors.LocalEntryNotFoundError, AWAY),
    (errors.XetDownloadError, "The download of {repo} from {hub} broke off again and again. " + FETCH + "."),
    (OSError, "{repo} could not be written below HF_HOME: {error}. " + FETCH + "."),
)

LONGEST_PAUSE_S = 60.0


def failure(error: Exception, repo: str) -> TesseraError:
    """`error` as a sentence for the person who asked."""
    chain = list(_chain(error))
    if any(map(disk_full, chain)):
        return DiskFull(
            f"The disk is full: {repo} does not fit below {constants.HF_HUB_CACHE}. Make room, or set HF_HOME to a "
            "larger disk, and run `python -m engine fetch` again."
        )
    for kind, sentence in SENTENCES:
        fault = next((cause for cause in chain if isinstance(cause, kind)), None)
        if fault is not None:
            facts = {"repo": repo, "hub": constants.ENDPOINT, "status": _status(fault), "error": fault}
            return NoModel(sentence.format(**facts))
    return NoModel(f"{repo} could not be fetched: {type(error).__name__}. Run `python -m engine fetch` again.")


def again_in(error: Exception, attempt: int) -> float | None:
    """Seconds to wait before attempt number `attempt` + 1, or None where another attempt would end the same way."""
    for cause in _chain(error):
        if isinstance(cause, errors.OfflineModeIsEnabled) or disk_full(cause):
            return None
        if isinstance(cause, errors.HfHubHTTPError):
            return _pause(cause, attempt) if _status(cause) in PASSING else None
        if isinstance(
            cause, httpx.TransportError | JSONDecodeError | errors.XetDownloadError
        ) or "Consistency check failed" in str(cause):
            return 2.0**attempt
    return None


def _pause(error: errors.HfHubHTTPError, attempt: int) -> float:
    seconds = retry_after(error.response.headers)
    return 2.0**attempt if seconds is None else min(seconds, LONGEST_PAUSE_S)


def _status(error: BaseException) -> int:
    return error.response.status_code if isinstance(error, errors.HfHubHTTPError) else 0


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it came from. The hub's client wraps a refused connection into "not in the cache"."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__
