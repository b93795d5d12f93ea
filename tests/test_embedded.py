"""The embedded model: its weights load by the plain lines, its words and its drawings are what they say."""

import random
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.embedded import JUDGE, PIPELINE
from engine.embedded.drawings import caption, draw, sample
from engine.embedded.drawings.album import album, picture_caption
from engine.embedded.drawings.palette import PAINTS, PAPERS
from engine.embedded.drawings.picture import DRAWN
from engine.embedded.latent_rgb import LATENT_BIAS, LATENT_RGB
from engine.embedded.prompts import write
from engine.embedded.themes import THEMES
from engine.embedded.vocabulary import (
    BACKDROPS,
    COLOURS,
    KNOWN,
    SUBJECTS,
    prompt_notes,
    subjects_named,
    unknown_words,
    words,
)

FLAGSHIP = "a cat wearing neon glasses"


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        (FLAGSHIP, []),
        ("A CAT, wearing NEON-glasses!", []),
        ("the dog's hat", []),
        ("an astronaut at sunset, an Astronaut", ["astronaut", "sunset"]),
        ("a pencil sketch of a cat", ["pencil", "sketch"]),
        ("two cats", ["two", "cats"]),
        ("un chat d'été, 猫 and नमस्ते", ["un", "chat", "d", "été", "猫", "and", "नमस्ते"]),
        ("a 3d cat 🐱", ["3d", "🐱"]),
        ("'snow' don't", ["don", "t"]),
        ("", []),
    ],
)
def test_words_that_no_caption_held_are_named_once_and_in_order(prompt: str, unknown: list[str]) -> None:
    assert unknown_words(prompt) == unknown


def test_every_word_of_a_caption_is_known_and_every_known_word_is_in_a_caption() -> None:
    rng = random.Random(3)

    seen = {word for _ in range(4000) for word in words(caption(sample(rng), rng))}

    assert seen == KNOWN


def test_what_the_drawings_paint_is_what_the_vocabulary_lists() -> None:
    assert tuple(PAINTS) == COLOURS
    assert tuple(PAPERS) == BACKDROPS
    assert set(DRAWN) == set(SUBJECTS)


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("an astronaut in space", ["never seen: astronaut. It knows 20 subjects (cat,"]),
        ("3 cats at night", ["never seen: cats.", "cannot count; it does not follow: 3."]),
        ("a cat by a tree", ["one subject in a picture, and this prompt names cat, tree."]),
        ("in the snow", ["names none of the embedded model's subjects: cat, dog,"]),
        ("one two cactus", ["never seen: one.", "follow: two."]),
        (" ".join(f"w{i}" for i in range(30)), ["w7 and 22 more. It knows"]),
        ("z" * 5000, ["never seen: " + "z" * 29 + "…. It"]),
        ("9" * 5000 + " cat", ["follow: " + "9" * 29 + "…."]),
    ],
)
def test_a_prompt_that_the_model_cannot_follow_is_told_in_sentences(prompt: str, parts: list[str]) -> None:
    notes = prompt_notes(prompt)

    assert len(notes) == len(parts)
    for note, part in zip(notes, parts, strict=True):
        assert part in note
        assert note.endswith(".")
        assert len(note) < 600


def test_a_prompt_in_the_models_own_words_has_no_notes() -> None:
    rng = random.Random(4)

    told = [caption(sample(rng), rng) for _ in range(200)]

    assert [text for text in told if prompt_notes(text)] == []


@given(st.text(max_size=80))
def test_any_text_at_all_can_be_looked_at(text: str) -> None:
    unknown = unknown_words(text)

    assert len(set(unknown)) == len(unknown)
    assert not KNOWN & set(unknown)
    prompt_notes(text)


# ---------------------------------------------------------------- filler prompts


