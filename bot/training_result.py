"""A trained style as a message: why it ended, what was learned, the sheet, the curve, and what to do with it."""

from contextlib import suppress
from dataclasses import replace

from bot import trained
from bot.chat import Attempt, Message, Talk
from bot.errors import TooLarge
from bot.jobs import JobRow
from bot.parts import Parts
from bot.styles import card_lines
from bot.training_pictures import plot_picture, sheet_picture
from bot.trainings import decode_picture
from engine.contract.errors import TesseraError
from engine.contract.training import StyleTrained

SHEET, PLOT = "samples.png", "training_loss.png"


async def style_message(parts: Parts, job: JobRow, style: StyleTrained) -> Message:
    """With the card and the pictures, as far as they can be had: the style is there also when the engine is not."""
    lines, pictures = [trained.result(style)], []
    sheet = decode_picture(style.sheet)
    with suppress(TesseraError):
        lines += card_lines(await parts.engine.client.style(style.name), training=False)
        sheet = sheet or await parts.engine.client.style_file(style.name, SHEET)
    if sheet:
        pictures.append(sheet_picture(style.name, job.id, sheet))
    plot = await parts.trainings.plot(job)
    if plot:
        pictures.append(plot_picture(style.name, job.id, plot))
    return Message("\n".join(lines), tuple(pictures), trained.buttons(style.name))


async def post_style(message: Message, talk: Talk, attempt: Attempt, calls: str | None = None) -> str:
    """Post it with its pictures, the last left out first where they are too large for this destination."""
    limit = (await talk.limits()).file_bytes
    pictures = tuple(picture for picture in message.pictures if len(picture.data) <= limit)
    while True:
        try:
            return await talk.post(replace(message, pictures=pictures, calls=calls), attempt)
        except TooLarge:
            if not pictures:
                raise
            pictures = pictures[:-1]
