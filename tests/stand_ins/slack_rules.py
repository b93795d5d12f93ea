"""What Slack accepts: the limits of texts, blocks and views, and the methods with their scopes and required fields."""

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

# method: (scope, required arguments)
METHODS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "auth.test": (None, ()),
    "apps.connections.open": (None, ()),
    "chat.postMessage": ("chat:write", ("channel",)),
    "chat.postEphemeral": ("chat:write", ("channel", "user")),
    "chat.update": ("chat:write", ("channel", "ts")),
    "chat.delete": ("chat:write", ("channel", "ts")),
    "conversations.info": ("channels:read", ("channel",)),
    "conversations.join": ("channels:join", ("channel",)),
    "conversations.open": ("im:write", ("users",)),
    "conversations.replies": ("channels:history", ("channel", "ts")),
    "conversations.history": ("channels:history", ("channel",)),
    "files.getUploadURLExternal": ("files:write", ("filename", "length")),
    "files.completeUploadExternal": ("files:write", ("files",)),
    "files.info": ("files:read", ("file",)),
    "files.delete": ("files:write", ("file",)),
    "users.info": ("users:read", ("user",)),
    "views.open": (None, ("trigger_id", "view")),
    "views.publish": (None, ("user_id", "view")),
}
TAKES_JSON = {"chat.postMessage", "chat.postEphemeral", "chat.update", "chat.delete", "views.open", "views.publish"}
SHOWN = {"png", "jpg", "gif"}