@pytest.mark.parametrize("n", [0, 1, 6, 7, 48, 192])
@pytest.mark.parametrize("avoid", [FLAGSHIP, "two dogs, a fish and some cacti", "a landscape", "a star on a tree"])
def test_filler_prompts_are_balanced_known_different_and_avoid_the_subject(n: int, avoid: str) -> None:
    written = write(n, random.Random(7), avoid)

    prompts = [prompt for _, prompt in written]
    counts = dict.fromkeys(THEMES, 0) | Counter(category for category, _ in written)
    assert len(set(prompts)) == n
    assert max(counts.values()) - min(counts.values()) <= 1
    assert [text for text in prompts if prompt_notes(text)] == []
    assert not {subject for text in prompts for subject in subjects_named(text)} & set(subjects_named(avoid))


@pytest.mark.parametrize("left", SUBJECTS)
def test_192_prompts_are_there_even_when_one_subject_is_left(left: str) -> None:
    avoid = " ".join(subject for subject in SUBJECTS if subject != left)

    written = write(192, random.Random(1), avoid)

    assert len({prompt for _, prompt in written}) == 192
    assert {subject for _, prompt in written for subject in subjects_named(prompt)} == {left}


def test_the_same_generator_writes_the_same_prompts() -> None:
    assert write(48, random.Random(7), FLAGSHIP) == write(48, random.Random(7), FLAGSHIP)
    assert write(48, random.Random(7), FLAGSHIP) != write(48, random.Random(8), FLAGSHIP)


def test_more_prompts_than_there_are_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="ask for fewer"):
        write(100_000, random.Random(7), FLAGSHIP)


# ---------------------------------------------------------------- drawings


# Each subject reduced to 4 x 4 gray levels, where every pixel equalled the renderer that the weights were trained with.
THUMBNAILS = {
    "cat": "edcad5daec693eb5dd7458dcea9074e0",
    "dog": "d1b4b5d39e6f6ea7b59297b8d08589d2",
    "rabbit": "c4b7bcc3cfb890cdc0998bb19f927d9e",
    "owl": "c9bec2bdae8e959c88b0c9885e78965f",
    "bird": "e4e3e4e4cbbfd3dfe1c7acc6e0dad9e0",
    "fish": "fafaf7faf9d5cfdef9d8d6ddfafaf9fa",
    "tree": "1d2b361f2b78772a2f5d5c302a30312a",
    "flower": "d5ccc7d5d3b4aeced1bbb2d1cfc5aecf",
    "house": "eddcd0edd86b68e1da8b8fe7e4c0c2e9",
    "car": "c8c8c8c8d1acbad1725f5b7a6570666b",
    "boat": "d5ced3d5d3aedad3bc93bec2b17979c2",
    "mountain": "cccbccccc984b9c8a6666796aea2a2a9",
    "moon": "c8bfb0c6d2cc9c98dde5b498fce8bff3",
    "star": "c8c5c8c8cac4c7d081c49b8671767267",
    "mug": "c9bac7c9a8777aaa6342377259423f59",
    "mushroom": "c9c9c9c8bed0d2b18bb4ba835f737a5d",
    "robot": "cebfbfc4c79a9ac6c39998c6bd9e9cb8",
    "rocket": "faeddcfafab4a2fafa9881f9f9d0cdf2",
    "balloon": "c9bcb7c7be7f8fb287737f8f5e5d6260",
    "cactus": "0c1d104f1c502c162f5b2e141f381e1e",
}


def test_drawings_are_the_ones_that_the_model_was_trained_on() -> None:
    rng = random.Random(5)
    drawn = {subject: draw(sample(rng, subject)) for subject in SUBJECTS}

    for subject, picture in drawn.items():
        thumbnail = np.asarray(picture.convert("L").resize((4, 4), Image.Resampling.BOX), int).ravel()
        # Two levels of 256: another release of Pillow may round an edge differently.
        assert np.abs(thumbnail - list(bytes.fromhex(THUMBNAILS[subject]))).max() <= 2, subject


