"""A picture that somebody points at is scored: through the core, through Discord, Slack and the web chat."""

import io
from pathlib import Path

import httpx
import pytest
from PIL import Image

from adapters.discord.commands import SCORE
from adapters.discord.pictures import picture_in
from adapters.slack.pictures import stored_on_slack
from bot.chat import Pointed
from engine.contract.scoring import MOST_BYTES
from tests.bot_rig import rig
from tests.fake_talk import ANNA, BERT
from tests.slack_core import slack
from tests.stand_ins.slack_person import SlackPerson
from tests.stand_ins.slack_server import SlackServer
from tests.test_bot_on_discord import DiscordRig, as_imported
from tests.test_bot_on_discord import rig as discord_rig
from tests.test_slack_stories import rig as slack_rig
from tests.web_rig import WebRig, web_rig

__all__ = ["as_imported", "slack"]


def png(side: int = 8) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(out, "PNG")
    return out.getvalue()


RED = png()
ANSWER = "*Score 0.310* for “a red square”"


async def test_pointing_asks_for_the_prompt_and_the_answer_names_the_nearest(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.chat.pictures["red"] = RED
        await r.press(ANNA, "score:message", pointed=Pointed("a red square", "red"))
        await r.settled()
        _, form = r.chat.forms[-1]

        await r.press(ANNA, form.press, values={"prompt": "a red square"})
        await r.settled()

        assert form.fields[0].value == "a red square"
        told = r.chat.whispered()[-1]
        assert told.startswith(ANSWER)
        assert "Rank 1 of 65 among the reference prompts" in told
        assert "`0.200` a dog" in told
        assert r.engine.scored[0].data == RED
        assert r.chat.acknowledged == [("anna", True)], "a form is its own acknowledgement"


async def test_whoever_has_many_pictures_scored_fills_no_memory_with_those_that_wait(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.chat.pictures["red"] = RED
        for n in range(4):
            await r.press(ANNA, "score:message", pointed=Pointed(str(n), "red"))
        await r.settled()
        r.engine.hold(0)
        for _, form in r.chat.forms:
            await r.press(ANNA, form.press, values={"prompt": "a red square"})
        await r.engine.reached.wait()
        # Time enough for the others to come as far as they may.
        for _ in range(50):
            await r.count("SELECT COUNT(*) FROM received")
        meanwhile = r.chat.calls["picture"]
        r.engine.go_on.set()
        await r.settled()

        assert (meanwhile, r.chat.calls["picture"]) == (1, 4)
        assert len(r.engine.scored) == 4


@pytest.mark.parametrize(
    ("name", "prompt", "says"),
    [
        ("gone", "a cat", "The picture is gone."),
        ("large", "a cat", "The picture is too large."),
        ("text", "a cat", "is not a picture that can be read; PNG, JPEG, WebP and GIF"),
        ("red", "   ", "prompt must not be empty."),
        ("red", "cat " * 300, "prompt may have at most 1000 characters"),
    ],
)
async def test_what_cannot_be_scored_is_said_in_a_sentence(tmp_path: Path, name: str, prompt: str, says: str) -> None:
    async with rig(tmp_path) as r:
        r.chat.pictures |= {"red": RED, "large": bytes(MOST_BYTES + 1), "text": b"hello"}
        await r.press(ANNA, "score:message", pointed=Pointed("", name))
        await r.settled()

        await r.press(ANNA, r.chat.forms[-1][1].press, values={"prompt": prompt})
        await r.settled()

        assert says in r.chat.whispered()[-1]


async def test_a_message_without_a_picture_is_answered_at_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.press(ANNA, "score:message", pointed=Pointed("only words"))
        await r.settled()

        assert r.chat.forms == []
        assert "There is no picture in this message" in r.chat.whispered()[-1]


async def test_a_form_of_somebody_else_scores_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.chat.pictures["red"] = RED
        await r.press(ANNA, "score:message", pointed=Pointed("", "red"))
        await r.settled()

        await r.press(BERT, r.chat.forms[-1][1].press, values={"prompt": "a cat"})
        await r.settled()

        assert r.engine.scored == []
        assert "it is not yours" in r.chat.whispered()[-1]


async def test_a_bot_that_died_before_the_answer_gives_it_after_the_restart(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.chat.pictures["red"] = RED
        await r.press(ANNA, "score:message", pointed=Pointed("", "red"))
        await r.settled()
        r.chat.away["acknowledge"] = 1
        r.engine.hold(0)
        await r.press(ANNA, r.chat.forms[-1][1].press, values={"prompt": "a red square"})
        await r.engine.reached.wait()
        await r.kill()
        r.engine.go_on.set()

        await r.start()
        await r.settled()

        assert [text for text in r.chat.whispered() if text.startswith(ANSWER)]


async def score_on_discord(r: DiscordRig, picture: tuple[str, bytes], prompt: str = "a red square") -> str:
    """Point at a message with this picture, fill in the form, and read the answer."""
    told = await r.server.people.use_on(r.server.ann, r.server.room, SCORE, "look at this", picture)
    await r.server.until(lambda: told.modal)
    sent = await r.server.people.submit_modal(told, prompt=prompt)
    await r.until("SELECT COUNT(*) = 2 FROM received")
    await r.settled()
    reply = r.server.reply(sent)
    assert reply is not None
    assert reply.ephemeral
    return reply.content


@pytest.mark.parametrize("name", ["red.png", "%3Fv%3D1%2Cred.png"])
async def test_on_discord_any_picture_can_be_scored_from_its_context_menu(tmp_path: Path, name: str) -> None:
    """Also one whose address is spelled as no library would spell it: it is signed as it is."""
    async with discord_rig(tmp_path) as r:
        answer = await score_on_discord(r, (name, RED))

        assert answer.startswith("**Score 0.310** for “a red square”")
        assert r.engine.scored[0].data == RED


def test_on_discord_a_forwarded_picture_is_found() -> None:
    words, url = {"attachments": [], "embeds": []}, "https://cdn.discordapp.com/a.png"
    picture = {"attachments": [{"url": url, "content_type": "image/png"}], "embeds": []}

    assert picture_in(words | {"message_snapshots": [{"message": words}, {"message": picture}]}) == url


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://discordapp.net.example/x.png",
        "https://cdn.discordapp.com/a.png HTTP/1.1\r\nX: y",
    ],
)
async def test_on_discord_no_other_host_is_ever_asked_for_a_picture(tmp_path: Path, address: str) -> None:
    async with discord_rig(tmp_path) as r:
        answer = await score_on_discord(r, (address, RED))

        assert "is not stored on Discord" in answer
        assert r.engine.scored == []


async def test_on_discord_a_picture_larger_than_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with discord_rig(tmp_path) as r:
        answer = await score_on_discord(r, ("large.png", bytes(MOST_BYTES + 1)))

        assert "too large: at most 10 MB can be scored" in answer


async def test_on_slack_a_shortcut_scores_the_picture_of_a_message(tmp_path: Path, slack: SlackServer) -> None:
    async with slack_rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        message = slack.space.share(slack.space.channels["C1"], "U1", RED, "a red square")
        await ada.shortcut("score_this", message, "C1")
        await r.settled()

        await ada.submit(slack.space.views[0], {})
        await r.until("SELECT COUNT(*) = 2 FROM received")
        await r.settled()

        assert slack.space.whispers[-1]["text"].startswith(ANSWER)
        assert r.engine.scored[0].data == RED


async def test_on_slack_a_file_that_the_app_cannot_see_is_told_with_what_would_help(
    tmp_path: Path, slack: SlackServer
) -> None:
    async with slack_rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        message = slack.space.share(slack.space.channels["C1"], "U1", RED)
        slack.space.files[message["files"][0]["id"]].deleted = True
        await ada.shortcut("score_this", message, "C1")
        await r.settled()

        await ada.submit(slack.space.views[0], {"prompt": "a cat"})
        await r.until("SELECT COUNT(*) = 2 FROM received")
        await r.settled()

        assert "/invite @tessera" in slack.space.whispers[-1]["text"]


async def test_on_slack_a_linked_file_is_no_call_of_the_api_with_the_bots_token(
    tmp_path: Path, slack: SlackServer
) -> None:
    async with slack_rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        message = slack.space.share(slack.space.channels["C1"], "U1", RED)
        slack.space.files[message["files"][0]["id"]].linked = f"{slack.api_url}auth.revoke"
        await ada.shortcut("score_this", message, "C1")
        await r.settled()

        await ada.submit(slack.space.views[0], {"prompt": "a cat"})
        await r.until("SELECT COUNT(*) = 2 FROM received")
        await r.settled()

        assert "not stored on Slack" in slack.space.whispers[-1]["text"]


@pytest.mark.parametrize(
    "address",
    [
        "https://slack.com/api/auth.revoke",
        "http://slack.com/files-pri/T1-F1/a.png",
        "http://files.slack.com/files-pri/T1-F1/a.png",
        "https://files.slack.com.evil.example/a.png",
        "https://files.slack.com@evil.example/a.png",
        "http://127.0.0.1/a.png",
    ],
)
def test_on_slack_the_token_goes_to_the_host_of_the_files_alone(address: str) -> None:
    assert stored_on_slack("https://files.slack.com/files-pri/T1-F1/a.png", "https://slack.com/api/")
    assert not stored_on_slack(address, "https://slack.com/api/")


async def upload(r: WebRig, content: bytes, kind: str = "image/png", event: str = "a" * 32) -> httpx.Response:
    return await r.visitor.client.post(f"/picture/{event}", content=content, headers={"content-type": kind})


async def test_in_the_web_chat_an_uploaded_picture_is_shown_and_scored(tmp_path: Path) -> None:
    async with web_rig(tmp_path) as r:
        assert [(await upload(r, RED)).status_code for _ in range(2)] == [204, 204]
        await r.click(await r.shown(lambda each: each["kind"] == "form"), "Send", prompt="a red square")
        told = await r.shown(lambda each: each["kind"] == "whispered")

        page = await r.visitor.shown()
        kept = await r.visitor.client.get("/" + page[0]["pictures"][0]["url"])
        assert told["text"].startswith(ANSWER)
        assert [message["kind"] for message in page] == ["typed", "whispered"]
        assert (kept.content, kept.headers["content-type"]) == (RED, "image/png")


@pytest.mark.parametrize(
    ("content", "kind", "status", "says"),
    [
        (b"<html>", "text/html", 415, "PNG, JPEG, WebP and GIF pictures can be scored."),
        (bytes(MOST_BYTES + 1), "image/png", 413, "at most 10 MB"),
        (b"", "image/png", 422, "This file is empty."),
    ],
    ids=["a page", "large", "empty"],
)
async def test_in_the_web_chat_what_is_no_picture_is_refused_at_the_door(
    tmp_path: Path, content: bytes, kind: str, status: int, says: str
) -> None:
    async with web_rig(tmp_path) as r:
        answer = await upload(r, content, kind)

        assert answer.status_code == status
        assert says in answer.json()["error"]
