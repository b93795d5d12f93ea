"""The stand-in is as strict as it says."""

from typing import Any

import aiohttp
import pytest

from adapters.discord.platform import DiscordPlatform
from tests.discord_adapter.running import SHEET, grid, platform_for, reply, running, said
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import DiscordServer
from tests.stand_ins.discord_server.refusals import Refusal
from tests.stand_ins.discord_server.rules import check_commands, check_message

QUIET: dict[str, Any] = {"allowed_mentions": {"parse": []}}
BUTTON = {"type": 2, "style": 2, "label": "Again", "custom_id": "again"}


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({"content": "x"}, "pinged"),
        ({"content": "x" * 2001, **QUIET}, "2000"),
        ({"content": "", **QUIET}, "empty"),
        ({"components": [{"type": 1, "components": [BUTTON, BUTTON]}], **QUIET}, "twice"),
        ({"components": [{"type": 1, "components": [BUTTON | {"custom_id": "x" * 101}]}], **QUIET}, "custom_id"),
        ({"components": [{"type": 1, "components": [BUTTON | {"label": "x" * 81}]}], **QUIET}, "label"),
        ({"components": [{"type": 1, "components": [BUTTON | {"label": " "}]}], **QUIET}, "label"),
        ({"components": [{"type": 1, "components": [BUTTON]}] * 6, **QUIET}, "5 rows"),
        ({"components": [{"type": 1, "components": []}], **QUIET}, "1 to 5"),
    ],
)
def test_the_stand_in_refuses_a_malformed_message(payload: dict[str, Any], says: str) -> None:
    with pytest.raises(Refusal, match=says):
        check_message(payload, {}, largest=100)


@pytest.mark.parametrize(
    ("entry", "file", "says"),
    [
        ({"id": 0, "filename": "a.png"}, ("a.png", b"x" * 101), "too large"),
        ({"id": 0, "filename": "a.png"}, ("a.png", b""), "empty"),
        ({"id": 1, "filename": "a.png"}, ("a.png", b"x"), "not described"),
        ({"id": 0, "filename": "a.png"}, ("b.png", b"x"), "two names"),
        ({"id": 0, "filename": "a cat.png"}, ("a cat.png", b"x"), "plain"),
        ({"id": 0, "filename": "a.png", "description": "x" * 1025}, ("a.png", b"x"), "too long"),
    ],
)
def test_the_stand_in_refuses_a_malformed_file(entry: dict[str, Any], file: tuple[str, bytes], says: str) -> None:
    with pytest.raises(Refusal, match=says):
        check_message({"attachments": [entry], **QUIET}, {0: file}, largest=100)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Grid"}, "name"),
        ({"description": ""}, "description"),
        ({"contexts": [3]}, "contexts"),
        ({"default_member_permissions": 32}, "string"),
        ({"options": [{"type": 3, "name": "a", "description": "a"}] * 2}, "twice"),
        ({"options": [{"type": 3, "name": "a", "description": "a", "max_value": 1}]}, "bounds"),
        ({"options": [{"type": 4, "name": "a", "description": "a", "max_value": 2**54}]}, "bounds"),
        ({"options": [{"type": 5, "name": "a", "description": "a", "autocomplete": True}]}, "yes or no"),
        ({"options": [{"type": 4, "name": "a", "description": "a", "max_length": 9}]}, "length"),
        (
            {"options": [{"type": 3, "name": "a", "description": "a", "choices": [{"name": " ", "value": "1"}]}]},
            "choices",
        ),
        ({"description": "x" * 101}, "description"),
        ({"options": [{"type": 3, "name": "a", "description": "a"}] * 26}, "at most 25"),
        (
            {
                "options": [
                    {"type": 3, "name": "a", "description": "a"},
                    {"type": 3, "name": "b", "description": "b", "required": True},
                ]
            },
            "required",
        ),
        (
            {"options": [{"type": 4, "name": "a", "description": "a", "choices": [{"name": "1", "value": "1"}]}]},
            "option's type",
        ),
        (
            {
                "options": [
                    {
                        "type": 3,
                        "name": "a",
                        "description": "a",
                        "autocomplete": True,
                        "choices": [{"name": "1", "value": "1"}],
                    }
                ]
            },
            "exclude",
        ),
    ],
)
def test_the_stand_in_refuses_a_malformed_command(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Refusal, match=says):
        check_commands([{"type": 1, "name": "grid", "description": "Paint", "options": []} | change])


async def test_the_stand_in_makes_the_first_further_message_the_reply_that_everybody_was_promised(
    server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform
) -> None:
    told, _ = await grid(server, core)
    private = {"content": "for you alone", "flags": 64, **QUIET}

    async with aiohttp.ClientSession() as session:
        url = f"{server.url}/webhooks/{server.state.bot.id}/{told.token}"
        assert (await session.post(url, json=private, headers={"Content-Type": "application/json"})).status == 200

    assert not reply(server, told).ephemeral


async def test_the_stand_in_forgets_a_nonce(core: ScriptedCore) -> None:
    async with DiscordServer(nonce_lives=0) as server, running(platform_for(server), core, server):
        _, heard = await said(server, core)

        await heard.talk.post(SHEET, delivery("job-post"))
        await heard.talk.post(SHEET, delivery("job-post"))

        assert sum(bool(posted.files) for posted in server.state.posted.values()) == 2
