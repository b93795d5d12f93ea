"""/show and /cell: grids brought back, whole or one picture of them."""

from typing import Annotated

from pydantic import Field

from bot.asked import Asked
from bot.chat import Message
from bot.posting import tell_openly
from bot.showing import cell_message, show_job

Id = Annotated[str, Field(description="a grid's id, such as k3x9tq2m7d")]


async def show(asked: Asked, id: Id) -> Message | None:  # noqa: A002  # the option's name for people
    """Show a grid or comparison again, with its recipe, score and buttons."""
    return await show_job(asked, await asked.visible(id, comparison=True), openly=True)


async def cell(
    asked: Asked,
    id: Id,  # noqa: A002  # the option's name for people
    cell: Annotated[str, Field(description="column letter and row number, such as C4")],
) -> None:
    """One picture of a grid or comparison at full size, with its own prompt, seed and score."""
    job = await asked.visible(id, comparison=True)
    await tell_openly(asked, job, await cell_message(asked, job, cell, await asked.talk.limits()))