class Refused(Exception):
    """Slack's `error` code; `detail` goes into `response_metadata.messages`, as on the real service."""

    def __init__(self, code: str, detail: str = "", **more: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.more = code, detail, more


def check_text(text: str, blocks: list[Json] | None) -> None:
    if not text and not blocks:
        raise Refused("no_text")
    if not text:
        raise Refused("invalid_arguments", "text is what notifications and screen readers get")
    if len(text) > 4000:
        raise Refused("msg_too_long")
    check_mentions(text)


def check_mentions(text: str) -> None:
    """Nastier than Slack: in these tests a bot may call one person, on a line alone at the end, and no others."""
    if re.search(r"<!(?!date\^)|<@", re.sub(r"(^|\n)<@U\w+>$", "", text)):
        raise Refused("invalid_arguments", f"the text mentions somebody: {text[:80]}")


def check_blocks(blocks: list[Json], file_ready: Callable[[str], bool], most: int = 50) -> None:
    if len(blocks) > most:
        raise Refused("invalid_blocks", "too many blocks")
    seen: set[str] = set()
    for block in blocks:
        _BLOCKS.get(block.get("type", ""), _unknown)(block, file_ready)
        for element in [*block.get("elements", []), block.get("accessory") or {}, block.get("element") or {}]:
            action = element.get("action_id")
            _want(action is None or action not in seen, f"action_id {action} twice")
            seen.add(action or "")


def check_view(view: Json, file_ready: Callable[[str], bool]) -> None:
    _want(len(view.get("private_metadata", "")) <= 3000, "private_metadata too long")
    if view["type"] == "modal":
        _plain(view.get("title"), 24)
        if any(block["type"] == "input" for block in view["blocks"]):
            _plain(view.get("submit"), 24)
    _want(len(view.get("callback_id", "")) <= 255, "callback_id too long")
    ids = [block["block_id"] for block in view["blocks"] if "block_id" in block]
    _want(len(ids) == len(set(ids)), "block_id twice")
    check_blocks(view["blocks"], file_ready, 100)


def _want(holds: object, detail: str) -> None:
    if not holds:
        raise Refused("invalid_blocks", detail)


def _unknown(block: Json, _: Callable[[str], bool]) -> None:
    _want(False, f"unknown block {block.get('type')}")


def _plain(text: Json | None, limit: int) -> None:
    _want(text and text.get("type") == "plain_text", "plain_text wanted")
    _want(1 <= len((text or {})["text"]) <= limit, f"text of 1 to {limit} characters wanted: {text}")


def _section(block: Json, _: Callable[[str], bool]) -> None:
    text = block.get("text") or {}
    _want(text.get("type") in ("mrkdwn", "plain_text"), "a section's text has a type")
    _want(1 <= len(text.get("text", "")) <= 3000, "a section's text has 1 to 3000 characters")
    check_mentions(text["text"])
    if block.get("accessory"):
        _element(block["accessory"])


def _image(block: Json, file_ready: Callable[[str], bool]) -> None:
    _want(1 <= len(block.get("alt_text", "")) <= 2000, "alt_text is required, up to 2000 characters")
    _want(("slack_file" in block) != ("image_url" in block), "either slack_file or image_url")
    if "slack_file" in block:
        _want(file_ready(block["slack_file"]["id"]), "invalid slack file")


def _actions(block: Json, _: Callable[[str], bool]) -> None:
    _want(1 <= len(block["elements"]) <= 25, "1 to 25 elements")
    for element in block["elements"]:
        _element(element)


def _context(block: Json, _: Callable[[str], bool]) -> None:
    _want(1 <= len(block["elements"]) <= 10, "1 to 10 elements")
    for element in block["elements"]:
        _want(element["type"] in ("mrkdwn", "plain_text") and element["text"], "a context's text has a type")
        check_mentions(element["text"])


def _header(block: Json, _: Callable[[str], bool]) -> None:
    _plain(block.get("text"), 150)


def _input(block: Json, _: Callable[[str], bool]) -> None:
    _plain(block.get("label"), 2000)
    _want(len(block.get("block_id", "")) <= 255, "block_id too long")
    _element(block["element"])


def check_options(options: list[Json]) -> None:
    _want(len(options) <= 100, "up to 100 options")
    for option in options:
        _plain(option["text"], 75)
        _want(1 <= len(option["value"]) <= 150, "an option's value has 1 to 150 characters")


def _element(element: Json) -> None:
    _want(1 <= len(element.get("action_id", "")) <= 255, "action_id has 1 to 255 characters")
    _want(element["type"] in _ELEMENTS, f"unknown element {element['type']}")
    _ELEMENTS[element["type"]](element)


def _button(element: Json) -> None:
    _plain(element.get("text"), 75)
    _want(len(element.get("value", "")) <= 2000, "a button's value has up to 2000 characters")
    _want(element.get("style") in (None, "primary", "danger"), "style")


def _select(element: Json) -> None:
    _want(element.get("options"), "1 to 100 options")
    check_options(element["options"])
    _want(element.get("initial_option", element["options"][0]) in element["options"], "initial_option is an option")
    _placeholder(element)


def _external(element: Json) -> None:
    _want(isinstance(element.get("min_query_length", 3), int), "min_query_length is a number")
    _placeholder(element)


def _conversations(element: Json) -> None:
    chosen = element.get("filter") or {"include": ["im"]}
    _want(set(chosen.get("include", ["im"])) <= {"im", "mpim", "private", "public"}, "filter: unknown kind")
    _placeholder(element)


def _placeholder(element: Json) -> None:
    if "placeholder" in element:
        _plain(element["placeholder"], 150)


def _typed(element: Json) -> None:
    _want(len(element.get("initial_value", "")) <= 3000, "initial_value has up to 3000 characters")
    _want(1 <= element.get("max_length", 3000) <= 3000, "max_length up to 3000")


def _number(element: Json) -> None:
    _want(isinstance(element.get("is_decimal_allowed"), bool), "is_decimal_allowed is required")
    for bound in ("min_value", "max_value"):
        _want(isinstance(element.get(bound, "0"), str), f"{bound} is a string")
        _want(element["is_decimal_allowed"] or int(element.get(bound, "0")) is not None, f"{bound} is whole")


_BLOCKS: dict[str, Callable[[Json, Callable[[str], bool]], None]] = {
    "section": _section,
    "image": _image,
    "actions": _actions,
    "context": _context,
    "header": _header,
    "input": _input,
}
_ELEMENTS: dict[str, Callable[[Json], None]] = {
    "button": _button,
    "static_select": _select,
    "external_select": _external,
    "conversations_select": _conversations,
    "plain_text_input": _typed,
    "number_input": _number,
}
