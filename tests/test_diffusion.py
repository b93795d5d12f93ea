"""The denoising loop against diffusers' own pipeline, on the schedulers of all three approaches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from engine import embedded
from engine.contract.errors import PaintingFailed
from engine.denoising import Denoising
from engine.painter import Pixels
from engine.wave import Mix, Wave
from tests.stand_ins import tiny
from tests.waves import furthest, wave

# Batches of another shape take other kernels; their rounding may move a colour by a step or two of 255.
ROUNDING = 2


@pytest.fixture(scope="module", params=["embedded", "v1-4", "turbo"])
def pipe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A pipeline as `Pipelines` loads it: DPM++ 2M, PNDM and Euler in turn."""
    places = {
        "embedded": lambda _: embedded.PIPELINE,
        "v1-4": tiny.v1_4,
        "turbo": tiny.turbo,
    }
    folder: Path = places[request.param](tmp_path_factory.mktemp(request.param))
    torch.set_num_threads(1)
    loaded = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    loaded.set_progress_bar_config(disable=True)
    return loaded


@pytest.fixture
def mix(pipe: Any) -> Mix:
    guided = type(pipe.scheduler).__name__ != "EulerDiscreteScheduler"
    return Mix("any", None, 0.0, 6, 3.0 if guided else 0.0)


def painted(pipe: Any, work: Wave) -> list[Pixels]:
    state = Denoising(pipe, work)
    for _ in range(state.steps):
        state.step(pipe.unet)
    return state.decode(pipe.vae)


def reference(pipe: Any, work: Wave) -> list[Pixels]:
    """The same rows by diffusers' pipeline in one batch."""
    found = pipe(
        [row.prompt for row in work.rows],
        num_inference_steps=work.mix.steps,
        guidance_scale=work.mix.guidance,
        generator=[torch.Generator().manual_seed(row.seed) for row in work.rows],
        output_type="pil",
    )
    return [np.asarray(image) for image in found.images]


def test_pictures_are_those_of_diffusers_pipeline_with_the_same_generators(pipe: Any, mix: Mix) -> None:
    work = wave(1, mix, [7, 8, 9])

    ours = painted(pipe, work)

    assert furthest(ours, reference(pipe, work)) <= 1


def test_the_same_wave_twice_is_the_same_to_the_bit(pipe: Any, mix: Mix) -> None:
    work = wave(1, mix, [7, 8])

    assert furthest(painted(pipe, work), painted(pipe, work)) == 0


def test_a_picture_does_not_depend_on_its_neighbours_or_on_the_size_of_its_wave(pipe: Any, mix: Mix) -> None:
    alone = painted(pipe, wave(1, mix, [7]))

    among_two = painted(pipe, wave(2, mix, [3, 7]))
    among_five = painted(pipe, wave(3, mix, [1, 2, 7, 4, 5]))

    assert furthest(alone, among_two[1:]) <= ROUNDING
    assert furthest(alone, among_five[2:3]) <= ROUNDING


def test_another_seed_is_another_picture(pipe: Any, mix: Mix) -> None:
    one, other = painted(pipe, wave(1, mix, [7, 8]))

    assert furthest([one], [other]) > 20


def test_a_wave_paused_for_another_goes_on_as_if_nothing_had_been(pipe: Any, mix: Mix) -> None:
    first, second = wave(1, mix, [7, 8]), wave(2, mix, [20, 21, 22])
    undisturbed = painted(pipe, first)

    paused = Denoising(pipe, first)
    for _ in range(3):
        paused.step(pipe.unet)
    between = painted(pipe, second)
    for _ in range(paused.steps - 3):
        paused.step(pipe.unet)

    assert furthest(paused.decode(pipe.vae), undisturbed) == 0
    assert furthest(between, painted(pipe, second)) == 0


def test_thinning_a_wave_leaves_the_other_rows_as_they_were(pipe: Any, mix: Mix) -> None:
    undisturbed = painted(pipe, wave(1, mix, [5, 6, 7, 8]))

    thinned = Denoising(pipe, wave(1, mix, [5, 6, 7, 8]))
    for _ in range(3):
        thinned.step(pipe.unet)
    thinned.thin([1, 3])
    for _ in range(thinned.steps - 3):
        thinned.step(pipe.unet)

    assert furthest(thinned.decode(pipe.vae), [undisturbed[1], undisturbed[3]]) <= ROUNDING


def test_the_predicted_picture_of_the_last_step_is_nearly_the_finished_one(pipe: Any, mix: Mix) -> None:
    state = Denoising(pipe, wave(1, mix, [7]))
    for _ in range(state.steps):
        predicted = state.step(pipe.unet)

    error = (predicted - state._latents).abs().mean() / state._latents.std()

    assert error < 0.2


def test_pndm_makes_one_call_more_than_it_was_asked_for(tmp_path: Path) -> None:
    loaded = StableDiffusionPipeline.from_pretrained(
        tiny.v1_4(tmp_path), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )

    state = Denoising(loaded, wave(1, Mix("any", None, 0.0, 50, 7.5), [1]))

    assert state.steps == 51


def test_numbers_that_are_none_fail_the_picture_with_a_sentence(pipe: Any, mix: Mix) -> None:
    state = Denoising(pipe, wave(1, mix, [7]))
    state._latents = state._latents * float("nan")

    with pytest.raises(PaintingFailed, match="try another seed"):
        state.decode(pipe.vae)
