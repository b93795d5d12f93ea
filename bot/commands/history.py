"""/history: a person's own grids, newest first."""

from typing import Annotated

from pydantic import Field

from bot import texts
from bot.asked import Asked
from bot.chat import Button, Menu, Message, Picture
from bot.grids import own_grids
from bot.jobs import JobRow
from bot.thumbnails import thumbnail

PAGE = 5


async def history(
    asked: Asked,
    search: Annotated[str | None, Field(max_length=60, description="words in the prompt")] = None,
    page: Annotated[int, Field(ge=1, le=100_000, description="which page, 1 is the newest")] = 1,
) -> Message:
    """Your own grids and comparisons, newest first; search them by prompt."""
    return await history_page(asked, search or "", page)


async def history_page(asked: Asked, search: str, page: int) -> Message:
    """One page with thumbnails, a menu to open a grid, and buttons to turn the page."""
    rows = await own_grids(asked.parts.database, asked.who, search, PAGE + 1, (page - 1) * PAGE)
    if not rows:
        where = f" with {texts.quoted(search, 60)} in the prompt" if search else ""
        return Message(
            f"You have no grids{where} on page {page}. Make one with /grid." if page == 1 else "That was the last page."
        )
    jobs = rows[:PAGE]
    lines = [_line(job) for job in jobs]
    pictures = [await _thumbnail(asked, job) for job in jobs]
    menu = Menu("Open a grid", "show:grid", tuple((texts.plain(job.prompt, 80) or job.id, job.id) for job in jobs))
    tail = f":{search}" if search else ""
    turns = [Button("Newer", f"history:{page - 1}{tail}")] if page > 1 else []
    turns += [Button("Older", f"history:{page + 1}{tail}")] if len(rows) > PAGE else []
    return Message("\n".join(lines), tuple(p for p in pictures if p), tuple(turns), menu)


def _line(job: JobRow) -> str:
    score = job.grid_score
    mean = f" · {score.mean:.3f}" if score and score.mean is not None else ""
    note = " · pictures removed" if job.pruned else "" if job.state == "delivered" else f" · {texts.state(job.state)}"
    kind = f"comparing {job.comparison_order.compares}" if job.comparison else f"approach {job.order.approach}"
    return f"`{job.id}` {texts.quoted(job.prompt, 80)} · {kind}{mean}{note}"


async def _thumbnail(asked: Asked, job: JobRow) -> Picture | None:
    data = await thumbnail(asked.parts, job)
    return (
        Picture(f"tessera-{job.id}-small.jpg", data, f"Thumbnail of grid {job.id}: {texts.plain(job.prompt)}")
        if data
        else None
    )
