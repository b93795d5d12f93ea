"""A progress bar for a download, on standard error; nothing is shown where nothing is fetched."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from engine.fetching import OnBytes


@contextlib.contextmanager
def download_bar(title: str) -> Iterator[OnBytes]:
    """Gives the function to call with bytes (done, total), from any thread."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=None, visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=done < total)
