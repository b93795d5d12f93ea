"""What the Slack adapter posts: once, within Slack's limits, privately where it must be, found again after a crash."""

import asyncio
import json
import re
from typing import Any

import pytest

from adapters.slack.errors import ANSWERS, TokenRefused
from adapters.slack.timing import Timing
from bot.chat import Button, Menu, Message, Picture
from bot.errors import BotError, DeliveryError, Gone, NoRights, PlatformAway, TooLarge
from tests.slack_core import PNG, SHEET, Notes, Scene, bot, scene, slack
from tests.stand_ins.slack_person import SlackPerson
from tests.stand_ins.slack_server import SlackServer

__all__ = ["bot", "slack"]

DONE = Message("done", (SHEET,), (Button("Again", "again:k3"),))


async def said(bot: Scene, channel: str = "C1") -> tuple[Any, Notes]:
    """A talk whose parent message is there."""
    talk, notes = await bot.talk(channel), Notes()
    await talk.say(Message("waiting"), notes.attempt("say"))
    return talk, notes


async def test_the_parts_of_an_upload_come_in_slacks_order_and_the_file_is_noted_before_the_message(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.log.clear()

    await talk.post(DONE, notes.attempt("post"))

    order = [call.method for call in bot.slack.log]
    assert order[:3] == ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]
    assert order[3:-1] == ["files.info"] * bot.slack.times.mimetype_polls
    assert order[-1] == "chat.postMessage"
    assert notes.noted["post"].startswith("file:F")
    assert "channel_id" not in bot.slack.calls("files.completeUploadExternal")[0].arguments


