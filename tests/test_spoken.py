"""Words to the bot that name no command: a button makes a grid of them."""

from pathlib import Path

import pytest

from bot.chat import Message
from tests.bot_rig import Rig, rig
from tests.fake_talk import ANNA, BERT, LOBBY, MODERATOR
from tests.test_app import told


def button(message: Message) -> str:
    (only,) = message.buttons
    assert only.label == "Make a grid of this"
    return only.press


async def press(r: Rig, press: str) -> None:
    await r.press(ANNA, press)
    await r.settled()


async def test_words_become_a_grid_by_a_button_once_also_after_a_restart(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        answer = await told(r, ANNA, "@tessera a cat with glasses")
        assert answer.text == "“a cat with glasses” is not a command (/help lists them). Is it a prompt?"
        assert await r.jobs() == []

        await r.kill()
        await r.start()
        for _ in range(2):
            await press(r, button(answer))
            await r.app.parts.database.write("UPDATE received SET at = at - 60")

        (job,) = await r.jobs()
        assert (job.prompt, job.state) == ("a cat with glasses", "delivered")
        assert len(r.chat.posts()) == 1
        assert r.chat.whispered()[-1] == f"The grid `{job.id}` was already ordered. `/show {job.id}` shows it."


async def test_options_among_the_words_and_what_one_prefers_count_as_after_the_command(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await told(r, ANNA, "/settings blocks:1 approach:2")
        await press(r, button(await told(r, ANNA, "/a cat approach:3")))

        (job,) = await r.jobs()
        assert (job.prompt, job.order.approach, job.order.blocks) == ("a cat", 3, 1)


@pytest.mark.parametrize("text", ["/gird a cat", "/sow k3x9tq2m7d", "/", "a cat approach:9", "/grid a cat approach:9"])
async def test_nothing_is_offered_for_a_mistyped_command_and_where_no_grid_can_be_made(
    tmp_path: Path, text: str
) -> None:
    async with rig(tmp_path) as r:
        assert (await told(r, ANNA, text)).buttons == ()


async def test_only_who_said_the_words_makes_a_grid_of_them(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        said = button(await told(r, ANNA, "a cat with glasses"))
        await r.press(BERT, said)
        await r.settled()

        assert await r.jobs() == []
        assert "they are not yours" in r.chat.whispered()[-1]


async def test_a_servers_rules_hold_for_words_too(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await told(r, MODERATOR, "/settings scope:server words:gore")
        await press(r, button(await told(r, ANNA, "a lot of gore", LOBBY)))

        assert await r.jobs() == []
        assert "does not allow" in r.chat.whispered()[-1]
