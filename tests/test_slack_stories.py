"""Whole grids through Slack's real client libraries and the real core, also when the bot is killed at any call."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import pytest

from adapters.slack.scopes import BEHIND_TESSERA, COMMANDS
from bot import commands
from bot.__main__ import core
from engine.contract.client import EngineClient
from tests.bot_rig import Rig
from tests.slack_core import adapter, slack
from tests.stand_ins.slack_person import SlackPerson
from tests.stand_ins.slack_server import SlackServer
from tests.stand_ins.slack_workspace import BOT_USER

__all__ = ["slack"]

CAT = "a cat wearing neon-glasses blocks:2"


class SlackRig(Rig):
    """The core behind the Slack adapter; a kill takes both away, and what hung on the network with them."""

    slack: SlackServer

    async def start(self) -> None:
        platform = adapter(self.slack)
        engine = cast("EngineClient", self.engine)
        self.app = await core(self.settings, {"slack": platform}, client=engine, clock=lambda: self.now)
        await self.app.start()
        self.running = asyncio.create_task(platform.run(self.app))
        await platform.ready.wait()

    async def kill(self) -> None:
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running
        await super().kill()


@asynccontextmanager
async def rig(folder: Path, slack: SlackServer) -> AsyncIterator[SlackRig]:
    made = SlackRig(folder, 4)
    made.slack = slack
    await made.start()
    try:
        yield made
    finally:
        await made.kill()


async def test_a_grid_goes_from_a_slash_command_to_a_sheet_in_its_thread(tmp_path: Path, slack: SlackServer) -> None:
    async with rig(tmp_path, slack) as r:
        answer = await SlackPerson(slack).command("C1", "/grid", CAT)
        await r.settled()

        (job,) = await r.jobs()
        parent, sheet = slack.posted("C1")
        name, data, alt = sheet["pictures"][0]
        assert answer.acknowledged
        assert job.state == "delivered"
        assert "Score 0.250" in parent["text"]
        assert sheet["thread_ts"] == parent["ts"]
        assert name == f"tessera-{job.id}.png"
        assert data.startswith(b"\x89PNG")
        assert "a cat wearing neon-glasses" in alt


# the call at which the bot is killed, what becomes of the call, and how many of its kind come before
STAGES = {
    "received": ("conversations.info", "hang", 0),
    "waiting": ("chat.postMessage", "hang", 0),
    "said but not recorded": ("chat.postMessage", "mute", 0),
    "asking for an upload": ("files.getUploadURLExternal", "hang", 0),
    "uploading": ("upload", "hang", 0),
    "completing the upload": ("files.completeUploadExternal", "hang", 0),
    "uploaded but not recorded": ("files.completeUploadExternal", "mute", 0),
    "waiting for the picture": ("files.info", "hang", 0),
    "posting": ("chat.postMessage", "hang", 1),
    "posted but not recorded": ("chat.postMessage", "mute", 1),
    "the last word": ("chat.update", "hang", 0),
    "the last word not recorded": ("chat.update", "mute", 0),
}


@pytest.mark.parametrize("stage", STAGES)
async def test_killed_at_any_call_the_grid_arrives_once(tmp_path: Path, slack: SlackServer, stage: str) -> None:
    slack.times.late = 0.02
    match, kind, after = STAGES[stage]
    async with rig(tmp_path, slack) as r:
        slack.fault(match, kind, after=after)
        await SlackPerson(slack).command("C1", "/grid", CAT)
        await asyncio.wait_for(slack.stuck.wait(), 10)

        await r.kill()
        await r.start()
        await r.settled()

        (job,) = await r.jobs()
        keys = [each["metadata"]["event_payload"]["key"] for each in slack.posted("C1")]
        parent, sheet = slack.posted("C1")
        assert job.state == "delivered"
        assert keys == [f"{job.id}-say", f"{job.id}-post"]
        assert "Score 0.250" in parent["text"]
        assert sheet["thread_ts"] == parent["ts"]
        assert sheet["pictures"]


async def test_a_button_under_an_old_sheet_makes_a_new_grid_after_a_restart(tmp_path: Path, slack: SlackServer) -> None:
    async with rig(tmp_path, slack) as r:
        await SlackPerson(slack).command("C1", "/grid", CAT)
        await r.settled()
        sheet = slack.posted("C1")[1]
        await r.kill()
        await r.start()

        await SlackPerson(slack).press(sheet, "Again, new seed", "C1")
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered", "delivered"]
        assert len(slack.posted("C1")) == 4


async def test_commands_are_named_as_they_are_typed_on_slack(tmp_path: Path, slack: SlackServer) -> None:
    async with rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        await ada.command("C1", "/tessera", "help")
        await r.settled()
        told = slack.space.whispers[-1]["text"]
        named = [command for command in re.findall(r"`(/.+?)[` ]", told) if command not in COMMANDS]
        await ada.shortcut("new_grid")
        labels = json.dumps(slack.space.views[-1])

        assert named == []
        assert "`/grid` " in told
        assert "`/tessera help grid`" in told
        assert "; /tessera styles lists them" in labels


def test_every_command_is_one_of_slacks_or_behind_tessera() -> None:
    own = [command.removeprefix("/") for command in COMMANDS]

    assert sorted([*own, *BEHIND_TESSERA]) == sorted([*(command.name for command in commands.COMMANDS), "tessera"])


async def test_where_the_app_may_not_post_nothing_is_painted_and_the_person_reads_why(
    tmp_path: Path, slack: SlackServer
) -> None:
    slack.channel("C2", "private", bot=False)
    async with rig(tmp_path, slack) as r:
        await SlackPerson(slack).command("C2", "/grid", CAT)
        await r.settled()

        assert await r.jobs() == []
        assert "/invite @tessera" in slack.space.whispers[0]["text"]


async def test_the_app_home_lists_the_grid_and_shows_it(tmp_path: Path, slack: SlackServer) -> None:
    async with rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        await ada.command("C1", "/grid", CAT)
        await r.settled()

        await ada.open_home()
        await ada.press(slack.space.homes["U1"], "Show")
        await r.settled()

        assert slack.posted("DU1")[0]["pictures"]


async def test_a_style_goes_from_finetune_to_somebody_elses_grid(tmp_path: Path, slack: SlackServer) -> None:
    slack.space.users["U1"]["is_admin"] = True
    slack.space.add_user("U7", "bea")
    slack.channel("C7")
    async with rig(tmp_path, slack) as r:
        ada, other = SlackPerson(slack), SlackPerson(slack, "U7")
        await ada.command("C7", "/finetune", "ink style:Impressionism images:100")
        await r.settled()
        estimate = slack.space.whispers[-1]
        assert "at most 12 steps, at most 5 min" in estimate["text"]

        await ada.press(estimate, "Start", "C7")
        await r.until("SELECT COUNT(*) FROM jobs")
        await r.settled()
        parent, style = slack.posted("C7")
        await other.press(style, "Adopt", "C7")
        await r.settled()
        refusal = slack.space.whispers[-1]["text"]
        await ada.press(style, "Adopt", "C7")
        await r.settled()
        await other.command("C7", "/grid", "a cat approach:2 blocks:1")
        await r.until("SELECT COUNT(*) = 2 FROM jobs")
        await r.settled()

        training, grid = await r.jobs()
        assert training.state == grid.state == "delivered"
        assert style["thread_ts"] == parent["ts"]
        assert [name for name, _, _ in style["pictures"]] == [
            f"tessera-{training.id}-samples.png",
            f"tessera-{training.id}-loss.png",
        ]
        assert refusal == "Only moderators may press this button."
        assert "is now the adopted style on this server" in slack.space.whispers[-1]["text"]
        assert grid.order.style == "ink"

        await ada.command("C7", "/tessera", "styles ink")
        await r.settled()
        card = slack.posted("DU1")[-1]
        await ada.press(card, "Roll back", "DU1")
        await r.settled()
        assert "`ink` is not adopted here now" in slack.posted("DU1")[-1]["text"]


async def test_weights_are_compared_from_the_cost_to_the_sheet_and_its_plot(tmp_path: Path, slack: SlackServer) -> None:
    async with rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        await ada.command("C1", "/compare", "a cat weights:0,0.5,1 styles:sketch seeds:4")
        await r.settled()
        cost = slack.space.whispers[-1]
        assert "16 pictures to paint, about 42 s" in cost["text"]

        await ada.press(cost, "Start", "C1")
        await r.until("SELECT COUNT(*) FROM jobs")
        await r.settled()

        (job,) = await r.jobs()
        parent, posted = slack.posted("C1")
        assert job.state == "delivered"
        assert posted["thread_ts"] == parent["ts"]
        assert [name for name, _, _ in posted["pictures"]] == [f"tessera-{job.id}.png", f"tessera-{job.id}-plot.png"]
        assert "Every gain in style costs content here" in parent["text"]
        assert "`C sketch x 1 " in posted["text"]


async def test_what_is_said_in_a_channel_is_answered_where_the_person_sees_it(
    tmp_path: Path, slack: SlackServer
) -> None:
    async with rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        await ada.write("C1", f"<@{BOT_USER}> grid a cat approach:9")
        await r.settled()
        message = slack.space.add_message(slack.space.channels["C1"], "U1", "a cat")
        await ada.shortcut("grid_from_this", message, "C1")
        await ada.submit(slack.space.views[-1], {"style": "sketch"})
        await r.settled()

        told = [whisper["text"] for whisper in slack.space.whispers]
        assert told[0].startswith("approach must be 1, 2 or 3")
        assert told[1].startswith("Approach 1 paints without styles")


async def test_a_channel_that_a_moderator_types_by_its_name_is_allowed(tmp_path: Path, slack: SlackServer) -> None:
    slack.space.users["U1"]["is_admin"] = True
    async with rig(tmp_path, slack) as r:
        await SlackPerson(slack).command("C1", "/tessera", "settings scope:server channels:#c1")
        await r.settled()

        assert "`channels` C1" in slack.space.whispers[-1]["text"]


@pytest.mark.parametrize(
    "words",
    [
        f"<@{BOT_USER}> grid <https://a.org|a.org> by <@U7|ada> and <!here>, see <mailto:b@c.de|b@c.de> blocks:1",
        "/tessera grid a.org by @ada and @here, see b@c.de blocks:1",
    ],
)
async def test_links_and_names_in_a_prompt_are_painted_as_they_were_typed(
    tmp_path: Path, slack: SlackServer, words: str
) -> None:
    async with rig(tmp_path, slack) as r:
        ada, (first, _, rest) = SlackPerson(slack), words.partition(" ")
        await (ada.command("C1", first, rest) if first.startswith("/") else ada.write("C1", words))
        await r.settled()

        assert (await r.jobs())[0].prompt == "a.org by @ada and @here, see b@c.de"


async def test_a_link_in_a_prompt_of_a_command_is_painted_as_it_was_typed(tmp_path: Path, slack: SlackServer) -> None:
    async with rig(tmp_path, slack) as r:
        await SlackPerson(slack).command("C1", "/tessera", "grid a sign with https://a.org/b#c1 on it blocks:1")
        await r.settled()

        assert (await r.jobs())[0].prompt == "a sign with https://a.org/b#c1 on it"


async def test_a_grid_that_took_long_mentions_who_ordered_it(tmp_path: Path, slack: SlackServer) -> None:
    async with rig(tmp_path, slack) as r:
        r.engine.hold(after=1)
        await SlackPerson(slack).command("C1", "/grid", "<!channel> <@U2|bob> a cat blocks:1")
        await r.engine.reached.wait()
        r.now += 61
        r.engine.go_on.set()
        await r.settled()

        own, sheet = slack.posted("C1")
        assert sheet["text"].endswith("\n<@U1>")
        assert "<@" not in sheet["text"].removesuffix("<@U1>") + own["text"]


async def test_words_to_the_app_that_name_no_command_become_a_grid_by_a_button(
    tmp_path: Path, slack: SlackServer
) -> None:
    async with rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        await ada.write("C1", f"<@{BOT_USER}> a cat & <https://a.org|a.org> blocks:1")
        await r.settled()
        whisper = slack.space.whispers[-1]
        await ada.press(whisper, "Make a grid of this")
        await r.settled()

        (job,) = await r.jobs()
        assert (job.prompt, job.state) == ("a cat & a.org", "delivered")


async def test_a_search_with_an_ampersand_keeps_its_words_from_page_to_page(tmp_path: Path, slack: SlackServer) -> None:
    async with rig(tmp_path, slack) as r:
        ada = SlackPerson(slack)
        for number in range(6):
            await ada.command("C1", "/grid", f"cat & mouse {number} blocks:1")
            await ada.command("C1", "/grid", f"cat {number} blocks:1")
        await r.settled()

        await ada.command("C1", "/tessera", "history cat & mouse")
        await r.settled()
        await ada.press(slack.posted("DU1")[-1], "Older", "DU1")
        await r.settled()

        pages = [page["text"] for page in slack.posted("DU1")]
        assert [page.count("cat &amp; mouse") for page in pages] == [5, 1]
        assert not any("“cat 0”" in page for page in pages)
