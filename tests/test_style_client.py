"""The bot's calls for styles against the engine's own routes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from diffusers import UNet2DConditionModel

from engine import embedded, server
from engine.contract.client import EngineClient
from engine.contract.errors import BadRequest, NoStyle
from engine.painter import FakePainter
from tests.engines import running_engine
from tests.styles import make_style


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[EngineClient]:
    unet = UNet2DConditionModel.from_pretrained(embedded.PIPELINE / "unet")
    make_style(tmp_path / "styles", "ink", unet, seed=3, words="in ink")
    async with running_engine(tmp_path, FakePainter()) as engine:
        made = EngineClient("http://localhost", tmp_path / "none")
        await made.close()
        transport = httpx.ASGITransport(server.app(engine, "no device"))
        made._http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        yield made
        await made.close()


async def own(client: EngineClient) -> list[str]:
    return [style["name"] for style in await client.styles() if not style["shipped"]]


async def test_a_style_is_shown_renamed_and_deleted(client: EngineClient) -> None:
    card = await client.style("ink")
    file = await client.style_file("ink", "adapter_config.json")

    await client.rename_style("ink", "chalk")
    renamed = await own(client)
    await client.delete_style("chalk")

    assert card["name"] == "ink"
    assert b"lora_alpha" in file
    assert renamed == ["chalk"]
    assert await own(client) == []


@pytest.mark.parametrize("name", ["gone", "../ink", "a/b", "?x=1", "ünï", ""])
async def test_a_name_that_is_none_is_refused_with_a_sentence(client: EngineClient, name: str) -> None:
    sentence = "There is no" if name == "gone" else "lower-case letters, digits and hyphens"

    for call in (client.style(name), client.style_file(name, "card.json"), client.delete_style(name)):
        with pytest.raises(BadRequest, match=sentence):
            await call

    assert await own(client) == ["ink"]


async def test_a_style_that_is_not_there_is_told_apart_from_what_else_is_refused(client: EngineClient) -> None:
    with pytest.raises(NoStyle, match="There is no"):
        await client.delete_style("gone")
    with pytest.raises(BadRequest) as refused:
        await client.rename_style("ink", "pencil")

    assert not isinstance(refused.value, NoStyle)


async def test_a_new_name_with_a_path_in_it_is_refused(client: EngineClient) -> None:
    with pytest.raises(BadRequest, match="lower-case letters, digits and hyphens"):
        await client.rename_style("ink", "../../etc&to=x")
