"""What stands in a folder stands in its table, and what stands in a table can be ordered: nobody forgets a line."""

import hashlib
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from adapters import PLATFORMS
from bot.commands import COMMANDS
from engine.contract.approaches import FAST, PROFILES, FillerSource, Number, Profile
from engine.contract.events import VERSION, Event
from engine.contract.orders import Job
from engine.fillers import PHOTO_SOURCES
from engine.metrics import METRICS

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("profile", PROFILES)
def test_an_order_may_name_the_approaches_of_every_profile_and_no_others(profile: Profile) -> None:
    rows = PROFILES[profile]

    assert tuple(rows) == tuple(row.number for row in rows.values()) == get_args(Number)
    assert {row.model for row in rows.values()} <= FAST.keys()


def test_an_order_may_name_every_source_of_fillers_and_no_other() -> None:
    assert {*PHOTO_SOURCES, "generated"} == set(get_args(FillerSource))


def test_every_file_with_a_metric_is_in_the_table_of_metrics() -> None:
    files = [file for file in (ROOT / "engine" / "metrics").glob("*.py") if "\nMETRIC = " in file.read_text()]

    assert {f"engine.metrics.{file.stem}:METRIC" for file in files} == set(METRICS.values())


def test_every_file_of_the_commands_is_in_the_table_of_commands() -> None:
    files = {file.stem for file in (ROOT / "bot" / "commands").glob("[!_]*.py")}

    assert {f"bot.commands.{name}" for name in files} == {command.run.__module__ for command in COMMANDS}


def test_every_adapter_is_in_the_table_of_platforms() -> None:
    folders = {init.parent.name for init in (ROOT / "adapters").glob("*/__init__.py")}

    assert folders == PLATFORMS.keys()


def test_whoever_changes_what_bot_and_engine_say_to_each_other_raises_its_version() -> None:
    said = json.dumps(_without_words(TypeAdapter(tuple[Job, Event]).json_schema()), sort_keys=True)

    digest = hashlib.sha256(said.encode()).hexdigest()[:12]

    assert (VERSION, digest) == (3, "222649790cef"), "raise VERSION in engine/contract/events.py, and write both here"


def _without_words(schema: Any) -> Any:
    """What helps people to understand it is free to change."""
    if isinstance(schema, dict):
        words = {name for name in ("description", "title") if isinstance(schema.get(name), str)}
        return {name: _without_words(part) for name, part in schema.items() if name not in words}
    return [_without_words(part) for part in schema] if isinstance(schema, list) else schema
