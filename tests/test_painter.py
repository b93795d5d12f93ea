"""DiffusionPainter on tiny checkpoints in the layouts of v1-4 and sd-turbo: judge, styles, safety, shared models."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from transformers import CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from engine import embedded, models
from engine.contract.approaches import JUDGES, TURBO, V1_4
from engine.contract.errors import BadStyle, NoModel, OutOfMemory
from engine.device.card import Card
from engine.diffusion import DiffusionPainter
from engine.embedded.drawings.album import album
from engine.metrics import clip
from engine.metrics.clip import Judge
from engine.painter import Painted, Pixels
from engine.pipelines import usual_dtype
from engine.safety import UNSAFE, Safety
from engine.settings import Settings
from engine.wardrobe import Wardrobe
from engine.wave import Mix, Wave
from tests.stand_ins import tiny
from tests.styles import make_style
from tests.waves import furthest, wave

PLAIN = Mix(TURBO, None, 0.0, 2, 0.0)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {
        V1_4: tiny.v1_4(root / "v1-4"),
        TURBO: tiny.turbo(root / "turbo"),
        JUDGES["full"]: tiny.judge(root / "judge"),
    }


@pytest.fixture
async def painter(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DiffusionPainter]:
    """The painter of the full profile; the hub's names lead to the tiny checkpoints."""
    monkeypatch.setattr(models, "folder", lambda model, _progress=None, **_: checkpoints[model])
    torch.set_num_threads(1)
    found = DiffusionPainter(Settings(data_dir=tmp_path, _env_file=None), "full")
    yield found
    await found.close()


async def painted_by(painter: DiffusionPainter, work: Wave) -> list[Painted]:
    for _ in range(await painter.begin(work)):
        await painter.step(work.id)
    return await painter.finish(work.id)


async def paint(painter: DiffusionPainter, work: Wave) -> list[Pixels]:
    return [picture.pixels for picture in await painted_by(painter, work) if picture.pixels is not None]


async def test_both_base_models_paint_and_their_pictures_differ(painter: DiffusionPainter) -> None:
    one = await paint(painter, wave(1, PLAIN, [7, 8]))
    other = await paint(painter, wave(2, Mix(V1_4, None, 0.0, 2, 7.5), [7, 8]))

    assert [picture.shape for picture in [*one, *other]] == [(64, 64, 3)] * 4
    assert furthest(one, other) > 10


async def test_a_preview_has_one_small_picture_a_row(painter: DiffusionPainter) -> None:
    work = wave(1, PLAIN, [7, 8, 9])
    await painter.begin(work)

    thumbs = await painter.step(1, preview=True)

    assert thumbs is not None
    assert [thumb.shape for thumb in thumbs] == [(8, 8, 3)] * 3
    await painter.drop(1)


