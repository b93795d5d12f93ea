"""Discord's rules for messages, controls, forms and commands: lengths, counts, required fields; and two of our own."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.stand_ins.discord_server.refusals import EMPTY, TOO_LARGE, invalid, need

_FILE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_COMMAND_NAME = re.compile(r"[-_a-z0-9]{1,32}")
_ROW, _BUTTON, _SELECT, _TEXT_INPUT, _LABEL = 1, 2, 3, 4, 18
_REQUEST = 25 * 1024 * 1024  # docs.discord.com/developers/resources/message, "Create Message"
_MOST = {1: 100, 2: 15, 3: 15}
_VALUES: dict[int, Any] = {3: str, 4: int, 10: (int, float)}


def check_message(payload: Mapping[str, Any], files: Mapping[int, tuple[str, bytes]], *, largest: int) -> None:
    """A message or an edit. Our own two: it must forbid all mentions, and file names must be plain."""
    content = payload.get("content") or ""
    need(len(content) <= 2000, "content: Must be 2000 or fewer in length.")
    if not content.strip() and not files and not payload.get("components") and not payload.get("attachments"):
        raise EMPTY
    need(payload.get("allowed_mentions", {}).get("parse") == [], "allowed_mentions: everybody could be pinged.")
    check_files(payload, files, largest=largest)
    check_components(payload.get("components") or [])


def check_files(payload: Mapping[str, Any], files: Mapping[int, tuple[str, bytes]], *, largest: int) -> None:
    need(len(payload.get("attachments") or files) <= 10, "files: at most 10.")
    sizes = [len(data) for _, data in files.values()]
    if max(sizes, default=0) > largest or sum(sizes) > _REQUEST:
        raise TOO_LARGE
    listed = {entry["id"]: entry for entry in payload.get("attachments") or []}
    for at, (name, data) in files.items():
        need(at in listed, f"attachments: files[{at}] is not described.")
        need(listed[at].get("filename") == name, f"attachments: files[{at}] has two names.")
        need(_FILE_NAME.fullmatch(name), f"attachments: {name!r} is no plain file name.")
        need(data, f"files[{at}]: empty.")
        need(len(listed[at].get("description") or "") <= 1024, "attachments: description is too long.")


def check_components(rows: list[Any]) -> None:
    need(len(rows) <= 5, "components: at most 5 rows.")
    seen: set[str] = set()
    for row in rows:
        need(row["type"] == _ROW and 1 <= len(row["components"]) <= 5, "components: a row holds 1 to 5.")
        for control in row["components"]:
            need(1 <= len(control["custom_id"]) <= 100, "custom_id: 1 to 100 characters.")
            need(control["custom_id"] not in seen, "custom_id: used twice.")
            seen.add(control["custom_id"])
            _check_control(control, alone=len(row["components"]) == 1)


def check_modal(data: Mapping[str, Any]) -> None:
    need(1 <= len(data["title"]) <= 45, "title: 1 to 45 characters.")
    need(1 <= len(data["custom_id"]) <= 100, "custom_id: 1 to 100 characters.")
    need(1 <= len(data["components"]) <= 5, "components: 1 to 5.")
    for label in data["components"]:
        need(label["type"] == _LABEL and 1 <= len(label["label"]) <= 45, "label: 1 to 45 characters.")
        line = label["component"]
        need(line["type"] == _TEXT_INPUT and line["style"] in (1, 2), "component: a text input.")
        need(1 <= len(line["custom_id"]) <= 100, "custom_id: 1 to 100 characters.")
        need(len(line.get("value") or "") <= 4000, "value: 4000 or fewer.")


def check_commands(commands: Any) -> None:
    need(isinstance(commands, list), "commands: a list.")
    kinds = Counter(command.get("type", 1) for command in commands)
    need(all(number <= _MOST[kind] for kind, number in kinds.items()), "commands: at most 100, 15 on messages.")
    names = [(command.get("type", 1), command["name"]) for command in commands]
    need(len(set(names)) == len(names), "name: used twice.")
    for command in commands:
        need(set(command.get("contexts") or ()) <= {0, 1, 2}, "contexts: 0 to 2.")
        need(set(command.get("integration_types", ())) <= {0, 1}, "integration_types: 0 or 1.")
        rights = command.get("default_member_permissions")
        need(rights is None or (isinstance(rights, str) and rights.isdigit()), "default_member_permissions: a string.")
        if command.get("type", 1) == 1:
            _check_slash(command)
        else:
            need(_filled(command["name"], 32), "name: 1 to 32 characters.")
            need(not command.get("description") and "options" not in command, "a message command has a name only.")


def _check_control(control: Mapping[str, Any], *, alone: bool) -> None:
    if control["type"] == _BUTTON:
        need(_filled(control["label"], 80), "label: 1 to 80 characters.")
        need(control["style"] in (1, 2, 3, 4), "style: 1 to 4.")
        return
    need(control["type"] == _SELECT and alone, "a menu has a row of its own.")
    need(1 <= len(control["options"]) <= 25, "options: 1 to 25.")
    need(len(control.get("placeholder") or "") <= 150, "placeholder: 150 or fewer.")
    values = [option["value"] for option in control["options"]]
    need(len(set(values)) == len(values), "options: a value is used twice.")
    for option in control["options"]:
        need(_filled(option["label"], 100) and _filled(option["value"], 100), "options: 1 to 100 characters.")


def _check_slash(command: Mapping[str, Any]) -> None:
    need(_COMMAND_NAME.fullmatch(command["name"]), f"name: {command['name']!r}.")
    need(1 <= len(command["description"]) <= 100, "description: 1 to 100 characters.")
    options = command.get("options", [])
    need(len(options) <= 25, "options: at most 25.")
    required = [option.get("required", False) for option in options]
    need(required == sorted(required, reverse=True), "options: the required ones come first.")
    need(len({option["name"] for option in options}) == len(options), "options: a name is used twice.")
    for option in options:
        _check_option(option)
    if _letters(command) > 8000:
        raise invalid("a command holds 8000 characters in all.")


def _check_option(option: Mapping[str, Any]) -> None:
    need(_COMMAND_NAME.fullmatch(option["name"]), f"name: {option['name']!r}.")
    need(1 <= len(option["description"]) <= 100, "description: 1 to 100 characters.")
    need(option["type"] in (3, 4, 5, 10), "type: not known here.")
    offers = {"choices", "autocomplete"} & {name for name, given in option.items() if given}
    need(not offers or option["type"] != 5, "a yes or no offers nothing.")
    bounds = [option[name] for name in ("min_value", "max_value") if name in option]
    need(not bounds or option["type"] in (4, 10), "only numbers have bounds.")
    need(all(isinstance(bound, _VALUES[option["type"]]) and abs(bound) <= 2**53 for bound in bounds), "bounds: 2**53.")
    need("max_length" not in option or option["type"] == 3, "only texts have a length.")
    need(not (option.get("choices") and option.get("autocomplete")), "choices and autocomplete exclude each other.")
    need(1 <= option.get("max_length", 1) <= 6000, "max_length: 1 to 6000.")
    choices = option.get("choices", [])
    need(len(choices) <= 25, "choices: at most 25.")
    for choice in choices:
        check_choice(choice, option)


def check_choice(choice: Mapping[str, Any], option: Mapping[str, Any]) -> None:
    need(_filled(choice["name"], 100), "choices: a name has 1 to 100 characters.")
    need(isinstance(choice["value"], _VALUES[option["type"]]), "choices: a value of the option's type.")
    need(option["type"] != 3 or _filled(choice["value"], 100), "choices: a value has 1 to 100 characters.")
    need(option["type"] == 3 or abs(choice["value"]) <= 2**53, "choices: a number is at most 2**53.")


def _filled(text: str, most: int) -> bool:
    """Blanks alone count as nothing."""
    return bool(text.strip()) and len(text) <= most


def _letters(command: Mapping[str, Any]) -> int:
    parts = [command, *command.get("options", [])]
    parts += [choice for option in command.get("options", []) for choice in option.get("choices", [])]
    return sum(len(str(part.get(key, ""))) for part in parts for key in ("name", "description", "value"))
