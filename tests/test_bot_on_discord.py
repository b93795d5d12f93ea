"""Whole grids through Discord's real client library and the real core, also when the bot is killed on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import discord
import discord.gateway
import discord.http
import pytest

from adapters.discord.channel import Channel
from adapters.discord.talk import DiscordTalk
from bot.__main__ import core
from bot.courier import Courier
from engine.contract.client import EngineClient
from tests.bot_rig import Rig
from tests.discord_adapter.running import platform_for, reply, running
from tests.discord_adapter.scripted_core import ScriptedCore
from tests.stand_ins.discord_server import DiscordServer, Posted


@pytest.fixture(autouse=True)
def as_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter points discord.py's class attributes at the stand-in; each test leaves them as it found them."""
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    gateway = discord.gateway.DiscordWebSocket
    monkeypatch.setattr(gateway, "DEFAULT_GATEWAY", gateway.DEFAULT_GATEWAY)


class DiscordRig(Rig):
    """The core behind the Discord adapter; a kill takes both away."""

    server: DiscordServer

    async def start(self) -> None:
        platform = platform_for(self.server)
        engine = cast("EngineClient", self.engine)
        self.app = await core(self.settings, {"discord": platform}, client=engine, clock=lambda: self.now)
        await self.app.start()
        self.connection = AsyncExitStack()
        await self.connection.enter_async_context(running(platform, cast("ScriptedCore", self.app), self.server))

    async def kill(self) -> None:
        await super().kill()
        await self.connection.aclose()

    def sheets(self) -> list[Posted]:
        """Every message anywhere that carries a finished sheet."""
        rooms = [room.id for room in self.server.state.rooms.values()]
        found = [posted for room in rooms for posted in self.server.messages(room)]
        return [posted for posted in found if any("preview" not in name for name in posted.files)]


@asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[DiscordRig]:
    async with DiscordServer() as server:
        made = DiscordRig(folder, 4)
        made.server = server
        await made.start()
        try:
            yield made
        finally:
            await made.kill()


