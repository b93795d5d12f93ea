"""The embedded model: its weights load by the plain lines, its words and its drawings are what they say."""

import json
import random
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.embedded import EXAMINER, JUDGE, PIPELINE
from engine.embedded.drawings import Manner, caption, draw, facts, right, sample, tell
from engine.embedded.drawings.album import album
from engine.embedded.drawings.facts import KINDS, UNTOLD, WAYS
from engine.embedded.drawings.palette import PAINTS, PAPERS
from engine.embedded.drawings.picture import DRAWN
from engine.embedded.latent_rgb import latent_rgb
from engine.embedded.prompts import fill, shares
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

    told = [caption(sample(rng), rng, manner) for manner in ("colour", "ink") for _ in range(3000)]
    seen = {word for text in told for word in words(text)}

    assert seen == KNOWN


def test_what_the_drawings_paint_is_what_the_vocabulary_lists() -> None:
    assert tuple(PAINTS) == COLOURS
    assert tuple(PAPERS) == BACKDROPS
    assert set(DRAWN) == set(SUBJECTS)


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("an astronaut in space", [f"never seen: astronaut. It knows {len(SUBJECTS)} subjects (cat,"]),
        ("3 cats at night", ["never seen: cats.", "cannot count; it ignores: 3."]),
        ("a cat by a tree", ["one subject per picture, and this prompt names cat, tree."]),
        ("in the snow", ["names none of the embedded model's subjects: cat, dog,"]),
        ("one two cactus", ["never seen: one.", "ignores: two."]),
        (" ".join(f"w{i}" for i in range(30)), ["w7 and 22 more. It knows"]),
        ("z" * 5000, ["never seen: " + "z" * 29 + "…. It"]),
        ("9" * 5000 + " cat", ["ignores: " + "9" * 29 + "…."]),
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


def write(n: int, rng: random.Random, avoid: str) -> list[tuple[str, str]]:
    return fill(shares(n, rng), rng, avoid)


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


# All subjects, each reduced to 4 x 4 gray levels: what the weights were trained on must not change beside them.
THUMBNAILS = Path(__file__).parent / "data" / "thumbnails.json"


def test_drawings_are_the_ones_that_the_model_was_trained_on() -> None:
    rng = random.Random(5)
    drawn = {subject: draw(sample(rng, subject)) for subject in SUBJECTS}
    known = json.loads(THUMBNAILS.read_text())

    assert set(known) == set(SUBJECTS)
    for subject, picture in drawn.items():
        thumbnail = np.asarray(picture.convert("L").resize((4, 4), Image.Resampling.BOX), int).ravel()
        # Two levels of 256: another release of Pillow may round an edge differently.
        assert np.abs(thumbnail - list(bytes.fromhex(known[subject]))).max() <= 2, subject


def test_no_lot_but_an_examiners_shows_a_combination_that_is_held_out() -> None:
    rng = random.Random(8)

    usual = [sample(rng) for _ in range(2000)]
    examined = [sample(rng, subject, held_out=True) for subject in SUBJECTS for _ in range(20)]

    assert not any(scene.held_out for scene in usual)
    assert all(scene.held_out and scene.colour_named for scene in examined)
    combinations = {(scene.subject, scene.colour, scene.worn) for scene in usual}
    assert combinations.isdisjoint((scene.subject, scene.colour, scene.worn) for scene in examined)


def test_what_a_caption_tells_is_so_and_stands_in_it() -> None:
    rng = random.Random(9)
    for _ in range(500):
        scene = sample(rng)
        manner: Manner = rng.choice(WAYS)

        told = tell(scene, rng, manner)

        shown = facts(scene, manner)
        assert all(one in (UNTOLD, other) for one, other in zip(told.facts, shown, strict=True))
        named = dict(zip(KINDS, told.facts, strict=True))
        assert SUBJECTS[named["subject"]] in told.text
        assert (named["colour"] == UNTOLD) or COLOURS[named["colour"]] in told.text
        assert (named["worn"] != UNTOLD) == (scene.worn is not None and scene.worn.split()[-1] in told.text)
        assert (named["manner"] != UNTOLD) == (manner != "colour")


def test_a_text_is_right_for_the_pictures_of_which_all_it_tells_is_so() -> None:
    rng = np.random.default_rng(3)
    told, shown = rng.integers(-1, 2, (40, len(KINDS))), rng.integers(0, 2, (30, len(KINDS)))

    found = right(told, shown)

    for picture in range(30):
        for text in range(40):
            so = all(t in (UNTOLD, s) for t, s in zip(told[text], shown[picture], strict=True))
            assert found[picture, text] == so


def test_neon_glasses_have_clear_lenses_in_bright_frames() -> None:
    scene = replace(sample(random.Random(4), "cat"), worn="neon glasses", neon="pink", colour="black", place="plain")

    pixels = np.asarray(draw(scene), int)
    plain = np.asarray(draw(replace(scene, worn=None)), int)

    frame = (pixels[..., 0] > 220) & (pixels[..., 1] < 120) & (pixels[..., 2] > 150)
    lens = (pixels.min(-1) > 190) & (plain.min(-1) < 120)
    assert 60 < frame.sum() < 700
    assert lens.sum() > 20


def test_a_sketch_is_gray_and_depends_on_its_scene_alone() -> None:
    scene = sample(random.Random(6), "house")

    pixels = np.asarray(draw(scene, manner="sketch"))

    assert pixels.shape == (64, 64, 3)
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels == np.asarray(draw(scene, manner="sketch"))).all()
    assert (pixels != np.asarray(draw(scene))).any()


def test_an_ink_drawing_is_black_lines_on_white() -> None:
    pixels = np.asarray(draw(sample(random.Random(6), "house"), manner="ink"))

    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels > 230).mean() > 0.5
    assert (pixels < 90).any()


def test_an_album_is_deterministic_captioned_even_and_reused(tmp_path: Path) -> None:
    pages = album(tmp_path / "one", 2 * len(SUBJECTS), seed=3)
    stamps = [page.stat().st_mtime_ns for page in pages]

    again = album(tmp_path / "one", 20, seed=3)
    other = album(tmp_path / "two", 2 * len(SUBJECTS), seed=3)

    assert again == pages[:20]
    assert [page.stat().st_mtime_ns for page in pages] == stamps
    assert [page.read_bytes() for page in other] == [page.read_bytes() for page in pages]
    assert {page.name for page in album(tmp_path / "one", 5, seed=4)}.isdisjoint(page.name for page in pages)
    named = Counter(subjects_named(_description(page))[0] for page in pages)
    assert set(named.values()) == {2}
    assert set(named) == set(SUBJECTS)
    assert sorted((tmp_path / "two").iterdir()) == sorted(other)


def _description(page: Path) -> str:
    with Image.open(page) as picture:
        return str(picture.info["Description"])


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
    factors, bias = map(np.array, latent_rgb())
    preview = (latents.permute(0, 2, 3, 1).numpy() @ factors + bias).clip(0, 1)

    small = drawn.reshape(24, 16, 4, 16, 4, 3).mean((2, 4)) / 255
    assert np.abs(preview - small).mean() < 0.1
    assert np.abs(preview - small).mean() < 0.5 * np.abs(small - small.mean((0, 1, 2))).mean()


@pytest.mark.parametrize("folder", [PIPELINE, JUDGE, EXAMINER])
def test_the_weights_are_safetensors_and_name_nothing_outside(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]

    assert {".safetensors", ".json"} <= {path.suffix for path in files} <= {".safetensors", ".json", ".txt"}
    assert not any("_name_or_path" in path.read_text() for path in files if path.suffix == ".json")
