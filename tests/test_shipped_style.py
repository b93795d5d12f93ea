"""The style that comes with the embedded model: worn where none is adopted, listed, and nobody's to change."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from diffusers import UNet2DConditionModel

from engine import embedded, models, styles
from engine.contract.approaches import EMBEDDED, STYLED, TURBO
from engine.contract.errors import BadRequest, BadStyle
from engine.contract.orders import MakeGrid
from engine.demo import beside
from engine.diffusion import DiffusionPainter
from engine.embedded.drawings.facts import WAYS
from engine.embedded.training import examiner
from engine.embedded.vocabulary import SUBJECTS
from engine.painter import FakePainter
from engine.planner import Planner
from engine.settings import Settings
from engine.wave import Mix, Row, Wave
from tests.engines import over_http, running_engine
from tests.styles import make_style

PENCIL = "pencil"


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, profile="embedded", _env_file=None)


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running_engine(tmp_path, FakePainter()) as engine, over_http(engine) as client:
        yield client


async def planned(folder: Path, **asked: object) -> tuple[str | None, float | None, list[str]]:
    """Style and weight of a grid's recipe, and its warnings."""
    order = MakeGrid.model_validate({"prompt": "a cat", "approach": STYLED, "blocks": 1, "seed": 7, **asked})
    plan = await Planner(settings(folder), "embedded").plan(order, lambda _done, _total: None)
    return plan.recipe.style, plan.recipe.weight, list(plan.warnings)


async def test_it_is_worn_where_no_style_is_named_and_the_grid_says_so(tmp_path: Path) -> None:
    style, weight, warnings = await planned(tmp_path)

    assert (style, weight) == (PENCIL, 1.0)
    assert warnings == ["No style is adopted, so approach 2 uses “pencil”, which comes with the model."]


async def test_it_can_be_named_and_weighed_like_any_other(tmp_path: Path) -> None:
    assert await planned(tmp_path, style=PENCIL) == (PENCIL, 1.0, [])
    style, weight, warnings = await planned(tmp_path, weight=0.5)
    assert (style, weight) == (PENCIL, 0.5)
    assert not any("weight is not used" in warning for warning in warnings)


async def test_at_weight_0_nobody_is_told_that_it_is_worn(tmp_path: Path) -> None:
    assert (await planned(tmp_path, weight=0))[2] == []


async def test_a_style_of_our_own_goes_before_it(tmp_path: Path) -> None:
    unet = UNet2DConditionModel.from_pretrained(embedded.PIPELINE / "unet")
    make_style(tmp_path / "styles", "ink", unet, seed=3)
    make_style(tmp_path / "styles", PENCIL, unet, seed=4)

    assert (await planned(tmp_path, style="ink"))[0] == "ink"
    assert styles.folder(PENCIL, settings(tmp_path)) == settings(tmp_path).styles_dir / PENCIL
    assert styles.card(PENCIL, settings(tmp_path))["shipped"] is False


async def test_the_other_approaches_wear_nothing(tmp_path: Path) -> None:
    assert (await planned(tmp_path, approach=1))[:2] == (None, None)
    assert (await planned(tmp_path, approach=3))[:2] == (None, None)


def test_the_full_models_know_nothing_of_it(tmp_path: Path) -> None:
    assert styles.names(settings(tmp_path), TURBO) == []
    with pytest.raises(BadStyle, match="There is no style “pencil”: none has been trained yet"):
        styles.find(PENCIL, settings(tmp_path), TURBO, models.facts(embedded.PIPELINE))


def test_it_passes_the_checks_of_any_style(tmp_path: Path) -> None:
    found = styles.find(PENCIL, settings(tmp_path), EMBEDDED, models.facts(embedded.PIPELINE))

    assert (found.rank, found.alpha, found.words) == (8, 16.0, None)