def test_a_sketch_is_gray_and_depends_on_its_scene_alone() -> None:
    scene = sample(random.Random(6), "house")

    pixels = np.asarray(draw(scene, sketched=True))

    assert pixels.shape == (64, 64, 3)
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels == np.asarray(draw(scene, sketched=True))).all()
    assert (pixels != np.asarray(draw(scene))).any()


def test_an_album_is_deterministic_captioned_even_and_reused(tmp_path: Path) -> None:
    pages = album(tmp_path / "one", 40, seed=3)
    stamps = [page.stat().st_mtime_ns for page in pages]

    again = album(tmp_path / "one", 20, seed=3)
    other = album(tmp_path / "two", 40, seed=3)

    assert again == pages[:20]
    assert [page.stat().st_mtime_ns for page in pages] == stamps
    assert [page.read_bytes() for page in other] == [page.read_bytes() for page in pages]
    assert {page.name for page in album(tmp_path / "one", 5, seed=4)}.isdisjoint(page.name for page in pages)
    named = Counter(subjects_named(str(picture_caption(page)))[0] for page in pages)
    assert set(named.values()) == {2}
    assert len(named) == 20
    assert sorted((tmp_path / "two").iterdir()) == sorted(other)


# ---------------------------------------------------------------- weights


def test_the_pipeline_loads_by_the_plain_line_and_paints() -> None:
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        # diffusers imports names that its own dependencies have renamed.
        warnings.simplefilter("ignore")
        from diffusers import StableDiffusionPipeline

        pipeline = StableDiffusionPipeline.from_pretrained(PIPELINE)
        pipeline.set_progress_bar_config(disable=True)
        generator = torch.Generator().manual_seed(1)
        picture = pipeline(FLAGSHIP, num_inference_steps=2, guidance_scale=3, generator=generator).images[0]

    assert picture.size == (64, 64)
    assert np.asarray(picture).std() > 10


def test_the_judge_loads_by_the_plain_lines_and_prefers_the_right_words() -> None:
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        # transformers warns that torchvision is not there; the processor without it is the one that we use.
        warnings.simplefilter("ignore")
        from transformers import CLIPModel, CLIPProcessor

        judge, processor = CLIPModel.from_pretrained(JUDGE), CLIPProcessor.from_pretrained(JUDGE)
        scene = sample(random.Random(2), "boat")
        told = [caption(scene, random.Random(1), opening=""), FLAGSHIP, "a green house in the city"]
        inputs = processor(text=told, images=[draw(scene)], return_tensors="pt", padding=True)
        with torch.no_grad():
            logits = judge(**inputs).logits_per_image[0]

    assert logits.argmax() == 0


def test_the_cheap_preview_shows_the_colours_of_the_picture() -> None:
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # diffusers again
        from diffusers import AutoencoderKL

        autoencoder = AutoencoderKL.from_pretrained(PIPELINE / "vae")
    rng = random.Random(11)
    drawn = np.stack([np.asarray(draw(sample(rng))) for _ in range(24)])

    with torch.no_grad():
        pixels = torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1
        latents = autoencoder.encode(pixels).latent_dist.mean * autoencoder.config.scaling_factor
    preview = (latents.permute(0, 2, 3, 1).numpy() @ np.array(LATENT_RGB) + LATENT_BIAS).clip(0, 1)

    small = drawn.reshape(24, 16, 4, 16, 4, 3).mean((2, 4)) / 255
    assert np.abs(preview - small).mean() < 0.1
    assert np.abs(preview - small).mean() < 0.5 * np.abs(small - small.mean((0, 1, 2))).mean()


@pytest.mark.parametrize("folder", [PIPELINE, JUDGE])
def test_the_weights_are_safetensors_and_name_nothing_outside(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]

    assert {path.suffix for path in files} == {".safetensors", ".json", ".txt"}
    assert not any("_name_or_path" in path.read_text() for path in files if path.suffix == ".json")