async def test_a_grid_goes_from_a_slash_command_to_a_sheet_in_its_thread(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        told = await r.server.people.slash(r.server.ann, r.server.room, "grid", prompt="a cat in glasses", blocks=2)
        await r.until("SELECT COUNT(*) FROM jobs")
        await r.settled()

        (job,) = await r.jobs()
        (sheet,) = r.sheets()
        assert job.state == "delivered"
        assert "Score 0.250" in reply(r.server, told).content
        assert "a cat in glasses" in sheet.content
        assert [data[:4] for data in sheet.files.values()] == [b"\x89PNG"]


async def test_the_buttons_under_a_sheet_work_where_only_its_channel_is_allowed(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        people, room, ann = r.server.people, r.server.room, r.server.ann
        mora = r.server.add_person("Mora", manage_guild=True)
        await people.slash(mora, room, "settings", scope="server", channels=f"<#{room.id}>")
        await people.slash(ann, room, "grid", prompt="a cat", blocks=1)
        await answered(r, 2)
        (sheet,) = r.sheets()

        await people.press(ann, sheet, sheet.presses["Again, new seed"])
        await answered(r, 3)

        assert [posted.room for posted in r.sheets()] == [sheet.room] * 2


@pytest.mark.parametrize("stage", ["acknowledged", "painting", "posting", "posted but not recorded"])
async def test_a_bot_killed_on_the_way_delivers_the_grid_once(tmp_path: Path, stage: str) -> None:
    async with rig(tmp_path) as r:
        with pytest.MonkeyPatch.context() as patch:
            reached = _hold(r, stage, patch)
            await r.server.people.slash(r.server.ann, r.server.room, "grid", prompt="a cat in glasses", blocks=2)
            await asyncio.wait_for(reached.wait(), 20)
            await r.kill()
        r.engine.go_on.set()

        await r.start()
        await r.settled()

        assert [job.state for job in await r.jobs()] == ["delivered"]
        assert len(r.sheets()) == 1


async def test_a_bot_killed_before_its_last_word_still_points_to_the_thread(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        with pytest.MonkeyPatch.context() as patch:
            reached = asyncio.Event()

            async def held(*_: Any) -> None:
                reached.set()
                await asyncio.Event().wait()

            patch.setattr(Courier, "_close", held)
            told = await r.server.people.slash(r.server.ann, r.server.room, "grid", prompt="a cat", blocks=1)
            await asyncio.wait_for(reached.wait(), 20)
            await r.kill()

        await r.start()
        await r.settled()

        (sheet,) = r.sheets()
        assert "Score 0.250" in reply(r.server, told).content
        assert f"→ <#{sheet.room}>" in reply(r.server, told).content


def _hold(r: DiscordRig, stage: str, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Hold the bot at one moment for ever; the event tells that it is there."""
    if stage == "painting":
        r.engine.hold(after=12)
        return r.engine.reached
    reached = asyncio.Event()
    kind, name = {"acknowledged": (DiscordTalk, "can_post")}.get(stage, (Channel, "send"))
    call = getattr(kind, name)

    async def held(*args: Any, **more: Any) -> Any:
        done: Awaitable[Any] | None = call(*args, **more) if stage == "posted but not recorded" else None
        if done is not None:
            await done
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(kind, name, held)
    return reached


async def answered(r: DiscordRig, count: int) -> None:
    """Wait until so many commands and presses were heard and answered, and every job has ended."""
    await r.until("SELECT COUNT(*) >= :count FROM received", count=count)
    await r.settled()


async def test_a_style_goes_from_finetune_to_somebody_elses_grid(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        people, room, ann = r.server.people, r.server.room, r.server.ann
        mora = r.server.add_person("Mora", manage_guild=True)
        asked = await people.slash(mora, room, "finetune", name="ink", style="Impressionism", images=100)
        await answered(r, 1)
        estimate = reply(r.server, asked)
        assert estimate.ephemeral
        assert "at most 12 steps, at most 5 min" in estimate.content

        await people.press(mora, estimate, estimate.presses["Start"])
        await answered(r, 2)
        (style,) = r.sheets()
        await people.press(ann, style, style.presses["Adopt"])
        await answered(r, 3)
        await people.press(mora, style, style.presses["Adopt"])
        await answered(r, 4)
        await people.slash(ann, room, "grid", prompt="a cat", approach=2, blocks=1)
        await answered(r, 5)

        training, grid = await r.jobs()
        private = [posted.content for posted in r.server.state.posted.values() if posted.ephemeral]
        assert training.state == grid.state == "delivered"
        assert "It ended because the held-out loss stopped improving" in style.content
        assert [name.split("-")[2].split(".")[0] for name in style.files] == ["samples", "loss"]
        assert "Only moderators may press this button." in private
        assert any("is now the adopted style on this server" in text for text in private)
        assert grid.order.style == "ink"
        assert len(r.sheets()) == 2


async def test_a_list_of_long_styles_ends_with_how_many_more_there_are(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        names = [f"style-number-{n:02}" for n in range(30)]
        r.engine.cards |= {name: {"name": name, "summary": "_by_hand_, *mostly*, " * 5} for name in names}

        asked = await r.server.people.slash(r.server.ann, r.server.room, "styles")
        await answered(r, 1)

        _, *lines, last = reply(r.server, asked).content.splitlines()
        assert len(lines) > 10
        assert last.startswith(f"And {len(r.engine.cards) - len(lines)} more; see one with")


async def test_weights_are_compared_from_the_cost_to_the_sheet_and_its_plot(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        people, room, ann = r.server.people, r.server.room, r.server.ann
        asked = await people.slash(ann, room, "compare", prompt="a cat", weights="0,0.5,1", styles="sketch", seeds=4)
        await answered(r, 1)
        cost = reply(r.server, asked)
        assert cost.ephemeral
        assert "16 pictures to paint, about 42 s" in cost.content

        await people.press(ann, cost, cost.presses["Start"])
        await answered(r, 2)

        (job,) = await r.jobs()
        (posted,) = r.sheets()
        assert job.state == "delivered"
        assert [name.split("-")[1:-1] for name in posted.files] == [[job.id], [job.id, "plot"]]
        assert "**Every gain in style costs content here; sketch x 0.5 pays the least" in posted.content
        assert "`C sketch x 1 " in posted.content
        assert len(posted.content) < 2000
        assert "after Holm's correction for 3 columns" in posted.content


async def test_a_grid_that_took_long_notifies_who_ordered_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        r.engine.hold(after=1)
        prompt = f"@everyone <@{r.server.state.bot.id}> a cat"
        told = await r.server.people.slash(r.server.ann, r.server.room, "grid", prompt=prompt, blocks=1)
        await r.engine.reached.wait()
        r.now += 61
        r.engine.go_on.set()
        await r.settled()

        (sheet,) = r.sheets()
        assert sheet.pinged == [r.server.ann.id]
        assert reply(r.server, told).pinged == []
