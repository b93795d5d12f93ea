"""The picture in a Slack message while its job runs: the newest, one at a time, and none left behind."""

import asyncio
from dataclasses import replace

import pytest

from adapters.slack.talk import SlackTalk
from bot.chat import Button, Message, Picture
from tests.slack_core import PNG, QUICK, Notes, Scene, bot, scene, slack
from tests.stand_ins.slack_server import SlackServer

__all__ = ["bot", "slack"]


def curve(number: int) -> Message:
    picture = Picture("tessera-k3-loss.png", PNG + bytes([number]), f"The losses after epoch {number}")
    return Message(f"epoch {number}", (picture,), (Button("Cancel", "cancel:k3"),))


async def said(bot: Scene) -> SlackTalk:
    talk = await bot.talk()
    await talk.say(Message("waiting"), Notes().attempt("say"))
    return talk  # type: ignore[no-any-return]


async def beside(talk: SlackTalk) -> None:
    """Until what an edit left to do is done."""
    while talk._shown_picture._tasks:
        await asyncio.gather(*talk._shown_picture._tasks)


async def show(talk: SlackTalk, *messages: Message) -> None:
    """Each in two edits: the first has its picture uploaded, the second shows it."""
    for message in messages:
        await talk.update(message)
        await beside(talk)
        await talk.update(message)
        await beside(talk)


def files(slack: SlackServer) -> list[bytes]:
    """The last bytes of the files that the workspace still has."""
    return [held.data[-1:] for held in slack.space.files.values() if not held.deleted]


def seen(slack: SlackServer) -> list[tuple[str, bytes, str]]:
    (message,) = slack.posted("C1")
    return message["pictures"]  # type: ignore[no-any-return]


async def test_each_curve_takes_the_place_of_the_one_before_and_the_workspace_keeps_one_file(bot: Scene) -> None:
    talk = await said(bot)
    shown = []
    for number in range(1, 4):
        await show(talk, curve(number))
        shown.append((seen(bot.slack), files(bot.slack)))

    assert [[(data[-1:], alt) for _, data, alt in pictures] for pictures, _ in shown] == [
        [(bytes([number]), f"The losses after epoch {number}")] for number in range(1, 4)
    ]
    assert [kept for _, kept in shown] == [[b"\1"], [b"\2"], [b"\3"]]


async def test_an_edit_without_a_picture_takes_it_away_with_its_file(bot: Scene) -> None:
    talk = await said(bot)
    await show(talk, curve(1))

    await talk.update(Message("Trained."))
    await beside(talk)

    assert seen(bot.slack) == []
    assert files(bot.slack) == []


async def test_the_same_picture_is_uploaded_once_however_often_the_text_changes(bot: Scene) -> None:
    talk = await said(bot)
    await show(talk, curve(1))

    for step in range(5):
        await talk.update(replace(curve(1), text=f"step {step}"))

    assert len(bot.slack.calls("upload")) == 1
    assert len(seen(bot.slack)) == 1
    assert bot.slack.posted("C1")[0]["text"] == "step 4"


async def test_no_edit_waits_for_an_upload_and_none_is_lost_when_it_fails(bot: Scene) -> None:
    talk = await said(bot)
    bot.slack.fault("upload", "500", 20)

    await talk.update(curve(1))
    at_once = bot.slack.posted("C1")[0]["text"]
    await beside(talk)
    await talk.update(curve(2))
    await beside(talk)

    assert at_once == "epoch 1"
    assert bot.slack.posted("C1")[0]["text"] == "epoch 2"
    assert seen(bot.slack) == []


async def test_a_job_that_ends_while_its_picture_is_uploaded_leaves_no_file(bot: Scene) -> None:
    talk = await said(bot)
    await talk.update(curve(1))

    await talk.update(Message("Trained."))
    await beside(talk)

    assert len(bot.slack.calls("upload")) == 1
    assert files(bot.slack) == []
    assert seen(bot.slack) == []


async def test_a_bot_that_was_started_anew_takes_away_the_picture_that_it_finds(bot: Scene) -> None:
    talk = await said(bot)
    await show(talk, curve(1))

    again = await bot.again(talk)
    await again.update(replace(curve(1), text="still epoch 1"))
    kept = [data[-1:] for _, data, _ in seen(bot.slack)]
    await beside(again)
    await show(again, curve(1), curve(2))

    assert kept == [b"\1"]
    assert files(bot.slack) == [b"\2"]
    await again.update(Message("Trained."))
    await beside(again)
    assert files(bot.slack) == []


async def test_a_picture_stays_for_a_while_before_a_newer_one_is_uploaded(slack: SlackServer) -> None:
    async with scene(slack, timing=replace(QUICK, picture=3600.0)) as bot:
        talk = await said(bot)
        await show(talk, curve(1), curve(2), curve(3))

    assert len(slack.calls("upload")) == 1
    assert slack.posted("C1")[0]["text"] == "epoch 3"


async def test_a_picture_that_slack_will_not_show_yet_costs_no_edit(
    bot: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await said(bot)
    await show(talk, curve(1))
    ready = bot.slack.space.ready
    first = next(iter(bot.slack.space.files))
    monkeypatch.setattr(bot.slack.space, "ready", lambda file: file == first and ready(file))

    await show(talk, curve(2))
    text, kept = bot.slack.posted("C1")[0]["text"], [data[-1:] for _, data, _ in seen(bot.slack)]
    monkeypatch.undo()
    await show(talk, curve(2))

    assert (text, kept) == ("epoch 2", [b"\1"])
    assert [data[-1:] for _, data, _ in seen(bot.slack)] == [b"\2"]
    assert files(bot.slack) == [b"\2"]
