"""What can be fetched ahead and what is here: `python -m engine fetch` and `info`."""

import asyncio
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from engine import fillers, models, styles
from engine.contract.approaches import EMBEDDED, JUDGES, PROFILES, STYLED, Profile
from engine.contract.client import EngineClient
from engine.contract.errors import TesseraError
from engine.fetching import OnBytes
from engine.settings import Settings


def fetch_all(settings: Settings) -> None:
    """Everything that the profile's approaches need, with progress. Raises NoModel, NoFillers, DiskFull."""
    profile, _ = models.choose_profile(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def watch(title: str) -> OnBytes:
            task = progress.add_task(title, total=None)
            return lambda done, total: progress.update(task, completed=done, total=total)

        for model in _checkpoints(profile):
            models.folder(model, watch(model))
        for name in _photo_sources(settings, profile):
            source = fillers.photo_source(name, settings, profile)
            source.fetch(watch(name))
            progress.console.print(f"{name}: {source.licence}")


def describe(settings: Settings) -> dict[str, Any]:
    """Profile, device, models, fillers and styles, and what of it is here."""
    profile, why = models.choose_profile(settings)
    return {
        "profile": profile,
        "because": why,
        "data": str(settings.data_dir.absolute()),
        "engine": asyncio.run(_running(settings)),
        "approaches": {row.number: f"{row.title}: {row.summary}" for row in PROFILES[profile].values()},
        "models": {model: _status(model) for model in (*_checkpoints(profile), *_embedded(profile))},
        "judge": JUDGES[profile],
        "fillers": _photo_sources(settings, profile),
        "styles": styles.names(settings, PROFILES[profile][STYLED].model),
    }


async def _running(settings: Settings) -> str:
    """The engine process that answers here and is given the jobs, or why there is none."""
    token = settings.engine_token.get_secret_value() if settings.engine_token else None
    client = EngineClient(settings.engine_address, settings.engine_socket, token)
    try:
        health = await client.health()
    except TesseraError as error:
        return str(error)
    finally:
        await client.close()
    return f"process {health['pid']} at {client.place}, {health['device']}"


def _checkpoints(profile: Profile) -> list[str]:
    """The hub's repositories that the profile needs."""
    repositories = [*(row.model for row in PROFILES[profile].values()), JUDGES[profile]]
    return [model for model in dict.fromkeys(repositories) if model != EMBEDDED]


def _embedded(profile: Profile) -> list[str]:
    return [EMBEDDED] if profile == "embedded" else []


def _photo_sources(settings: Settings, profile: Profile) -> list[str]:
    names = (fillers.default_source(row.fillers, settings) for row in PROFILES[profile].values())
    return [name for name in dict.fromkeys(names) if name in fillers.PHOTO_SOURCES]


def _status(model: str) -> str:
    return "here" if models.is_local(model) else "not fetched yet: python -m engine fetch"
