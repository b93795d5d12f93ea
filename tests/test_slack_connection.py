"""How the Slack adapter connects and stays connected, what it refuses to start with, and that the manifest is true."""

import asyncio
import logging
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

import adapters.slack
from adapters.slack import scopes
from adapters.slack.platform import Slack
from bot.chat import Message
from bot.commands import COMMANDS
from bot.errors import BotError
from bot.grammar import parse
from tests.slack_core import PNG, SHEET, Notes, Scene, ScriptedCore, adapter, bot, both, scene, slack
from tests.stand_ins.slack_rules import METHODS
from tests.stand_ins.slack_server import BOT_TOKEN, MANIFEST, SlackServer
from tests.stand_ins.slack_workspace import Times

__all__ = ["bot", "both", "slack"]


@pytest.mark.parametrize("how", ["refresh", "warning", "close", "abort"])
async def test_a_lost_socket_is_replaced_and_commands_go_on(slack: SlackServer, how: str) -> None:
    async with scene(slack) as bot:
        await slack.drop_sockets(how)

        answer = await asyncio.wait_for(bot.ada.command("C1", "/grid", "a cat"), 5)

        assert answer.acknowledged
        assert len(slack.calls("apps.connections.open")) == 2


async def test_a_socket_comes_back_though_slack_refuses_for_a_while(slack: SlackServer) -> None:
    async with scene(slack) as bot:
        slack.fault("apps.connections.open", "internal_error", 3)
        await slack.drop_sockets("abort")

        answer = await asyncio.wait_for(bot.ada.command("C1", "/grid", "a cat"), 10)

        assert answer.acknowledged


async def test_slack_being_down_at_the_start_is_waited_out(slack: SlackServer) -> None:
    await slack.stop()
    platform, core = adapter(slack), ScriptedCore()
    running = asyncio.create_task(platform.run(core))
    done, _ = await asyncio.wait({running}, timeout=0.1)
    assert not done

    await slack.start()
    await asyncio.wait_for(platform.ready.wait(), 10)
    running.cancel()
    await asyncio.wait({running})

    assert len(slack.calls("auth.test")) == 1


async def test_a_stop_lets_what_is_being_heard_be_committed(both: Scene, slack: SlackServer) -> None:
    heard = asyncio.Event()
    committed: list[str] = []

    async def commit(asked: Any) -> None:
        heard.set()
        await asyncio.wait({stopping}, timeout=0.05)
        committed.append(asked.event)

    both.core.answer = commit
    command = asyncio.create_task(both.ada.command("C1", "/grid", "a cat"))
    stopping = asyncio.create_task(asyncio.Event().wait())
    await heard.wait()
    both.running.cancel()
    await asyncio.wait({both.running})
    stopping.cancel()

    assert len(committed) == 1
    command.cancel()


@pytest.mark.parametrize("kind", ["500", "html", "cut", "internal_error"])
async def test_a_faulty_slack_at_the_start_is_asked_again(slack: SlackServer, kind: str) -> None:
    slack.fault("auth.test", kind, 2)
    slack.fault("apps.connections.open", kind, 2)

    async with scene(slack) as bot:
        assert (await bot.ada.command("C1", "/grid", "a cat")).acknowledged