async def test_where_the_device_works_ahead_a_preview_comes_a_step_later_and_for_the_present_rows(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = wave(1, Mix(TURBO, None, 0.0, 4, 0.0), [7, 8, 9])
    await painter.begin(work)
    at_once = await painter.step(1, preview=True)
    await painter.drop(1)
    card, launched = Card({}, backend=None, record=None), list[None]()
    monkeypatch.setattr(Card, "ahead", True)
    monkeypatch.setattr(card, "launched", lambda: launched.append(None))
    monkeypatch.setattr(painter, "_card", card)

    await painter.begin(work)
    first, second = await painter.step(1, preview=True), await painter.step(1, preview=True)
    await painter.step(1, preview=True)
    await painter.thin(1, [0, 2])
    thinned = await painter.step(1, preview=True)

    assert at_once is not None
    assert first is None
    assert second is not None
    assert furthest(second, at_once) == 0
    assert thinned is None
    assert len(launched) == 4
    await painter.drop(1)


async def test_approaches_1_and_3_share_one_loaded_model(painter: DiffusionPainter) -> None:
    first = await painter._run(painter._pipelines.get, V1_4)
    await painter._run(painter._pipelines.get, TURBO)

    assert await painter._run(painter._pipelines.get, V1_4) is first


async def test_a_model_is_put_away_before_another_is_loaded_where_there_is_room_for_one(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painter._pipelines, "_most", lambda: 1)
    await painter._run(painter._pipelines.get, V1_4)

    await painter._run(painter._pipelines.get, TURBO)

    assert [model for model, _ in painter._pipelines._loaded] == [TURBO]


async def test_a_style_changes_the_pictures_and_weight_0_does_not(
    painter: DiffusionPainter, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    make_style(tmp_path / "styles", "ink", UNet2DConditionModel.from_pretrained(checkpoints[TURBO] / "unet"), 1)
    plain = await paint(painter, wave(1, PLAIN, [7]))

    full = await paint(painter, wave(2, Mix(TURBO, "ink", 1.0, 2, 0.0), [7]))
    none = await paint(painter, wave(3, Mix(TURBO, "ink", 0.0, 2, 0.0), [7]))
    again = await paint(painter, wave(4, PLAIN, [7]))

    assert furthest(plain, full) > 3
    assert furthest(plain, none) <= 1
    assert furthest(plain, again) == 0


async def test_a_style_that_does_not_fit_is_taken_off_whole(
    painter: DiffusionPainter, checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_style(tmp_path / "styles", "ink", UNet2DConditionModel.from_pretrained(checkpoints[TURBO] / "unet"), 1)
    inked = Mix(TURBO, "ink", 1.0, 2, 0.0)
    plain, styled = await paint(painter, wave(1, PLAIN, [7])), await paint(painter, wave(2, inked, [7]))
    await paint(painter, wave(3, PLAIN, [7]))
    add, added = Wardrobe._add, count()

    def full(wardrobe: Wardrobe, *rest: Any) -> None:
        if next(added) == 2:
            raise torch.OutOfMemoryError
        add(wardrobe, *rest)

    monkeypatch.setattr(Wardrobe, "_add", full)
    with pytest.raises(OutOfMemory):
        await painter.begin(wave(4, inked, [7]))

    assert furthest(plain, await paint(painter, wave(5, PLAIN, [7]))) == 0
    assert furthest(styled, await paint(painter, wave(6, inked, [7]))) == 0


async def test_two_waves_with_different_styles_in_turns_do_not_mix(
    painter: DiffusionPainter, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    unet = UNet2DConditionModel.from_pretrained(checkpoints[TURBO] / "unet")
    make_style(tmp_path / "styles", "ink", unet, 1)
    make_style(tmp_path / "styles", "oil", unet, 2)
    ink, oil = wave(1, Mix(TURBO, "ink", 1.0, 3, 0.0), [7]), wave(2, Mix(TURBO, "oil", 0.5, 3, 0.0), [7])
    alone = [await paint(painter, ink), await paint(painter, oil)]

    steps = await painter.begin(ink), await painter.begin(oil)
    for _ in range(max(steps)):
        await painter.step(1)
        await painter.step(2)
    mixed = [await painter.finish(1), await painter.finish(2)]

    for before, after in zip(alone, mixed, strict=True):
        assert furthest(before, [picture.pixels for picture in after if picture.pixels is not None]) == 0
    assert furthest(alone[0], alone[1]) > 3


async def test_peft_reads_the_same_style_to_the_same_pictures(
    painter: DiffusionPainter, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    from diffusers import StableDiffusionPipeline
    from peft import PeftModel

    unet = UNet2DConditionModel.from_pretrained(checkpoints[TURBO] / "unet")
    folder = make_style(tmp_path / "styles", "ink", unet, 1)
    ours = await paint(painter, wave(1, Mix(TURBO, "ink", 1.0, 2, 0.0), [7]))

    pipe = StableDiffusionPipeline.from_pretrained(
        checkpoints[TURBO], safety_checker=None, feature_extractor=None, requires_safety_checker=False
    ).to(painter.device, usual_dtype(painter.device))
    pipe.set_progress_bar_config(disable=True)
    pipe.unet = PeftModel.from_pretrained(pipe.unet, str(folder))
    theirs = pipe("a cat 7", num_inference_steps=2, guidance_scale=0.0, generator=torch.Generator().manual_seed(7))

    away = np.abs(ours[0].astype(int) - np.asarray(theirs.images[0]))
    if painter.device.type == "cpu":
        assert away.max() <= 1
    else:
        # Added to weights of half precision it is rounded; without the style the pictures are 13 apart.
        assert away.mean() < 2


async def test_a_style_for_another_base_is_refused_before_it_is_loaded(
    painter: DiffusionPainter, tmp_path: Path
) -> None:
    make_style(tmp_path / "styles", "ink", UNet2DConditionModel.from_pretrained(embedded.PIPELINE / "unet"), 1)

    with pytest.raises(BadStyle, match="another base"):
        await painter.begin(wave(1, Mix(TURBO, "ink", 1.0, 2, 0.0), [7]))


async def test_unsafe_pictures_of_both_models_are_withheld(
    painter: DiffusionPainter, checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = {**checkpoints, V1_4: tiny.v1_4(tmp_path / "strict", withholds=True)}
    monkeypatch.setattr(models, "folder", lambda model, _progress=None, **_: strict[model])

    painted = await painted_by(painter, wave(1, PLAIN, [7, 8]))

    assert [(picture.pixels, picture.withheld) for picture in painted] == [(None, UNSAFE)] * 2


async def test_where_only_half_precision_files_were_fetched_pictures_are_painted_and_looked_at(
    painter: DiffusionPainter, checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a card, for which no others are fetched."""
    half = {**checkpoints, V1_4: tiny.v1_4(tmp_path / "half", half=True, withholds=True)}
    for file in half[V1_4].rglob("*.safetensors"):
        if "fp16" not in file.name:
            file.unlink()
    monkeypatch.setattr(models, "folder", lambda model, _progress=None, **_: half[model])

    painted = [await painted_by(painter, wave(1, mix, [7])) for mix in (PLAIN, Mix(V1_4, None, 0.0, 2, 7.5))]

    assert [picture.withheld for pictures in painted for picture in pictures] == [UNSAFE] * 2


@pytest.mark.parametrize(("withholds", "reason"), [(True, UNSAFE), (False, None)], ids=["unsafe", "safe"])
def test_in_half_precision_as_on_a_card_the_safety_checker_finds_the_same(
    withholds: bool, reason: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tiny.v1_4(tmp_path / "v1-4", half=True, withholds=withholds)
    monkeypatch.setattr(models, "folder", lambda *_args, **_more: place)
    pictures = [np.asarray(Image.open(file)) for file in album(tmp_path, 3, 1)]

    for dtype in (torch.float32, torch.float16):
        safety = Safety(torch.device("cpu"), dtype)
        assert safety.reasons(safety.inputs(pictures)) == [reason] * 3
        assert safety._checker.dtype is dtype


async def test_a_folder_that_is_no_checkpoint_is_named(
    painter: DiffusionPainter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(models, "folder", lambda *_args, **_more: tmp_path)

    with pytest.raises(NoModel, match="cannot be loaded"):
        await painter.begin(wave(1, PLAIN, [7]))


@pytest.mark.parametrize("texts", [["a cat"], ["a cat wearing neon glasses", "a red boat on the sea"]])
def test_scores_are_those_of_a_plain_transformers_computation(tmp_path: Path, texts: list[str]) -> None:
    pictures = [np.asarray(Image.open(file)) for file in album(tmp_path, 6, 1)]
    model, tokenizer = (
        CLIPModel.from_pretrained(embedded.JUDGE, dtype=torch.float32),
        CLIPTokenizer.from_pretrained(embedded.JUDGE),
    )
    processor = CLIPImageProcessorPil.from_pretrained(embedded.JUDGE)
    with torch.no_grad():
        found = model(
            **processor([Image.fromarray(picture) for picture in pictures], return_tensors="pt"),
            **tokenizer(texts, padding=True, return_tensors="pt"),
        )
    expected = (found.image_embeds @ found.text_embeds.T).numpy()

    scores = Judge(embedded.JUDGE, torch.device("cpu")).scores(pictures, texts)

    assert scores.shape == (6, len(texts))
    assert np.abs(scores - expected).max() < 1e-4
    # torchmetrics' CLIPScore is max(100 * cos, 0).
    assert np.allclose(
        np.maximum(100 * scores, 0),
        np.maximum(model.logit_scale.exp().item() ** -1 * found.logits_per_image.detach().numpy() * 100, 0),
        atol=1e-2,
    )


def test_the_judge_looks_once_at_a_picture_that_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "REMEMBERED", 4)
    judge, looked = Judge(embedded.JUDGE, torch.device("cpu")), list[int]()
    look = judge._look
    monkeypatch.setattr(judge, "_look", lambda values: looked.append(len(values)) or look(values))
    photos = list(np.random.default_rng(5).integers(0, 256, (5, 64, 64, 3), np.uint8))
    texts = ["a red cat", "a boat"]

    first = judge.scores([*photos[:3], photos[0]], texts)
    again = judge.scores([photos[2], photos[3], photos[0]], ["a boat", "a red cat"])

    assert looked == [3, 1]
    assert np.array_equal(first[0], first[3])
    assert np.array_equal(again[[0, 2]], first[[2, 0]][:, ::-1])
    judge.scores([photos[4]], texts)  # a fifth, and the one that was seen longest ago is forgotten
    judge.scores(photos, texts)
    assert looked == [3, 1, 1, 1]
    # Another shape with the same bytes is another picture.
    assert not np.allclose(judge.scores([photos[0].reshape(32, 128, 3)], texts), first[0])


def test_the_judge_cuts_what_it_cannot_read_instead_of_failing() -> None:
    judge = Judge(embedded.JUDGE, torch.device("cpu"))
    picture = np.zeros((64, 64, 3), np.uint8)

    scores = judge.scores([picture], ["a cat " * 100])

    assert np.isfinite(scores).all()


async def test_work_of_two_jobs_is_served_in_the_order_in_which_it_came(painter: DiffusionPainter) -> None:
    order: list[int] = []

    await asyncio.gather(*(painter._run(order.append, number) for number in range(20)))

    assert order == list(range(20))