async def test_it_is_listed_with_its_card_and_files(web: httpx.AsyncClient) -> None:
    (card,) = (await web.get("/styles")).json()
    sheet = await web.get(f"/styles/{PENCIL}/files/samples.png")
    exported = await web.get(f"/styles/{PENCIL}/export")
    taken_in = await web.put("/styles/other", content=exported.content)

    assert (card["name"], card["shipped"], card["called"]) == (PENCIL, True, "pencil sketch")
    assert sheet.content.startswith(b"\x89PNG")
    assert (taken_in.status_code, taken_in.json()["shipped"]) == (201, False)


async def test_it_can_be_neither_renamed_nor_deleted_and_its_name_is_taken(
    web: httpx.AsyncClient, tmp_path: Path
) -> None:
    renamed = await web.post(f"/styles/{PENCIL}/rename", params={"to": "mine"})
    deleted = await web.delete(f"/styles/{PENCIL}")
    replaced = await web.put(f"/styles/{PENCIL}", content=b"")

    assert {renamed.status_code, deleted.status_code, replaced.status_code} == {422}
    assert "it can be neither renamed nor deleted" in renamed.json()["detail"]
    assert "it can be neither renamed nor deleted" in deleted.json()["detail"]
    assert "comes with the model. Choose another name." in replaced.json()["detail"]
    assert (embedded.STYLES / PENCIL / styles.WEIGHTS).is_file()
    with pytest.raises(BadRequest, match="comes with the model"):
        styles.refuse_taken(PENCIL, settings(tmp_path), EMBEDDED)


async def test_its_pictures_are_pencil_sketches_of_what_was_asked_for(tmp_path: Path) -> None:
    """By the examiner, which nothing was trained with. Other weights of the model want the style trained anew."""
    rows = tuple(Row("job", str(n), f"a {subject}", "", 1000 + n) for n, subject in enumerate(SUBJECTS))
    painter = DiffusionPainter(settings(tmp_path), "embedded")
    second = examiner.load(embedded.EXAMINER)
    found = {}
    for weight in (0.0, 1.0):
        for _ in range(await painter.begin(Wave(0, Mix(EMBEDDED, PENCIL, weight, 12, 3.0), rows))):
            await painter.step(0)
        painted = [picture.pixels for picture in await painter.finish(0) if picture.pixels is not None]
        names = examiner.names(second, np.stack(painted))
        right = names["subject"] == np.arange(len(rows))
        found[weight] = (names["manner"] == WAYS.index("sketch")).mean(), right.mean()

    await painter.close()
    assert found[0.0][0] == 0
    assert found[1.0][0] >= 0.6
    assert found[1.0][1] >= 0.9


def test_the_demo_says_what_the_others_cost_on_the_same_seeds() -> None:
    rng = random.Random(1)
    plain = [0.6 + rng.random() / 50 for _ in range(16)]
    grids: list[dict[str, Any]] = [
        {"approach": number, "cells": [{"unique": True, "score": score - less} for score in plain]}
        for number, less in ((1, 0.0), (2, 0.1), (3, 0.0))
    ]
    for n, cell in enumerate(grids[1]["cells"]):
        cell["score"] -= n / 1000

    said = beside(grids).splitlines()

    assert said[0] == "Compared with approach 1, the baseline, on the same seeds:"
    differs = "Its score differs by −0.107 (95 % interval −0.110 … −0.105; 16 pairs)."
    assert said[1:] == [
        f"  Approach 2 clearly shows less of what was asked for. {differs}",
        "  Approach 3 and the baseline score exactly the same in every pair.",
    ]


def test_the_demo_says_in_one_sentence_that_nothing_could_be_scored() -> None:
    grids: list[dict[str, Any]] = [
        {"approach": number, "cells": [{"unique": True, "score": score}]} for number, score in ((1, 0.3), (2, None))
    ]

    said = beside(grids).splitlines()

    assert said[1:] == ["  Approach 2 cannot be compared: There are no pairs to compare: every score is missing."]
