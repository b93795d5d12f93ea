"""Buttons, menus and forms, after restarts too."""

import pytest

from adapters.discord.controls import view_of
from adapters.discord.platform import DiscordPlatform
from bot.chat import Button, Field, Form, Message
from bot.errors import Gone
from tests.discord_adapter.running import PNG, SHEET, grid, only, picture_of, platform_for, reply, running, said
from tests.discord_adapter.scripted_core import ScriptedCore, delivery
from tests.stand_ins.discord_server import DiscordServer, Posted, Room


async def sheet_in(server: DiscordServer, core: ScriptedCore, room: Room) -> Posted:
    """A sheet that an earlier process posted."""
    async with running(platform_for(server), core, server):
        _, heard = await grid(server, core, room)
        await heard.talk.post(SHEET, delivery("job-post"))
    return server.messages(room)[-1]


async def test_a_button_works_after_a_restart(server: DiscordServer, core: ScriptedCore) -> None:
    sheet = await sheet_in(server, core, server.room)

    async with running(platform_for(server), core, server):
        told = await server.people.press(server.ann, sheet, "again:k3x9tq2m7d")
        pressed = await core.next_press()

    assert (pressed.press, pressed.event, pressed.person.name) == ("again:k3x9tq2m7d", str(told.id), "Ann")
    assert picture_of(sheet) == PNG


async def test_no_button_stays_in_memory(server: DiscordServer, core: ScriptedCore, bot: DiscordPlatform) -> None:
    told, heard = await said(server, core)

    await heard.talk.update(SHEET)
    await heard.talk.post(SHEET, delivery("job-post"))
    await heard.talk.whisper(SHEET)

    assert reply(server, told)
    assert not (await bot.line.client())._connection._view_store._views


async def test_a_choice_in_a_menu_comes_back_behind_its_press(server: DiscordServer, core: ScriptedCore) -> None:
    sheet = await sheet_in(server, core, server.room)

    async with running(platform_for(server), core, server):
        await server.people.choose(server.ann, sheet, "cell:k3x9tq2m7d", "B2")

        assert (await core.next_press()).press == "cell:k3x9tq2m7d:B2"


async def test_what_a_press_starts_is_a_new_message_that_is_said_once(
    server: DiscordServer, core: ScriptedCore
) -> None:
    sheet = await sheet_in(server, core, server.direct)
    async with running(platform_for(server), core, server):
        await server.people.press(server.ann, sheet, "again:k3x9tq2m7d")
        talk = (await core.next_press()).talk
        server.fault(r"POST /channels/\d+/messages$", "lost")

        await talk.say(Message("waiting"), delivery("new-say"))
        await talk.update(Message("1 of 64"))
        await talk.post(SHEET, delivery("new-post"))

    assert [picture_of(posted) for posted in server.messages(server.direct)] == [PNG, PNG]
    assert sheet.edits == 1


async def test_before_anything_was_said_there_is_nothing_to_edit_least_of_all_the_pressed_sheet(
    server: DiscordServer, core: ScriptedCore
) -> None:
    sheet = await sheet_in(server, core, server.room)
    async with running(platform_for(server), core, server):
        await server.people.press(server.ann, sheet, "again:k3x9tq2m7d")
        talk = (await core.next_press()).talk

        with pytest.raises(Gone):
            await talk.update(Message("1 of 64"))

    assert picture_of(only(server.messages(server.room))) == PNG


@pytest.mark.parametrize("where", ["room", "direct"])
async def test_what_a_press_had_said_when_the_bot_was_killed_is_found_and_edited(
    where: str, server: DiscordServer, core: ScriptedCore
) -> None:
    room = server.room if where == "room" else server.direct
    sheet = await sheet_in(server, core, room)
    async with running(platform_for(server), core, server):
        await server.people.press(server.ann, sheet, "again:k3x9tq2m7d")
        talk = (await core.next_press()).talk
        before = talk.address
        said_first = await talk.say(Message("waiting"), delivery("new-say"))

    async with running(platform_for(server), core, server) as bot:
        talk = await bot.reopen(before)
        assert await talk.find_posted("new-say", own=True) == said_first
        await talk.update(Message("1 of 64"))
        assert [posted.content for posted in server.messages(room)][1:] == ["1 of 64"]
        await talk.post(SHEET, delivery("new-post"))

    own = server.messages(room)[1]
    assert picture_of(sheet) == PNG
    assert picture_of(own if where == "direct" else only(server.messages(own.id))) == PNG


@pytest.mark.parametrize("where", ["room", "direct"])
async def test_what_a_press_had_said_and_somebody_deleted_is_said_anew(
    where: str, server: DiscordServer, core: ScriptedCore
) -> None:
    room = server.room if where == "room" else server.direct
    sheet = await sheet_in(server, core, room)
    async with running(platform_for(server), core, server):
        await server.people.press(server.ann, sheet, "again:k3x9tq2m7d")
        talk = (await core.next_press()).talk
        for state in ("waiting", "waiting still", "painting"):
            await talk.say(Message(state), delivery("new-say"))
            del server.state.posted[server.messages(room)[-1].id]
        await talk.say(Message("painted"), delivery("new-say"))
        await talk.update(Message("here"))

    assert [posted.content for posted in server.messages(room)][1:] == ["here"]


async def test_a_private_answer_to_a_press_leaves_the_message_alone(server: DiscordServer, core: ScriptedCore) -> None:
    sheet = await sheet_in(server, core, server.room)
    async with running(platform_for(server), core, server):
        await server.people.press(server.ann, sheet, "again:k3x9tq2m7d")

        await (await core.next_press()).talk.whisper(Message("the recipe"))

    answer = server.messages(server.room)[-1]
    assert (answer.content, answer.ephemeral) == ("the recipe", True)
    assert picture_of(sheet) == PNG


FORM = Form(
    "Edit and run again" * 4,
    "edited:k3x9tq2m7d",
    (Field("prompt", "What to paint", "a cat", required=True, long=True), Field("seed", "Seed", "")),
)


async def test_a_form_opens_prefilled_and_its_answers_come_back(server: DiscordServer, core: ScriptedCore) -> None:
    sheet = await sheet_in(server, core, server.room)
    core.acknowledges = None
    async with running(platform_for(server), core, server):
        told = await server.people.press(server.ann, sheet, "again:k3x9tq2m7d")
        await (await core.next_press()).talk.ask(FORM)
        sent = await server.people.submit_modal(told, seed="7")
        pressed = await core.next_press()
        await pressed.talk.acknowledge(private=False)
        await pressed.talk.say(Message("waiting"), delivery("new-say"))

    assert (pressed.press, pressed.values) == ("edited:k3x9tq2m7d", {"prompt": "a cat", "seed": "7"})
    assert reply(server, sent).content == "waiting"


async def test_a_form_that_comes_too_late_is_a_sentence(server: DiscordServer, core: ScriptedCore) -> None:
    sheet = await sheet_in(server, core, server.room)
    async with running(platform_for(server), core, server):
        await server.people.press(server.ann, sheet, "again:k3x9tq2m7d")

        await (await core.next_press()).talk.ask(FORM)

    assert "press again" in server.messages(server.room)[-1].content


def test_a_press_longer_than_discord_carries_is_refused() -> None:
    with pytest.raises(ValueError, match="100"):
        view_of(Message("", buttons=(Button("Again", "x" * 101),)))