async def test_a_message_that_was_posted_but_not_answered_is_found_and_not_posted_again(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.times.late = 0.02
    bot.slack.fault("chat.postMessage", "lost")

    with pytest.raises(PlatformAway):
        await talk.post(DONE, notes.attempt("post"))
    found = await talk.find_posted("post")

    posted = bot.slack.posted("C1")
    assert len(posted) == 2
    assert found == f"C1:{posted[1]['ts']}:{notes.noted['post'].removeprefix('file:')}"


async def test_a_message_that_was_never_posted_is_posted_with_the_file_that_is_there_already(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.fault("chat.postMessage", "cut")

    with pytest.raises(PlatformAway):
        await talk.post(DONE, notes.attempt("post"))
    missing = await talk.find_posted("post")
    await talk.post(DONE, notes.attempt("post"))

    assert missing is None
    assert len(bot.slack.calls("upload")) == 1
    assert [each["pictures"] for each in bot.slack.posted("C1")] == [[], [(SHEET.name, PNG, SHEET.alt)]]


@pytest.mark.parametrize("kind", ["lost", "cut", "500", "503", "html"])
async def test_after_a_crash_at_the_post_a_reopened_talk_delivers_once(bot: Scene, kind: str) -> None:
    talk, notes = await said(bot)
    bot.slack.fault("chat.postMessage", kind)
    with pytest.raises(PlatformAway):
        await talk.post(DONE, notes.attempt("post"))

    again = await bot.again(talk)
    first = await again.post(DONE, notes.attempt("post"))

    posted = bot.slack.posted("C1")
    assert len(posted) == 2
    assert first.startswith(f"C1:{posted[1]['ts']}")
    assert posted[1]["thread_ts"] == posted[0]["ts"]


@pytest.mark.parametrize("kind", ["lost", "cut"])
async def test_a_result_whose_parent_was_deleted_meanwhile_comes_once_into_the_channel(bot: Scene, kind: str) -> None:
    talk, notes = await said(bot)
    bot.slack.space.channels["C1"].messages.clear()
    bot.slack.fault("chat.postMessage", kind)
    with pytest.raises(PlatformAway):
        await talk.post(DONE, notes.attempt("post"))

    again = await bot.again(talk)
    posted = await again.post(DONE, notes.attempt("post"))

    found = bot.slack.posted("C1")
    assert [each["pictures"] for each in found] == [[(SHEET.name, PNG, SHEET.alt)]]
    assert posted.startswith(f"C1:{found[0]['ts']}")


@pytest.mark.parametrize("kind", ["ok", "lost", "cut"])
async def test_where_there_are_no_threads_the_result_comes_once_into_the_channel(bot: Scene, kind: str) -> None:
    talk, notes = await said(bot)
    bot.slack.space.channels["C1"].threads = False
    if kind != "ok":
        bot.slack.fault("chat.postMessage", kind, after=1)
        with pytest.raises(PlatformAway):
            await talk.post(DONE, notes.attempt("post"))
        talk = await bot.again(talk)

    await talk.post(DONE, notes.attempt("post"))

    assert [each["pictures"] for each in bot.slack.posted("C1")] == [[], [(SHEET.name, PNG, SHEET.alt)]]


async def test_a_result_that_came_into_a_busy_channel_is_found_among_its_newest_messages(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.times.page = 100
    for n in range(1000):
        bot.slack.space.add_message(bot.slack.space.channels["C1"], "U1", f"chatter {n}")
    bot.slack.space.channels["C1"].threads = False
    bot.slack.fault("chat.postMessage", "lost", after=1)
    with pytest.raises(PlatformAway):
        await talk.post(DONE, notes.attempt("post"))

    assert await talk.find_posted("post") is not None


async def test_a_look_for_a_result_reads_no_more_of_a_busy_channel_than_its_newest_messages(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.times.page = 100
    for n in range(1000):
        bot.slack.space.add_message(bot.slack.space.channels["C1"], "U1", f"chatter {n}")
    bot.slack.fault("chat.postMessage", "cut")
    with pytest.raises(PlatformAway):
        await talk.post(DONE, notes.attempt("post"))

    found = await talk.find_posted("post")

    assert found is None
    assert 0 < len(bot.slack.calls("conversations.history")) <= 4


@pytest.mark.parametrize("lost", [True, False])
async def test_the_parent_message_is_found_again_among_many(slack: SlackServer, lost: bool) -> None:
    async with scene(slack) as bot:
        talk, notes = await bot.talk(), Notes()
        slack.fault("chat.postMessage", "lost" if lost else "cut")
        with pytest.raises(PlatformAway):
            await talk.say(Message("waiting"), notes.attempt("say"))
        for n in range(7):
            slack.space.add_message(slack.space.channels["C1"], "U1", f"chatter {n}")

        again = await bot.again(talk)
        found = await again.find_posted("say")
        if found is None:
            found = await again.say(Message("waiting"), notes.attempt("say"))
        await again.update(Message("painting"))

        assert [each["text"] for each in slack.posted("C1")] == ["painting"]
        assert found == f"C1:{slack.posted('C1')[0]['ts']}"


async def test_a_look_waits_for_the_settling_time_before_it_says_no(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.fault("chat.postMessage", "lost")
    bot.slack.times.late = 0.03
    with pytest.raises(PlatformAway):
        await talk.post(DONE, notes.attempt("post"))

    assert await talk.find_posted("post") is not None
    assert len(bot.slack.calls("conversations.replies")) > 1
    assert await talk.find_posted("another") is None


async def test_what_the_core_has_looked_for_is_not_looked_for_twice(bot: Scene) -> None:
    talk, notes = await said(bot)
    notes.noted["post"] = "file:F999"
    await talk.find_posted("post")
    looked = len(bot.slack.calls("conversations.replies"))

    await talk.post(DONE, notes.attempt("post"))

    assert len(bot.slack.calls("conversations.replies")) == looked


async def test_a_look_is_worth_nothing_after_one_more_attempt(bot: Scene) -> None:
    talk, notes = await said(bot)
    await talk.find_posted("post")
    bot.slack.fault("chat.postMessage", "lost")
    with pytest.raises(PlatformAway):
        await talk.post(DONE, notes.attempt("post"))

    await talk.post(DONE, notes.attempt("post"))

    assert len(bot.slack.posted("C1")) == 2


async def test_metadata_of_another_job_in_the_same_thread_is_not_taken_for_this_one(bot: Scene) -> None:
    talk, notes = await said(bot)
    await talk.post(DONE, notes.attempt("first"))

    assert await talk.find_posted("second") is None


async def test_saying_again_with_the_same_key_posts_nothing(bot: Scene) -> None:
    talk, notes = await said(bot)

    first = await talk.say(Message("other words"), notes.attempt("say"))

    assert [each["text"] for each in bot.slack.posted("C1")] == ["waiting"]
    assert first == f"C1:{bot.slack.posted('C1')[0]['ts']}"


async def test_an_upload_that_was_noted_but_is_gone_is_made_again(bot: Scene) -> None:
    talk, notes = await said(bot)
    notes.noted["post"] = "file:F999"

    await talk.post(DONE, notes.attempt("post"))

    assert bot.slack.posted("C1")[1]["pictures"][0][1] == PNG


async def test_a_file_that_slack_never_finishes_with_is_tried_again_later(slack: SlackServer) -> None:
    slack.times.mimetype_polls = 10_000_000
    async with scene(slack) as bot:
        talk, notes = await said(bot)
        talk._timing = Timing(processing=1.0, poll=0.05)

        with pytest.raises(PlatformAway):
            await talk.post(DONE, notes.attempt("post"))
        slack.times.mimetype_polls = 1
        talk._timing = Timing(settle=0.001)
        await talk.post(DONE, notes.attempt("post"))

        assert len(slack.posted("C1")) == 2
        assert len(slack.calls("upload")) == 1


async def test_a_picture_that_is_not_ready_to_be_shown_is_waited_for(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.fault("chat.postMessage", "invalid_blocks", 3)

    await talk.post(DONE, notes.attempt("post"))

    assert len(bot.slack.posted("C1")) == 2


async def test_a_layout_that_slack_goes_on_refusing_is_an_error_and_not_tried_for_ever(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.fault("chat.postMessage", "invalid_blocks", 10_000)
    talk._timing = Timing(processing=1.0, poll=0.05)

    with pytest.raises(DeliveryError, match="layout") as caught:
        await talk.post(DONE, notes.attempt("post"))

    assert not isinstance(caught.value, PlatformAway)


async def test_several_pictures_stand_in_one_message_each_with_its_words(bot: Scene) -> None:
    talk, notes = await said(bot)
    pictures = tuple(Picture(f"k3-{cell}.png", PNG + cell.encode(), f"Cell {cell}") for cell in ("A1", "B2", "C3"))

    await talk.post(Message("cells", pictures), notes.attempt("post"))

    shown = bot.slack.posted("C1")[1]["pictures"]
    assert shown == [(picture.name, picture.data, picture.alt) for picture in pictures]


async def test_a_file_that_is_no_picture_is_shared_by_its_link_in_the_direct_messages(bot: Scene) -> None:
    talk = await bot.talk()

    await talk.whisper(Message("your data", files=(Picture("mydata.zip", b"PK\x03\x04 and more", "all"),)))

    held = next(iter(bot.slack.space.files.values()))
    assert held.shares.keys() == {"DU1"}
    assert bot.slack.posted("DU1")[0]["text"].endswith("|mydata.zip>")


@pytest.mark.parametrize(
    "picture",
    [
        Picture("k3.png", b"", "empty"),
        Picture("k3.webp", b"RIFF....WEBP", "webp"),
    ],
)
async def test_what_slack_cannot_show_is_refused_before_anything_is_uploaded(bot: Scene, picture: Picture) -> None:
    talk, notes = await said(bot)

    with pytest.raises(ValueError, match="Slack"):
        await talk.post(Message("x", (picture,)), notes.attempt("post"))

    assert bot.slack.calls("files.getUploadURLExternal") == []


async def test_a_picture_to_be_hidden_is_not_posted_openly(bot: Scene) -> None:
    talk, notes = await said(bot)

    with pytest.raises(NoRights, match="hide"):
        await talk.post(Message("x", (Picture("k3.png", PNG, "x", spoiler=True),)), notes.attempt("post"))


async def test_the_limits_name_png_and_jpeg_and_no_webp(bot: Scene) -> None:
    limits = await (await bot.talk()).limits()

    assert limits.formats == ("PNG", "JPEG")
    assert limits.file_bytes > 8_000_000


async def test_a_file_that_is_too_large_asks_for_a_smaller_one(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.fault("upload", "413")

    with pytest.raises(TooLarge):
        await talk.post(DONE, notes.attempt("post"))
    await talk.post(DONE, notes.attempt("post"))

    assert len(bot.slack.posted("C1")) == 2


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("files.getUploadURLExternal", "500"),
        ("files.getUploadURLExternal", "502"),
        ("files.getUploadURLExternal", "cut"),
        ("upload", "500"),
        ("upload", "cut"),
        ("files.info", "503"),
        ("files.info", "cut"),
        ("files.info", "429"),
        ("chat.postMessage", "429"),
    ],
)
async def test_a_passing_fault_at_a_step_that_may_be_repeated_is_not_noticed(bot: Scene, step: str, kind: str) -> None:
    talk, notes = await said(bot)
    bot.slack.fault(step, kind)

    await talk.post(DONE, notes.attempt("post"))

    assert len(bot.slack.posted("C1")) == 2
    assert kind in [call.outcome for call in bot.slack.calls(step)]


@pytest.mark.parametrize("kind", ["429", "500", "cut", "html"])
async def test_an_edit_is_never_repeated_because_a_newer_one_comes(bot: Scene, kind: str) -> None:
    talk, _ = await said(bot)
    bot.slack.fault("chat.update", kind)

    with pytest.raises(PlatformAway):
        await talk.update(Message("old"))
    await talk.update(Message("new"))

    assert len(bot.slack.calls("chat.update")) == 2
    assert bot.slack.posted("C1")[0]["text"] == "new"


async def test_editing_what_is_gone_says_so(bot: Scene) -> None:
    talk, _ = await said(bot)
    bot.slack.space.channels["C1"].messages.clear()

    with pytest.raises(Gone):
        await talk.update(Message("x"))


@pytest.mark.parametrize("code", sorted(ANSWERS))
async def test_every_answer_in_the_table_becomes_its_error_with_a_sentence(bot: Scene, code: str) -> None:
    talk, _ = await said(bot)
    bot.slack.fault("chat.update", code)

    with pytest.raises(ANSWERS[code][0]) as caught:
        await talk.update(Message("x"))

    assert isinstance(caught.value, DeliveryError)
    assert str(caught.value).endswith(".")
    assert "{" not in str(caught.value)
    assert "xoxb" not in str(caught.value)


async def test_an_unknown_refusal_is_neither_retried_nor_hidden(bot: Scene) -> None:
    talk, _ = await said(bot)
    bot.slack.fault("chat.update", "brand_new_error")

    with pytest.raises(BotError, match="brand_new_error") as caught:
        await talk.update(Message("x"))

    assert not isinstance(caught.value, PlatformAway)


async def test_a_server_that_is_away_is_platform_away(bot: Scene) -> None:
    talk, _ = await said(bot)
    await bot.slack.stop()

    with pytest.raises(PlatformAway):
        await talk.update(Message("x"))
    with pytest.raises(PlatformAway):
        await talk.find_posted("x")
    await bot.slack.start()


HOSTILE = "<!channel> <!here> <@U1> <#C1|x> <http://evil|click> & &amp; @everyone"


async def test_no_text_can_call_people_or_hide_a_link(bot: Scene) -> None:
    talk, notes = await bot.talk(), Notes()

    await talk.say(Message(HOSTILE, (), (Button(HOSTILE, "x:1"),)), notes.attempt("say"))
    await talk.update(Message(HOSTILE))
    await talk.whisper(Message(HOSTILE))

    text = bot.slack.posted("C1")[0]["text"]
    assert "<" not in text
    assert "&lt;!channel&gt;" in text
    assert "&amp;amp;" in text
    for call in bot.slack.calls("chat.postMessage"):
        assert not call.arguments["unfurl_links"]
        assert call.arguments["blocks"][0]["text"]["verbatim"] is True


async def test_a_result_calls_the_one_person_it_is_meant_for_whoever_its_prompt_names(bot: Scene) -> None:
    talk, notes = await said(bot)

    await talk.post(Message(HOSTILE, (SHEET,), calls="U2"), notes.attempt("post"))

    sheet = bot.slack.posted("C1")[1]
    assert re.findall(r"<[@!][^>]*>", sheet["text"]) == ["<@U2>"]
    assert [block["text"]["text"] for block in sheet["blocks"] if "<" in str(block)] == ["<@U2>"]


@pytest.mark.parametrize("text", ["a" + "&" * 50_000, "word " * 20_000, "line\n" * 20_000, "", " \n ", "é😀" * 9_000])
async def test_any_text_fits_slacks_limits(bot: Scene, text: str) -> None:
    talk, notes = await bot.talk(), Notes()

    await talk.say(Message(text, (), (Button("x" * 200, "y" * 1000),) * 25), notes.attempt("say"))

    blocks = bot.slack.posted("C1")[0]["blocks"]
    sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    assert all(not section.endswith(("&", "&a", "&am", "&amp")) for section in sections)


@pytest.mark.parametrize("text", ["glass, " * 2500, "one two\n" * 2000])
async def test_a_long_text_is_cut_at_a_line_or_else_at_a_space_and_nothing_of_it_is_lost(bot: Scene, text: str) -> None:
    talk, notes = await bot.talk(), Notes()

    await talk.say(Message(text), notes.attempt("say"))

    sections = [block["text"]["text"] for block in bot.slack.posted("C1")[0]["blocks"]]
    assert len(sections) > 4
    assert [word for section in sections for word in section.split()] == text.split()
    assert {section.split()[0] for section in sections} == {text.split(maxsplit=1)[0]}


async def test_a_message_has_its_time_its_buttons_and_as_many_choices_as_slack_takes(bot: Scene) -> None:
    talk, notes = await bot.talk(), Notes()
    buttons = (Button("Again", "again:k3", "primary"), Button("", "edit:k3"), Button("Delete", "delete:k3", "danger"))
    menu = Menu("Cells", "cell:k3", tuple((f"A{n}", f"A{n}") for n in range(120)))

    await talk.say(Message("waiting", buttons=buttons, menu=menu, eta=1_900_000_000), notes.attempt("say"))

    _, time, row, select = bot.slack.posted("C1")[0]["blocks"]
    assert time["elements"][0]["text"] == "<!date^1900000000^Ready at about {time_secs}|Ready at about 17:46 UTC>"
    assert [(each["text"]["text"], each.get("style")) for each in row["elements"]] == [
        ("Again", "primary"),
        ("…", None),
        ("Delete", "danger"),
    ]
    assert [each["value"] for each in select["elements"][0]["options"]] == [f"A{n}" for n in range(100)]


async def test_a_menu_without_choices_is_left_out(bot: Scene) -> None:
    talk, notes = await bot.talk(), Notes()

    await talk.say(Message("waiting", menu=Menu("Cells", "cell:k3", ())), notes.attempt("say"))

    assert [block["type"] for block in bot.slack.posted("C1")[0]["blocks"]] == ["section"]


async def test_a_press_that_slack_could_not_carry_is_refused_instead_of_cut(bot: Scene) -> None:
    talk, notes = await bot.talk(), Notes()

    for message in (
        Message("x", (), (Button("x", "y" * 2001),)),
        Message("x", menu=Menu("x", "y" * 300, (("a", "a"),))),
    ):
        with pytest.raises(ValueError, match="characters on Slack"):
            await talk.say(message, notes.attempt("say"))


async def test_alt_text_is_never_missing_and_never_too_long(bot: Scene) -> None:
    talk, notes = await said(bot)
    pictures = (Picture("a.png", PNG, ""), Picture("b.png", PNG, "x" * 5000))

    await talk.post(Message("x", pictures), notes.attempt("post"))

    alts = [alt for _, _, alt in bot.slack.posted("C1")[1]["pictures"]]
    assert alts == ["A picture made by Tessera", "x" * 2000]


async def test_a_public_channel_is_joined(slack: SlackServer) -> None:
    slack.channel("C2", bot=False)
    async with scene(slack) as bot:
        talk = await bot.talk("C2")

        missing = await talk.can_post()
        await talk.say(Message("hello"), Notes().attempt("say"))

        assert missing is None
        assert len(slack.posted("C2")) == 1


@pytest.mark.parametrize("kind", ["private", "public"])
async def test_where_the_app_cannot_join_it_says_what_to_type(slack: SlackServer, kind: str) -> None:
    slack.channel("C2", kind, bot=False)
    slack.fault("conversations.join", "restricted_action", 99)
    async with scene(slack) as bot:
        talk = await bot.talk("C2")

        missing = await talk.can_post()
        with pytest.raises(NoRights, match="/invite @tessera"):
            await talk.say(Message("x"), Notes().attempt("say"))

        assert missing == "I am not in this channel. Type `/invite @tessera` here and ask again."


async def test_archived_channels_foreign_conversations_and_missing_scopes_are_named(slack: SlackServer) -> None:
    slack.channel("C3", archived=True)
    slack.space.channels["D9"] = type(slack.space.channels["C1"])("D9", "directmessage", "im", {"U1", "U8"})
    async with scene(slack) as bot:
        archived = await (await bot.talk("C3")).can_post()
        foreign = await (await bot.talk("D9")).can_post()
    slack.scopes -= {"files:write"}
    async with scene(slack) as bot:
        lacking = await (await bot.talk()).can_post()

    assert archived == "This channel is archived, so nothing can be posted in it."
    assert foreign is not None
    assert "not in this conversation" in foreign
    assert lacking is not None
    assert "`files:write`" in lacking


async def test_rights_that_vanish_are_told_in_a_direct_message(bot: Scene) -> None:
    talk, notes = await said(bot)
    bot.slack.space.channels["C1"].members.discard("UBOT")
    again = await bot.again(talk)

    with pytest.raises(NoRights):
        await again.post(DONE, notes.attempt("post"))
    await again.whisper(Message("painted, but not posted"))

    assert bot.slack.posted("DU1")[0]["text"] == "painted, but not posted"


async def test_a_whisper_is_seen_by_the_person_alone(bot: Scene) -> None:
    talk = await bot.talk()

    await talk.whisper(Message("for you", (), (Button("Undo", "undo:1"),)))
    await bot.ada.press(bot.slack.space.whispers[0], "Undo", "C1")

    assert bot.slack.posted("C1") == []
    assert bot.slack.space.whispers[0]["user"] == "U1"
    assert bot.core.pressed[0].press == "undo:1"


async def test_where_the_app_is_no_member_a_whisper_takes_the_response_url_five_times_and_then_a_direct_message(
    slack: SlackServer,
) -> None:
    slack.channel("C2", "private", bot=False)
    async with scene(slack) as bot:
        talk = await bot.talk("C2")

        for n in range(7):
            await talk.whisper(Message(f"word {n}"))

        assert [each["text"] for each in slack.space.whispers] == [f"word {n}" for n in range(5)]
        assert [each["text"] for each in slack.posted("DU1")] == ["word 5", "word 6"]


async def test_a_response_url_that_is_too_old_loses_no_words(slack: SlackServer) -> None:
    slack.channel("C2", "private", bot=False)
    async with scene(slack) as bot:
        talk = await bot.talk("C2")
        slack.space.pass_time(1801)

        await talk.whisper(Message("late"))

        assert [each["text"] for each in slack.posted("DU1")] == ["late"]


async def test_pictures_for_one_person_go_into_the_direct_messages(bot: Scene) -> None:
    talk = await bot.talk()

    await talk.whisper(DONE)

    assert bot.slack.posted("DU1")[0]["pictures"][0][1] == PNG
    assert "direct message" in bot.slack.space.whispers[0]["text"]
    assert bot.slack.posted("C1") == []


async def test_a_private_job_lives_in_the_direct_messages(bot: Scene) -> None:
    talk, notes = await bot.talk(), Notes()
    await talk.acknowledge(private=True)

    await talk.say(Message("waiting"), notes.attempt("say"))
    again = await bot.again(talk)
    await again.update(Message("painting"))
    await again.post(DONE, notes.attempt("post"))

    parent, result = bot.slack.posted("DU1")
    assert parent["text"] == "painting"
    assert result["thread_ts"] == parent["ts"]
    assert bot.slack.posted("C1") == []
    assert await again.find_posted("post") is not None


async def test_a_deleted_grid_takes_its_files_with_it_and_deleting_twice_changes_nothing(bot: Scene) -> None:
    talk, notes = await said(bot)
    posted = await talk.post(DONE, notes.attempt("post"))

    await talk.delete(posted)
    await talk.delete(posted)

    assert len(bot.slack.posted("C1")) == 1
    assert all(held.deleted for held in bot.slack.space.files.values())


async def test_forty_grids_at_once_are_each_posted_once_under_their_own_parent(slack: SlackServer) -> None:
    async with scene(slack) as bot:
        for kind in ("lost", "cut", "500"):
            slack.fault("chat.postMessage", kind, 3)

        async def one(n: int) -> None:
            await SlackPerson(slack).command("C1", "/grid", f"cat {n}")
            talk = next(heard.talk for heard in bot.core.heard if heard.text.endswith(f" {n}"))
            notes = Notes()
            for key, send in ((f"{n}-say", talk.say), (f"{n}-post", talk.post)):
                for _ in range(12):
                    try:
                        found = await talk.find_posted(key)
                        assert found or await send(Message(f"{n}", (SHEET,)), notes.attempt(key))
                        break
                    except PlatformAway:
                        continue

        await asyncio.gather(*(one(n) for n in range(40)))

        keys = [each["metadata"]["event_payload"]["key"] for each in slack.posted("C1")]
        parents = {each["ts"]: each["text"] for each in slack.posted("C1") if "thread_ts" not in each}
        assert sorted(keys) == sorted(f"{n}-{what}" for n in range(40) for what in ("say", "post"))
        assert all(parents[each["thread_ts"]] == each["text"] for each in slack.posted("C1") if "thread_ts" in each)


async def test_an_address_holds_no_secret_and_no_passing_key(bot: Scene) -> None:
    talk, _ = await said(bot)

    address = json.loads(talk.address)

    assert set(address) == {"team", "channel", "user", "since", "ts", "key"}
    assert TokenRefused is ANSWERS["invalid_auth"][0]
