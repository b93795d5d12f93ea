"""`quality: fast`: off unless asked for, named in plan and recipe, and what plain diffusers paints with that recipe."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, StableDiffusionPipeline

from bot.recipes import recipe_text
from engine import models, pipelines
from engine.contract.approaches import EMBEDDED, FAST, JUDGES, PROFILES, TURBO, V1_4, Profile
from engine.contract.errors import BadRequest
from engine.contract.grid import Plan
from engine.contract.orders import MakeGrid
from engine.contract.words import footer
from engine.diffusion import DiffusionPainter
from engine.pace import Pace
from engine.painter import Pixels
from engine.planner import Planner
from engine.settings import Settings
from engine.wave import Mix, Wave
from tests.bot_rig import rig
from tests.fake_talk import ANNA
from tests.stand_ins import tiny
from tests.waves import furthest, wave


def silent(_done: int, _total: int) -> None:
    """Nobody watches."""


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    found = {V1_4: tiny.v1_4(tmp_path / "v1-4"), TURBO: tiny.turbo(tmp_path / "turbo")}
    found |= {JUDGES["full"]: tiny.judge(tmp_path / "judge")}
    real = models.folder
    monkeypatch.setattr(
        models, "folder", lambda model, told=None, **more: found.get(model) or real(model, told, **more)
    )
    return found


async def plan(profile: Profile, **order: object) -> Plan:
    planner = Planner(Settings(_env_file=None, profile=profile, fillers=None), profile)
    return await planner.plan(MakeGrid.model_validate({"prompt": "a cat", "seed": 7, **order}), silent)


@pytest.mark.parametrize("model", sorted({row.model for rows in PROFILES.values() for row in rows.values()}))
def test_every_model_says_what_fast_means_for_it(model: str) -> None:
    assert FAST[model].remark


async def test_nothing_is_fast_unless_it_is_asked_for(checkpoints: dict[str, Path]) -> None:
    planned = await plan("full", approach=3, blocks=1)

    assert planned.recipe.quality == "reference"
    assert (planned.recipe.scheduler, planned.recipe.steps) == ("PNDMScheduler", 50)
    assert not [warning for warning in planned.warnings if "Quality" in warning]


@pytest.mark.parametrize("profile", ["full", "embedded"])
async def test_a_fast_plan_names_its_scheduler_and_steps_and_says_so(
    checkpoints: dict[str, Path], profile: Profile
) -> None:
    usual = (await plan(profile, approach=3, blocks=1)).recipe

    planned = await plan(profile, approach=3, blocks=1, quality="fast")

    fast = ("DPMSolverMultistepScheduler", 20) if profile == "full" else (usual.scheduler, usual.steps)
    assert planned.recipe.quality == "fast"
    assert (planned.recipe.scheduler, planned.recipe.steps) == fast
    assert [warning for warning in planned.warnings if warning.startswith("Quality fast: ")]
    assert Mix.of(planned.recipe).quality == "fast"


async def test_steps_that_were_named_are_kept(checkpoints: dict[str, Path]) -> None:
    planned = await plan("full", approach=3, blocks=1, quality="fast", steps=30)

    assert planned.recipe.steps == 30


@pytest.fixture
async def painter(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DiffusionPainter]:
    """In the number format of plain diffusers, so that scheduler and steps are all that fast changes."""
    monkeypatch.setattr(pipelines, "_has_bf16", lambda: False)
    torch.set_num_threads(1)
    found = DiffusionPainter(Settings(data_dir=tmp_path, _env_file=None), "full")
    yield found
    await found.close()


@pytest.mark.parametrize(
    ("mix", "scheduler", "options"),
    [
        (Mix(V1_4, None, 0.0, 5, 7.5, "fast"), DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
        (Mix(TURBO, None, 0.0, 1, 0.0, "fast"), EulerDiscreteScheduler, {}),
    ],
    ids=["v1-4", "turbo"],
)
async def test_fast_pictures_are_those_of_plain_diffusers_with_the_recipes_scheduler(
    painter: DiffusionPainter, checkpoints: dict[str, Path], mix: Mix, scheduler: type, options: dict[str, bool]
) -> None:
    work = wave(1, mix, [7, 8])
    pipe = StableDiffusionPipeline.from_pretrained(
        checkpoints[mix.model], safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **options)  # type: ignore[attr-defined]

    ours = await paint(painter, work)
    theirs = pipe(
        [row.prompt for row in work.rows],
        num_inference_steps=mix.steps,
        guidance_scale=mix.guidance,
        generator=[torch.Generator().manual_seed(row.seed) for row in work.rows],
    )

    assert furthest(ours, [np.asarray(image) for image in theirs.images]) <= 1


async def paint(painter: DiffusionPainter, work: Wave) -> list[Pixels]:
    for _ in range(await painter.begin(work)):
        await painter.step(work.id)
    return [picture.pixels for picture in await painter.finish(work.id) if picture.pixels is not None]


def test_the_time_of_fast_steps_is_learned_apart() -> None:
    pace, mix, fast = Pace(), Mix(EMBEDDED, None, 0.0, 10, 3.0), Mix(EMBEDDED, None, 0.0, 10, 3.0, "fast")
    pace.learn(mix, 2.0)

    unknown = pace.seconds([(fast, 1)])
    pace.learn(fast, 1.0)

    assert unknown is None
    assert pace.seconds([(mix, 1), (fast, 1)]) == 30.0


async def test_a_person_asks_for_fast_in_a_chat_and_the_recipe_repeats_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hear(ANNA, "/grid a cat blocks:1 quality:fast")
        await r.settled()
        await r.hear(ANNA, "/grid a cat blocks:1 quality:best")
        await r.settled()
        (job,) = await r.jobs()

        assert job.order.quality == "fast"
        assert "quality:fast" in recipe_text(job, None)
        assert "quality" in r.chat.whispered()[-1]


def test_the_command_line_takes_quality_and_refuses_what_it_is_not() -> None:
    from engine.command_line import order

    assert order({"prompt": "a cat", "quality": "fast"}).quality == "fast"
    with pytest.raises(BadRequest, match=r"quality must be .*reference.*fast"):
        order({"prompt": "a cat", "quality": "best"})


def test_the_foot_of_a_fast_sheet_says_so() -> None:
    recipe = {"model": "m", "style": None, "weight": None, "steps": 20, "guidance": 7.5}
    grid = {"id": "k3x9tq2m7d", "prompt": "a cat", "approach": 3, "seed": 7, "cells": [], "score": None}

    fast = footer({**grid, "recipe": {**recipe, "quality": "fast"}})

    assert "quality fast" in fast.lines[0]
    # A grid of an earlier version has no such field.
    assert "quality" not in footer({**grid, "recipe": recipe}).lines[0]