# ---------------------------------------------------------------- training


def test_finished_stages_are_kept_and_a_stage_made_anew_puts_what_was_built_on_it_out_of_date(tmp_path: Path) -> None:
    from engine.embedded.training.stages import STAGES, run
    from engine.embedded.training.workshop import Workshop

    workshop = Workshop(tmp_path)
    for name in STAGES:
        (tmp_path / f"{name}.json").write_text("kept")

    run(workshop)  # would fail in every stage: there is nothing in the folder
    untouched = {path.stem for path in tmp_path.iterdir() if path.read_text() == "kept"}
    (tmp_path / "judge.json").unlink()
    with pytest.raises(FileNotFoundError, match="stage denoiser needs judge first; run without --stage"):
        run(workshop, only="denoiser")

    assert untouched == set(STAGES)
    left = {path.stem for path in tmp_path.iterdir()}
    assert left == set(STAGES) - {"judge", "denoiser", "assemble", "look"}


def test_what_the_denoiser_is_asked_for_gives_the_clean_latents_back() -> None:
    torch = pytest.importorskip("torch")
    from engine.embedded.training.noising import Noising, spread_timesteps

    generator = torch.Generator().manual_seed(5)
    clean, noise = torch.randn(2, 16, 4, 16, 16, generator=generator)
    timesteps = spread_timesteps(16, generator)

    noised = Noising("cpu")(clean, noise, timesteps)

    signal = (noised.seen**2).mean() + (noised.wanted**2).mean()
    kept = (noised.weights > 0).all() and (noised.weights <= 5 / 6).all()
    assert kept
    assert sorted(timesteps // 62.5) == list(range(16))
    assert signal == pytest.approx(((clean**2).mean() + (noise**2).mean()).item(), rel=1e-4)
    assert noised.loss(noised.wanted).abs().max() == 0


def test_the_learning_rate_warms_up_holds_and_falls_to_its_floor() -> None:
    pytest.importorskip("torch")
    from types import SimpleNamespace

    from engine.embedded.training.lesson import set_rate

    rates = []
    for share, step in [(0.0, 0), (0.1, 200), (0.3, 500), (0.65, 900), (1.0, 2000)]:
        group = {"lr": 0.0, "full_rate": 1.0}
        set_rate(SimpleNamespace(param_groups=[group]), share, step, warm_up=100, flat=0.3, floor=0.02)
        rates.append(group["lr"])

    assert rates == pytest.approx([0.01, 1.0, 1.0, 0.51, 0.02])


def test_a_lesson_takes_one_step_even_without_time_and_then_ends() -> None:
    from engine.embedded.training.lesson import Lesson

    lesson = Lesson("rehearsal", 1e-9, lambda: {"right": 1 / 3})

    shares = list(lesson)

    assert shares == [1.0]
    assert lesson.result() == {"steps": 1, "right": 0.3333}


def test_the_preview_fit_finds_the_colours_of_a_linear_decoder() -> None:
    torch = pytest.importorskip("torch")
    from types import SimpleNamespace

    from engine.embedded.training.latent_rgb import fit

    # A decoder whose picture is three of the latent's channels, four times enlarged, unscaled by two.
    def decode(latents: Any) -> SimpleNamespace:
        return SimpleNamespace(sample=latents[:, :3].repeat_interleave(4, 2).repeat_interleave(4, 3))

    decoder = SimpleNamespace(decode=decode, config=SimpleNamespace(scaling_factor=2.0))
    latents = torch.rand(70, 4, 16, 16, generator=torch.Generator().manual_seed(1)) - 0.5

    found = fit(decoder, latents)

    wanted = torch.cat([torch.eye(3) / 4, torch.zeros(1, 3)])
    assert torch.allclose(found.factors, wanted, atol=1e-5)
    assert torch.allclose(found.bias, torch.full((3,), 0.5), atol=1e-5)
    assert found.residual < 1e-5
