"""One style as a message: its card, its sample sheet or else its curve, and what moderators may do with it."""

from bot import texts
from bot.adopted import Adopted, Scope, press, scope_of
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
        raise BadCommand(no_such_style(name, list(cards)))
    picture = await _picture(asked, name)
    adopted = Adopted(asked.parts.database)
    scope = scope_of(asked)
    adopted_style, shipped = await adopted.style(scope), bool(cards[name].get("shipped"))
    is_adopted, is_worn = adopted_style == name, adopted_style == name or (adopted_style is None and shipped)
    head = f"*{name}*" + (" · adopted here" if is_adopted else " · used while none is adopted" if is_worn else "")
    use = f"Use it with: `/grid prompt:… approach:2{'' if is_worn else f' style:{name}'}`"
    lines = [head, *card_lines(cards[name]), use]
    buttons = _buttons(name, scope, adopted=is_adopted, ours=not shipped) if asked.person.moderator else ()
    return Message("\n".join(lines), (picture,) if picture else (), buttons)


def _buttons(name: str, scope: Scope, *, adopted: bool, ours: bool) -> tuple[Button, ...]:
    """They may be pressed where this message had to be shown, which need not be where it was asked for. What came with
    the model stays as it is.
    """
    back, adopt = press("rollback", name, scope), press("adopt", name, scope)
    first = Button("Roll back", back) if adopted else Button("Adopt", adopt, "primary")
    rename, delete = press("rename", name, scope), press("unstyle", name, scope)
    return (first, Button("Rename", rename), Button("Delete", delete, "danger")) if ours else (first,)


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


def no_such_style(name: str, names: list[str]) -> str:
    return f"{unknown(name[:60], names)}" if names else f"There is no style {texts.quoted(name, 40)}: {NONE_YET}"
