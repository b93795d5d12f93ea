"""The commands, one line each. A new one is one async function and one line here."""

from bot.command import Command, command
from bot.commands.cancel import cancel
from bot.commands.compare import compare
from bot.commands.finetune import finetune
from bot.commands.grid import grid
from bot.commands.help import help_
from bot.commands.history import history
from bot.commands.mydata import mydata
from bot.commands.queue import queue
from bot.commands.settings import settings
from bot.commands.show import cell, show
from bot.commands.status import status
from bot.commands.styles import styles

GRID = command(grid)
COMMANDS: tuple[Command, ...] = (
    GRID,
    command(compare, private=True, completes={"styles": "styles"}),
    command(show),
    command(cell),
    command(history, private=True),
    command(queue, private=True),
    command(cancel, private=True),
    command(status, private=True, moderators=True),
    command(styles, private=True),
    command(finetune, private=True, moderators=True, completes={"style": "art styles"}),
    command(settings, private=True),
    command(mydata, private=True),
    command(help_, private=True),
)
