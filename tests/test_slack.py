"""What people do in Slack, as the core hears it: through the unmodified client libraries, both ways of connecting."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack import port
from bot.chat import Button, Field, Form, Home, Menu, Message
from bot.commands import COMMANDS
from tests.slack_core import PNG, QUICK, SHEET, Notes, Scene, adapter, bot, both, scene, slack
from tests.stand_ins.slack_person import SlackPerson
from tests.stand_ins.slack_server import SlackServer
from tests.stand_ins.slack_workspace import BOT_USER, TEAM

__all__ = ["bot", "both", "slack"]


async def test_a_grid_is_acknowledged_said_updated_and_posted_into_its_thread(both: Scene) -> None:
    notes = Notes()
    buttons = (Button("Again", "again:k3"), Button("Delete", "delete:k3", "danger"))
    menu = Menu("Cells", "cell:k3", (("A1", "A1"), ("B2", "B2")))

    answer = await both.ada.command("C1", "/grid", "a cat approach:2")
    heard = both.core.heard[0]
    await heard.talk.acknowledge(private=False)
    parent = await heard.talk.say(Message("waiting", eta=1_900_000_000), notes.attempt("k3-say"))
    await heard.talk.update(Message("painting ▓▓░░"))
    result = await heard.talk.post(Message("*done*", (SHEET,), buttons, menu), notes.attempt("k3-post"))

    assert answer.acknowledged
    assert answer.body is None
    assert (heard.platform, heard.text, heard.options) == ("slack", "/grid a cat approach:2", None)
    assert (heard.person.id, heard.person.name, heard.place.server) == ("U1", "Ada", "T1")
    said, posted = both.slack.posted("C1")
    assert said["text"] == "painting ▓▓░░"
    assert said["metadata"]["event_payload"] == {"key": "k3-say", "role": "job"}
    assert posted["thread_ts"] == said["ts"]
    assert posted["pictures"] == [("k3x9tq2m7d.png", PNG, "A grid of 64 pictures")]
    assert posted["metadata"]["event_payload"] == {"key": "k3-post", "role": "result"}
    assert parent == f"C1:{said['ts']}"
    assert result.startswith(f"C1:{posted['ts']}:F")


@pytest.mark.parametrize(
    ("command", "typed", "text"),
    [
        ("/grid", "a &lt;b&gt; &amp; c", "/grid a &lt;b&gt; &amp; c"),
        ("/grid", "", "/grid"),
        ("/finetune", "name:sketch", "/finetune name:sketch"),
        ("/tessera", "history page:2", "/history page:2"),
        ("/tessera", "/queue", "/queue"),
        ("/tessera", "", "/help"),
    ],
)
async def test_a_slash_command_reaches_the_core_as_text(bot: Scene, command: str, typed: str, text: str) -> None:
    answer = await bot.ada.command("C1", command, typed)

    assert answer.acknowledged
    assert bot.core.heard[0].text == text


async def test_the_acknowledgement_waits_for_the_core_to_have_committed(both: Scene) -> None:
    committed = asyncio.Event()

    async def commit(_: Any) -> None:
        committed.set()

    both.core.answer = commit
    answer = await both.ada.command("C1", "/grid", "a cat")

    assert answer.acknowledged
    assert committed.is_set()


async def test_a_core_that_fails_costs_no_acknowledgement_and_the_person_is_told(both: Scene) -> None:
    async def fail(_: Any) -> None:
        raise RuntimeError("disk full")

    both.core.answer = fail
    answers = [
        await both.ada.command("C1", "/grid", "a cat"),
        await both.ada.write("C1", f"<@{BOT_USER}> grid a cat"),
    ]

    assert [answer.acknowledged for answer in answers] == [True, True]
    assert len(both.slack.space.whispers) == 2
    assert "try again" in both.slack.space.whispers[0]["text"]
    assert "disk full" not in json.dumps(both.slack.space.whispers)


async def test_a_core_that_hangs_is_acknowledged_in_time_and_goes_on(both: Scene) -> None:
    go_on, done = asyncio.Event(), asyncio.Event()

    async def hang(_: Any) -> None:
        await go_on.wait()
        done.set()

    both.core.answer = hang
    answer = await both.ada.command("C1", "/grid", "a cat")
    go_on.set()
    await asyncio.wait_for(done.wait(), 1)

    assert answer.acknowledged


@pytest.mark.parametrize("way", ["socket", "requests"])
async def test_200_people_at_once_are_all_acknowledged_and_heard_once(slack: SlackServer, way: str) -> None:
    # How soon is for the benchmark: here the people and their Slack share the bot's loop and its core. So no wire is
    # called dead, either, for the silence in which they all are heard.
    timing = replace(QUICK, ping=60.0)
    async with scene(slack, requests=way == "requests", timing=timing) as bot:
        bot.slack.times = replace(bot.slack.times, ack=60.0)
        for n in range(200):
            bot.slack.space.add_user(f"U{n + 10}", f"person{n}")
        bot.slack.channel("C2")
        people = [SlackPerson(bot.slack, f"U{n + 10}") for n in range(200)]

        answers = await asyncio.gather(*(each.command("C2", "/grid", f"cat {n}") for n, each in enumerate(people)))

        # A slow core is acknowledged for before it has heard; it hears all the same.
        while len(bot.core.heard) < 200:  # noqa: ASYNC110 - the scripted core has no event for it
            await asyncio.sleep(0)
        assert all(answer.acknowledged for answer in answers)
        assert len(bot.core.heard) == len({heard.event for heard in bot.core.heard}) == 200


async def test_unsigned_tampered_and_stale_requests_are_refused(slack: SlackServer) -> None:
    async with scene(slack, requests=True) as bot:
        body = "command=%2Fgrid&text=cat&user_id=U1&team_id=T1&channel_id=C1&trigger_id=1"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        bad = [
            {},
            slack.signature(body, secret="another secret"),
            slack.signature(body + "&text=dog"),
            slack.signature(body, age=301),
            slack.signature(body, age=-302),
        ]

        statuses = [(await slack.send(body, form | headers)).status for headers in bad]
        good = await slack.send(body, form | slack.signature(body))

        assert statuses == [401] * 5
        assert good.status == 200
        assert len(bot.core.heard) == 1


@pytest.mark.parametrize(
    "headers",
    [{"X-Slack-Request-Timestamp": "abc"}, {"X-Slack-Request-Timestamp": "9" * 5000}, {"X-Slack-Signature": "v0=é"}],
    ids=["no time", "no time either", "no signature"],
)
async def test_a_strangers_request_is_refused_without_a_trace_in_the_log(
    slack: SlackServer, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    async with scene(slack, requests=True):
        kind = {"Content-Type": "application/json"}

        answer = await slack.send("no JSON", kind | slack.signature("another") | headers)

    assert answer.status == 401
    assert [record for record in caplog.records if record.exc_info] == []


def _head() -> bytes:
    """Of a request that may be signed, for all that can be seen before its body."""
    lines = ["POST /slack/events HTTP/1.1", "Host: x", f"X-Slack-Request-Timestamp: {time.time():.0f}"]
    return "\r\n".join([*lines, "Content-Length: 9", "", ""]).encode()


@pytest.mark.parametrize("words", [bytes, lambda: b"POST /sl", _head, lambda: _head() + b"{"])
async def test_who_signs_nothing_is_cut_and_who_did_is_not(
    slack: SlackServer, monkeypatch: pytest.MonkeyPatch, words: Callable[[], bytes]
) -> None:
    monkeypatch.setattr(port, "SILENT_S", 0.3)
    async with scene(slack, requests=True) as bot:
        reader, writer = await asyncio.open_connection("127.0.0.1", bot.platform.listening)
        writer.write(words())

        async with asyncio.timeout(10):
            cut = await reader.read()
        writer.close()

        assert cut == b""
        assert (await bot.ada.command("C1", "/grid", "a cat")).acknowledged


async def test_connections_without_a_request_leave_files_for_everything_else(
    slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port, "MOST", 3)
    async with scene(slack, requests=True) as bot, AsyncExitStack() as opened:
        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", bot.platform.listening)
            opened.callback(writer.close)

        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                assert await reader.read() == b""


async def test_a_stranger_who_breaks_off_leaves_no_trace_in_the_log(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(slack, requests=True) as bot:
        _, writer = await asyncio.open_connection("127.0.0.1", bot.platform.listening)
        writer.write(_head())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await bot.ada.command("C1", "/grid", "a cat")

    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_recorded_request_is_refused_before_anything_reads_it(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(slack, requests=True):
        kind = {"Content-Type": "application/json"}

        answer = await slack.send("no JSON", kind | slack.signature("no JSON", age=301))

    assert answer.status == 401
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_mention_inside_a_thread_is_answered_in_that_thread(both: Scene) -> None:
    root = both.slack.space.add_message(both.slack.space.channels["C1"], "U1", "look at this")

    await both.ada.write("C1", f"<@{BOT_USER}> grid a cat", thread=root["ts"])
    talk, notes = both.core.heard[0].talk, Notes()
    await talk.say(Message("waiting"), notes.attempt("say"))
    await talk.post(Message("done", (SHEET,)), notes.attempt("post"))

    assert both.core.heard[0].text == "/grid a cat"
    assert [each["thread_ts"] for each in both.slack.posted("C1")] == [root["ts"], root["ts"]]


async def test_words_in_a_group_of_direct_messages_are_answered_there(bot: Scene) -> None:
    bot.slack.channel("G1", "mpim")

    await bot.ada.write("G1", f"<@{BOT_USER}> grid a cat")
    heard, notes = bot.core.heard[0], Notes()
    missing = await heard.talk.can_post()
    await heard.talk.say(Message("waiting"), notes.attempt("say"))
    await heard.talk.post(Message("done", (SHEET,)), notes.attempt("post"))

    assert missing is None
    assert not heard.place.private
    assert [each["pictures"] for each in bot.slack.posted("G1")] == [[], [("k3x9tq2m7d.png", PNG, SHEET.alt)]]


async def test_a_person_of_another_workspace_is_in_the_server_of_the_channel(bot: Scene) -> None:
    guest = SlackPerson(bot.slack, team="T2")

    await guest.command("C1", "/grid", "a cat")
    await guest.write("C1", f"<@{BOT_USER}> grid a cat")
    await bot.core.heard[0].talk.say(Message("x", buttons=(Button("Again", "again:k3"),)), Notes().attempt("say"))
    await guest.press(bot.slack.posted("C1")[0], "Again", "C1")

    assert {heard.place.server for heard in [*bot.core.heard, *bot.core.pressed]} == {TEAM}


async def test_a_mention_in_the_channel_is_answered_in_a_thread_under_it(bot: Scene) -> None:
    await bot.ada.write("C1", f"<@{BOT_USER}>  /history")
    await bot.core.heard[0].talk.say(Message("waiting"), Notes().attempt("say"))

    asked = bot.slack.space.channels["C1"].messages[0]
    assert bot.core.heard[0].text == "/history"
    assert bot.slack.posted("C1")[0]["thread_ts"] == asked["ts"]


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
async def test_words_with_a_file_or_from_a_thread_also_to_all_are_heard(both: Scene, subtype: str) -> None:
    direct = both.slack.space.direct("U1").id
    event = {"type": "message", "subtype": subtype, "channel": direct, "channel_type": "im", "user": "U1", "ts": "1.1"}
    payload = {"type": "event_callback", "event_id": "E", "event": event | {"text": "grid a cat"}}

    await both.slack.deliver("events_api", payload)

    assert [heard.text for heard in both.core.heard] == ["/grid a cat"]


async def test_direct_messages_are_heard_and_answered_there(both: Scene) -> None:
    direct = both.slack.space.direct("U1").id

    await both.ada.write(direct, "grid a cat")
    heard = both.core.heard[0]
    await heard.talk.say(Message("waiting"), Notes().attempt("say"))
    await heard.talk.whisper(Message("for you"))

    assert (heard.text, heard.place.private, heard.place.server) == ("/grid a cat", True, None)
    assert await heard.talk.can_post() is None
    assert [each["text"] for each in both.slack.posted(direct)] == ["waiting", "for you"]


async def test_the_apps_own_words_edits_and_other_bots_are_not_heard(bot: Scene) -> None:
    direct = bot.slack.space.direct("U1").id
    event = {"type": "message", "channel": direct, "channel_type": "im", "user": "U1", "text": "grid", "ts": "1.1"}
    unheard: list[dict[str, Any]] = [
        {"bot_id": "B1", "user": BOT_USER},
        {"bot_id": "B9"},
        {"subtype": "file_share", "user": BOT_USER},
        {"subtype": "message_changed"},
        {"edited": {"user": "U1"}},
    ]

    answers = [
        await bot.slack.deliver("events_api", {"type": "event_callback", "event_id": "E", "event": event | more})
        for more in unheard
    ]

    assert all(answer.acknowledged for answer in answers)
    assert bot.core.heard == []


async def test_a_redelivered_event_keeps_its_id(both: Scene) -> None:
    await both.ada.write("C1", f"<@{BOT_USER}> grid a cat", deliveries=3)

    assert len(both.core.heard) == 3
    assert len({heard.event for heard in both.core.heard}) == 1


async def test_two_commands_and_two_presses_have_ids_of_their_own(bot: Scene) -> None:
    talk = await bot.talk()
    await talk.say(Message("x", buttons=(Button("Again", "again:k3"),)), Notes().attempt("say"))
    message = bot.slack.posted("C1")[0]

    await bot.ada.command("C1", "/grid", "a cat")
    await bot.ada.press(message, "Again", "C1")
    await bot.ada.press(message, "Again", "C1")

    events = [heard.event for heard in bot.core.heard] + [pressed.event for pressed in bot.core.pressed]
    assert len(set(events)) == 4


async def test_buttons_and_menus_of_an_old_message_work_after_a_restart(slack: SlackServer) -> None:
    menu = Menu("Cells", "cell:k3", (("A1 a cat", "A1"), ("B2", "B2")))
    notes = Notes()
    async with scene(slack) as before:
        talk = await before.talk()
        await talk.say(Message("waiting"), notes.attempt("say"))
        await talk.post(Message("x", (SHEET,), (Button("Again", "again:k3"),), menu), notes.attempt("post"))
    parent, sheet = slack.posted("C1")
    slack.space.pass_time(90 * 24 * 3600)

    async with scene(slack) as after:
        pressed = await after.ada.press(sheet, "Again", "C1")
        chosen = await after.ada.choose(sheet, "A1 a cat", "C1")
        await after.core.pressed[0].talk.say(Message("waiting again"), notes.attempt("other"))

        assert pressed.acknowledged
        assert chosen.acknowledged
        assert [each.press for each in after.core.pressed] == ["again:k3", "cell:k3:A1"]
        assert slack.posted("C1")[-1]["thread_ts"] == parent["ts"]


FORM = Form(
    "Edit and run again",
    "edit:k3",
    (Field("prompt", "Prompt", "a cat", required=True, long=True), Field("seed", "Seed")),
)


async def test_a_form_opens_at_a_press_and_its_answers_come_back(both: Scene) -> None:
    talk = await both.talk()
    await talk.say(Message("x", buttons=(Button("Edit", "edit:k3"),)), Notes().attempt("say"))

    async def ask(asked: Any) -> None:
        if not asked.values:
            await asked.talk.ask(FORM)

    both.core.answer = ask
    await both.ada.press(both.slack.posted("C1")[0], "Edit", "C1")
    view = both.slack.space.views[0]
    sent = await both.ada.submit(view, {"prompt": "a <dog> & more"})
    await both.ada.submit(view, {"prompt": "a <dog> & more"})

    assert sent.acknowledged
    first, second = both.core.pressed[1:]
    assert (first.press, first.values, first.place.channel) == ("edit:k3", {"prompt": "a <dog> & more"}, "C1")
    assert first.event == second.event


async def test_a_form_that_comes_too_late_is_offered_by_a_button(bot: Scene) -> None:
    talk = await bot.talk()
    bot.slack.space.pass_time(4)

    await talk.ask(FORM)
    offer = bot.slack.space.whispers[0]
    await bot.ada.press(offer, "Open the form", "C1")
    await bot.ada.submit(bot.slack.space.views[0], {"seed": "7"})

    assert bot.slack.calls("views.open")[0].outcome == "expired_trigger_id"
    assert bot.core.pressed[0].press == "edit:k3"
    assert bot.core.pressed[0].values == {"prompt": "a cat", "seed": "7"}


async def test_a_form_that_comes_too_late_and_is_too_long_for_a_button_is_to_be_asked_for_again(bot: Scene) -> None:
    talk = await bot.talk()
    bot.slack.space.pass_time(4)

    await talk.ask(replace(FORM, fields=tuple(Field(name, name, "a" * 1000) for name in ("prompt", "details"))))

    (told,) = bot.slack.space.whispers
    assert told["text"] == "The form could not be opened in time. Please press the button again."


async def test_a_mention_that_asks_for_a_form_gets_a_button_because_nothing_was_pressed(bot: Scene) -> None:
    await bot.ada.write("C1", f"<@{BOT_USER}> grid")

    await bot.core.heard[0].talk.ask(FORM)

    assert bot.slack.calls("views.open") == []
    assert bot.slack.space.whispers[0]["user"] == "U1"


async def test_the_global_shortcut_opens_a_form_read_from_the_command(both: Scene) -> None:
    opened = await both.ada.shortcut("new_grid")
    view = both.slack.space.views[0]
    filled = {"prompt": "a cat", "approach": "2", "blocks": "4", "guidance": "7.5", "details": "yes", "where": "C1"}
    sent = await both.ada.submit(view, filled)

    heard = both.core.heard[0]
    assert opened.acknowledged
    assert sent.acknowledged
    assert heard.text == "/grid"
    assert heard.options == {"prompt": "a cat", "approach": "2", "blocks": "4", "guidance": "7.5", "details": "yes"}
    assert heard.place.channel == "C1"


async def test_the_form_of_the_real_grid_command_is_one_that_slack_opens(bot: Scene) -> None:
    bot.core.commands = COMMANDS
    grid = next(command for command in COMMANDS if command.name == "grid")

    await bot.ada.shortcut("new_grid")

    fields = {block["block_id"]: block["element"] for block in bot.slack.space.views[0]["blocks"]}
    assert list(fields) == [*(option.name for option in grid.options), "where"]
    kinds = {"prompt": "plain_text_input", "approach": "static_select", "guidance": "number_input"}
    assert {name: fields[name]["type"] for name in kinds} == kinds
    assert fields["style"] == {"type": "external_select", "min_query_length": 0, "action_id": "style"}
    assert (fields["blocks"]["min_value"], fields["blocks"]["max_value"]) == ("1", "8")


async def test_a_form_without_a_channel_is_answered_in_direct_messages(bot: Scene) -> None:
    await bot.ada.shortcut("new_grid")
    await bot.ada.submit(bot.slack.space.views[0], {"prompt": "a cat"})

    heard, notes = bot.core.heard[0], Notes()
    await heard.talk.say(Message("waiting"), notes.attempt("say"))
    await heard.talk.post(Message("done", (SHEET,)), notes.attempt("post"))

    assert heard.place.private
    said, posted = bot.slack.posted("DU1")
    assert posted["thread_ts"] == said["ts"]


async def test_the_message_shortcut_takes_the_words_and_answers_in_their_thread(both: Scene) -> None:
    message = both.slack.space.add_message(both.slack.space.channels["C1"], "U1", "cats &amp; <dogs>")

    await both.ada.shortcut("grid_from_this", message, "C1")
    await both.ada.submit(both.slack.space.views[0], {})
    await both.core.heard[0].talk.say(Message("waiting"), Notes().attempt("say"))

    assert both.core.heard[0].options == {"prompt": "cats & <dogs>"}
    assert "where" not in [block["block_id"] for block in both.slack.space.views[0]["blocks"]]
    assert both.slack.posted("C1")[0]["thread_ts"] == message["ts"]


async def test_a_select_of_the_form_is_completed_by_the_core(both: Scene) -> None:
    await both.ada.shortcut("new_grid")

    suggested = await both.ada.suggest(both.slack.space.views[0], "style", "sk")

    assert suggested == [(f"grid · {'x' * 67}…", "grid-style-sk")]


async def test_the_app_home_shows_the_own_queue_and_history_with_a_new_grid_button(both: Scene) -> None:
    both.core.page = Home(("2nd: <!channel> waits", "1st"), (("k3x9tq2m7d", "a cat, 0.31"),))

    opened = await both.ada.open_home()
    page = both.slack.space.homes["U1"]
    await both.ada.press(page, "New grid")
    await both.ada.press(page, "Show")

    assert opened.acknowledged
    assert "2nd: &lt;!channel&gt; waits" in json.dumps(page)
    assert both.slack.space.views[0]["callback_id"] == "command:grid"
    assert both.core.heard[0].text == "/show k3x9tq2m7d"
    assert both.core.heard[0].place.private


async def test_a_long_history_fits_the_app_home(bot: Scene) -> None:
    bot.core.page = Home(tuple("&" * 4000 for _ in range(60)), tuple((f"id{n}", "<" * 4000) for n in range(200)))

    await bot.ada.open_home()

    assert len(bot.slack.space.homes["U1"]["blocks"]) == 100


@pytest.mark.parametrize(
    ("rights", "listed", "moderator"),
    [
        ({"is_admin": True}, (), True),
        ({"is_owner": True}, (), True),
        ({"is_admin": True, "team_id": TEAM}, (), True),
        ({"is_admin": True, "team_id": "T9"}, (), False),
        ({"is_admin": True, "team_id": "T9"}, ("slack:U2",), True),
        ({"is_admin": True, "team_id": "E1", "enterprise_user": {"teams": ["T9", TEAM]}}, (), True),
        ({}, ("slack:U2",), True),
        ({}, ("discord:U2", "slack:U3"), False),
        ({}, (), False),
    ],
)
async def test_moderators_are_admins_and_the_listed(
    slack: SlackServer, rights: dict[str, Any], listed: tuple[str, ...], moderator: bool
) -> None:
    slack.space.add_user("U2", "bea", **rights)
    async with scene(slack, moderators=listed) as bot:
        await SlackPerson(slack, "U2").command("C1", "/tessera", "status")
        await SlackPerson(slack, "U2").command("C1", "/tessera", "status")

        assert [heard.person.moderator for heard in bot.core.heard] == [moderator, moderator]
        assert len(slack.calls("users.info")) == 1


async def test_where_slack_does_not_name_the_person_the_command_is_heard_without_rights(bot: Scene) -> None:
    bot.slack.space.users["U1"]["is_admin"] = True
    bot.slack.fault("users.info", "user_not_found")

    await bot.ada.command("C1", "/grid", "a cat")
    await bot.ada.command("C1", "/grid", "a cat")

    assert [heard.person.moderator for heard in bot.core.heard] == [False, True]
    assert bot.core.heard[0].person.name == "ada"


async def test_a_slow_look_at_the_person_delays_no_acknowledgement(bot: Scene) -> None:
    bot.slack.fault("users.info", "hang")

    answer = await bot.ada.command("C1", "/grid", "a cat")

    assert answer.acknowledged
    assert answer.seconds < QUICK.ack
    assert bot.core.heard[0].person.name == "ada"


async def test_a_talk_reopened_before_the_platform_runs_can_answer(slack: SlackServer) -> None:
    async with scene(slack) as bot:
        address = (await bot.talk()).address

    talk = await adapter(slack).reopen(address)
    await talk.say(Message("still here"), Notes().attempt("say"))

    assert slack.posted("C1")[0]["text"] == "still here"
    assert set(json.loads(address)) == {"team", "channel", "user", "since"}