@pytest.mark.parametrize("wrong", ["bot_token", "app_token"])
async def test_a_wrong_token_ends_with_a_clear_sentence_that_does_not_hold_it(
    slack: SlackServer, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform = adapter(slack, **{wrong: "xoxb-my-secret"})

    with pytest.raises(BotError, match=f"SLACK_{wrong.upper()}") as caught:
        await platform.run(ScriptedCore())

    assert "my-secret" not in str(caught.value)
    assert "my-secret" not in caplog.text


async def test_neither_secret_nor_app_token_is_said_before_anything_is_called(slack: SlackServer) -> None:
    platform = adapter(slack, app_token=None)

    with pytest.raises(BotError, match=r"SLACK_APP_TOKEN .* or SLACK_SIGNING_SECRET"):
        await platform.run(ScriptedCore())

    assert slack.log == []


async def test_a_port_that_is_taken_is_waited_for(slack: SlackServer) -> None:
    async with scene(slack, requests=True) as first:
        port = first.platform.listening
        second = adapter(slack, requests=True, port=port)
        running = asyncio.create_task(second.run(ScriptedCore()))
        done, _ = await asyncio.wait({running}, timeout=0.1)
        assert not done
    await asyncio.wait_for(second.ready.wait(), 5)

    assert second.listening == port
    running.cancel()
    await asyncio.wait({running})


async def test_a_token_in_the_environment_makes_no_false_alarm(
    slack: SlackServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)

    async with scene(slack) as bot:
        assert (await bot.ada.command("C1", "/grid", "a cat")).acknowledged

    assert "unused" not in caplog.text


async def test_no_token_prompt_or_answer_reaches_the_log(slack: SlackServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with scene(slack) as bot:
        talk, notes = await bot.talk(), Notes()
        await talk.say(Message("a private prompt"), notes.attempt("say"))
        await talk.post(Message("a private prompt", (SHEET,)), notes.attempt("post"))

    assert "a private prompt" not in caplog.text
    assert BOT_TOKEN not in caplog.text


def settings(**given: Any) -> Any:
    names = ("slack_bot_token", "slack_app_token", "slack_signing_secret", "slack_api_url")
    return SimpleNamespace(**(dict.fromkeys(names) | {"slack_port": 3000, "moderators": ("slack:U1",)} | given))


def test_without_a_bot_token_there_is_no_platform() -> None:
    assert adapters.slack.make(settings()) is None


def test_the_platform_is_made_from_the_settings() -> None:
    made = adapters.slack.make(settings(slack_bot_token=SecretStr("xoxb-1"), slack_app_token=SecretStr("xapp-1")))

    assert isinstance(made, Slack)
    assert (made.name, made.edits_per_minute) == ("slack", 50.0)


def test_the_manifest_names_the_commands_scopes_events_and_shortcuts_of_the_adapter(slack_manifest: Any) -> None:
    features, told = slack_manifest["features"], slack_manifest["settings"]

    assert tuple(each["command"] for each in features["slash_commands"]) == scopes.COMMANDS
    assert sorted(slack_manifest["oauth_config"]["scopes"]["bot"]) == sorted(scopes.SCOPES)
    assert tuple(sorted(told["event_subscriptions"]["bot_events"])) == scopes.EVENTS
    shortcuts = {each["callback_id"]: each["type"] for each in features["shortcuts"]}
    assert shortcuts == {
        scopes.NEW_GRID: "global",
        scopes.GRID_FROM_THIS: "message",
        scopes.SCORE_THIS: "message",
    }
    assert features["app_home"]["home_tab_enabled"]
    assert told["interactivity"]["is_enabled"]


@pytest.mark.parametrize("command", ["/grid", "/compare", "/finetune"])
def test_what_slack_hints_at_after_a_command_is_no_plea_for_help(slack_manifest: Any, command: str) -> None:
    hints = {each["command"]: each["usage_hint"] for each in slack_manifest["features"]["slash_commands"]}
    _, options = parse(f"{command} {hints[command]}", COMMANDS)

    assert len(options) > 1
    assert "help" not in options.values()


def test_the_manifest_asks_for_the_scope_of_every_method_that_is_called(slack_manifest: Any) -> None:
    code = "".join(path.read_text() for path in Path(adapters.slack.__file__).parent.glob("*.py"))
    called = {name for name in METHODS if f'"{name.replace(".", "_")}"' in code}
    needed = {METHODS[name][0] for name in called} - {None}

    assert len(called) >= 15
    assert needed <= set(slack_manifest["oauth_config"]["scopes"]["bot"])


def test_slacks_limits_of_a_manifest_are_kept(slack_manifest: Any) -> None:
    """https://docs.slack.dev/reference/app-manifest"""
    assert len(slack_manifest["display_information"]["name"]) <= 35
    assert len(slack_manifest["display_information"]["description"]) <= 140
    assert len(slack_manifest["features"]["bot_user"]["display_name"]) <= 80
    assert len(slack_manifest["features"]["shortcuts"]) <= 10
    for shortcut in slack_manifest["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["callback_id"]) <= 255
        assert len(shortcut["description"]) <= 150
    for command in slack_manifest["features"]["slash_commands"]:
        assert re.fullmatch(r"/[a-z]{1,31}", command["command"])
        assert 1 <= len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000


@pytest.fixture
def slack_manifest() -> Any:
    return SlackServer().manifest


def _block(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"channel": "C1", "text": "x", "blocks": [more]}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"channel": "C1", "text": "x" * 4001}, "msg_too_long"),
        ({"channel": "C1", "text": "<!channel> x"}, "invalid_arguments"),
        ({"channel": "C9", "text": "x"}, "channel_not_found"),
        (_block(type="section", text={"type": "mrkdwn", "text": ""})(), "invalid_blocks"),
        (_block(type="image", slack_file={"id": "F1"})(), "invalid_blocks"),
        (_block(type="image", slack_file={"id": "F1"}, alt_text="x")(), "invalid_blocks"),
    ],
)
async def test_the_stand_in_refuses_what_slack_refuses(
    slack: SlackServer, arguments: dict[str, Any], code: str
) -> None:
    client = AsyncWebClient(BOT_TOKEN, slack.api_url)

    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(**arguments)

    assert caught.value.response["error"] == code


async def test_the_stand_in_shows_shares_and_types_late_and_private_files_to_nobody_else(bot: Any) -> None:
    talk, notes = await bot.talk(), Notes()
    await talk.say(Message("x"), notes.attempt("say"))
    await talk.post(Message("x", (SHEET,)), notes.attempt("post"))
    client = AsyncWebClient(BOT_TOKEN, bot.slack.api_url)
    file = notes.noted["post"].removeprefix("file:")

    seen = [(await client.files_info(file=file))["file"] for _ in range(3)]
    async with aiohttp.ClientSession() as session:
        async with session.get(seen[0]["url_private"]) as answer:
            page = await answer.text()
        async with session.get(seen[0]["url_private"], headers={"Authorization": f"Bearer {BOT_TOKEN}"}) as answer:
            data = await answer.read()

    assert [bool(each["shares"]) for each in seen] == [False, False, True]
    assert page == "<html>Sign in</html>"
    assert data == PNG


async def test_the_stand_in_delivers_an_unacknowledged_event_again_and_a_command_only_once() -> None:
    async with SlackServer(Times(ack=0.02)) as slack:
        slack.channel("C1")
        async with scene(slack) as bot:
            forever = asyncio.Event()

            async def hang(_: Any) -> None:
                await forever.wait()

            bot.core.answer = hang
            command = await bot.ada.command("C1", "/grid", "a cat")
            event = await bot.ada.write("C1", "<@UBOT> grid a cat")

            assert (command.acknowledged, command.deliveries) == (False, 1)
            assert (event.acknowledged, event.deliveries) == (False, 4)
            assert len({heard.event for heard in bot.core.heard}) == 2


def test_the_stand_in_is_no_kinder_than_slack() -> None:
    assert (Times().ack, Times().trigger, Times().response_url, Times().response_url_uses) == (3.0, 3.0, 1800.0, 5)
    assert MANIFEST.name == "manifest.yml"
