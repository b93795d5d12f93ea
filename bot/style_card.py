"""One style as a message: its card, its sample sheet or else its curve, and what moderators may do with it."""

from bot import texts
from bot.adopted import Adopted, scope_of
from bot.asked import Asked
from bot.chat import Button, Message, Picture
from bot.errors import BadCommand
from bot.styles import NONE_YET, card_lines
from bot.training_pictures import plot_picture, sheet_picture
from bot.training_result import PLOT, SHEET
from engine.contract.errors import BadRequest
from engine.contract.sentence import unknown


async def show_style(asked: Asked, name: str) -> Message:
    """Raises BadCommand where there is no such style, EngineAway."""
    cards = {str(card.get("name")): card for card in await asked.parts.engine.client.styles()}
    if name not in cards:
        raise BadCommand(_missing(name, list(cards)))
    picture = await _picture(asked, name)
    adopted = Adopted(asked.parts.database)
    now = await adopted.style(scope_of(asked)) == name
    head = f"*{name}*" + (" · adopted here" if now else "")
    use = f"Use it with: `/grid prompt:… approach:2{'' if now else f' style:{name}'}`"
    lines = [head, *card_lines(cards[name]), use]
    buttons = _buttons(name, adopted=now) if asked.person.moderator else ()
    return Message("\n".join(lines), (picture,) if picture else (), buttons)


def _buttons(name: str, *, adopted: bool) -> tuple[Button, ...]:
    first = Button("Roll back", f"rollback:{name}") if adopted else Button("Adopt", f"adopt:{name}", "primary")
    return first, Button("Rename", f"rename:{name}"), Button("Delete", f"unstyle:{name}", "danger")


async def _picture(asked: Asked, name: str) -> Picture | None:
    """The sample sheet, or the curve; an imported style may have neither."""
    limit = (await asked.talk.limits()).file_bytes
    for file in (SHEET, PLOT):
        try:
            data = await asked.parts.engine.client.style_file(name, file)
        except BadRequest:
            continue
        if len(data) <= limit:
            return sheet_picture(name, name, data) if file == SHEET else plot_picture(name, name, data)
    return None


def _missing(name: str, known: list[str]) -> str:
    return f"{unknown(name[:60], known)}" if known else f"There is no style {texts.quoted(name, 40)}: {NONE_YET}"
