"""The training of the embedded model: its timetable, what it keeps, what it asks of whom. Nothing trains long."""

import json
import random
import warnings
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.embedded import EXAMINER, JUDGE, PIPELINE
from engine.embedded.drawings import facts, right, sample, tell
from engine.embedded.drawings.facts import KINDS, UNTOLD, WORN
from engine.embedded.drawings.scene import held_out_colours
from engine.embedded.training import examiner
from engine.embedded.training.exam import Exam, scenes
from engine.embedded.training.examiner import answers_right
from engine.embedded.training.gaps import GAPS, naming_losses, shows_a_gap, unlearned
from engine.embedded.training.judge import contrast
from engine.embedded.training.keeping import Keeper
from engine.embedded.training.latent_rgb import fit
from engine.embedded.training.lesson import Lesson, rated, set_rate
from engine.embedded.training.noising import Noising, spread_timesteps
from engine.embedded.training.stages import STAGES
from engine.embedded.training.texts import Library
from engine.embedded.training.timetable import StageFailed, ready, run
from engine.embedded.training.tokenizer import make as make_tokenizer
from engine.embedded.training.workshop import Workshop
from engine.embedded.vocabulary import COLOURS, SUBJECTS

# ---------------------------------------------------------------- stages


def test_finished_stages_are_kept_and_a_stage_made_anew_puts_what_was_built_on_it_out_of_date(tmp_path: Path) -> None:
    for name in STAGES:
        (tmp_path / f"{name}.json").write_text("kept")

    run(Workshop(tmp_path))  # would fail in every stage: there is nothing in the folder
    untouched = {path.stem for path in tmp_path.iterdir() if path.read_text() == "kept"}
    (tmp_path / "reader.json").unlink()
    with pytest.raises(StageFailed, match="denoiser needs an earlier stage; run without --stage"):
        run(Workshop(tmp_path), only="denoiser")

    assert untouched == set(STAGES)
    left = {path.stem for path in tmp_path.iterdir()}
    assert left == set(STAGES) - {"reader", "denoiser", "assemble", "look", "card"}


def test_stages_of_one_core_run_beside_each_other_and_never_on_more_cores_than_there_are(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, processes=2)
    for name in ("pictures", "tokenizer"):
        (tmp_path / f"{name}.json").write_text("{}")
    waiting = [name for name in STAGES if name not in {"pictures", "tokenizer"}]
    busy: dict[str, Any] = {"autoencoder": None}

    assert ready(workshop, waiting, {}) == ["autoencoder", "reader"]
    assert ready(workshop, [name for name in waiting if name != "autoencoder"], busy) == ["reader"]
    (tmp_path / "latents.json").write_text("{}")
    (tmp_path / "reader.json").write_text("{}")
    assert ready(workshop, ["denoiser", "decoder"], {"judge": None}) == ["decoder"]  # type: ignore[dict-item]
    assert ready(workshop, ["denoiser", "decoder"], {}) == ["denoiser"]


def test_a_lesson_that_was_cut_off_goes_on_with_the_same_weights_and_moments(tmp_path: Path) -> None:
    def parts() -> tuple[Any, Any, Keeper]:
        torch.manual_seed(3)
        model = torch.nn.Linear(4, 2)
        optimizer = torch.optim.AdamW([rated(model.parameters(), 0.01)])
        return model, optimizer, Keeper(tmp_path / "kept", optimizer, model=model)

    def step(model: Any, optimizer: Any, number: int) -> None:
        optimizer.zero_grad()
        model(torch.full((3, 4), float(number))).square().sum().backward()
        optimizer.step()

    whole, its_optimizer, keeper = parts()
    for number in range(3):
        step(whole, its_optimizer, number)
    keeper.write(3)
    step(whole, its_optimizer, 3)

    other, its_optimizer, keeper = parts()
    steps = keeper.read()
    step(other, its_optimizer, 3)

    assert steps == 3
    assert torch.equal(other.weight, whole.weight)
    assert {path.suffix for path in (tmp_path / "kept").iterdir()} == {".safetensors", ".json"}
    lesson = Lesson("rehearsal", 4, dict, keeper)
    assert list(lesson) == [0.75]
    assert lesson.steps == 4
    keeper.forget()
    assert keeper.read() == 0


def test_the_same_seed_makes_the_tokenizer_that_ships(tmp_path: Path) -> None:
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer" / "tokenizer.json").write_text("of an earlier run")
    make_tokenizer(Workshop(tmp_path), 0)

    made = tmp_path / "tokenizer"
    for ships in (PIPELINE / "tokenizer", JUDGE):
        for name in ("vocab.json", "merges.txt"):
            assert (made / name).read_text() == (ships / name).read_text()
        whole = [json.loads((folder / "tokenizer.json").read_text())["model"] for folder in (made, ships)]
        assert whole[0] == whole[1]


# ---------------------------------------------------------------- the judge's lessons


class _Tokens:
    """A tokenizer that remembers its texts by number."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, texts: list[str], **_: Any) -> SimpleNamespace:
        start = len(self.texts)
        self.texts += texts
        return SimpleNamespace(input_ids=torch.arange(start, start + len(texts))[:, None].repeat(1, 32))


def _library() -> tuple[Library, _Tokens, np.ndarray]:
    rng = random.Random(2)
    scenes = [sample(rng) for _ in range(60)]
    told = [[tell(scene, rng) for _ in range(3)] for scene in scenes]
    shown = np.array([facts(scene, "colour") for scene in scenes])
    pictures = SimpleNamespace(
        captions=[[each.text for each in three] for three in told],
        caption_facts=np.array([[each.facts for each in three] for three in told]),
    )
    tokens = _Tokens()
    return Library(pictures, tokens), tokens, shown  # type: ignore[arg-type]


def test_short_texts_are_right_for_their_pictures_and_near_misses_mostly_wrong_but_near() -> None:
    library, tokens, shown = _library()
    rng = np.random.default_rng(1)

    short, near = library.short(shown, rng), library.near_misses(shown, rng)

    assert right(short.facts, shown).diagonal().all()
    asked = np.concatenate([shown[::2], shown[1::2]])
    assert right(near.facts, asked).diagonal().mean() < 0.5
    # A subject, a colour or an accessory in common; who wears nothing is compared with glasses.
    shared = (near.facts == asked)[:, :3].any(1) | (near.facts[:, 2] == 1)
    assert shared.all()
    for texts in (short, near):
        for ids, told in zip(texts.ids, texts.facts, strict=True):
            assert SUBJECTS[told[0]] in tokens.texts[int(ids[0])]
            assert told[1] == UNTOLD or COLOURS[told[1]] in tokens.texts[int(ids[0])]


def test_where_every_text_has_one_picture_the_contrast_is_clips_own() -> None:
    logits = torch.randn(7, 7, generator=torch.Generator().manual_seed(2))
    own = torch.arange(7)
    clip = (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2

    assert contrast(logits, torch.eye(7, dtype=torch.bool)) == pytest.approx(clip.item())


def test_texts_that_no_picture_shows_are_only_wrong_answers_and_a_tie_of_true_ones_is_shared() -> None:
    true = torch.tensor([[True, True, False], [False, True, False]])
    even = torch.zeros(2, 3)

    of_pictures = np.log(3)
    of_texts = np.log(2)

    assert contrast(even, true) == pytest.approx((of_pictures + of_texts) / 2)
    assert contrast(torch.tensor([[9.0, 9.0, 0.0], [-9.0, 9.0, -9.0]]), true) < contrast(even, true)


def test_what_no_training_shows_is_neither_learned_as_wrong_nor_told() -> None:
    cat, dog = SUBJECTS.index("cat"), SUBJECTS.index("dog")
    colour = COLOURS.index(held_out_colours("cat")[0])
    shown = torch.tensor(
        [[dog, colour, 0, UNTOLD, 0, UNTOLD, 0], [cat, COLOURS.index("gray"), 0, UNTOLD, 0, UNTOLD, 0]]
    )
    plain = torch.zeros(2, len(SUBJECTS))
    sure_of_cats = plain.index_fill(1, torch.tensor([cat]), 30.0)

    # A dog in that colour is as good as a cat, which never has it; a gray cat is a cat.
    losses = naming_losses(sure_of_cats, shown, "subject")
    assert losses[0] == pytest.approx(np.log(len(SUBJECTS) - GAPS[:, colour].sum()), abs=1e-5)
    assert losses[1] == pytest.approx(0, abs=1e-5)
    told = np.array([facts_of(cat), facts_of(cat, colour), facts_of(dog)])
    assert unlearned(told, shown.numpy()).tolist() == [[True, False, False], [False, False, False]]
    assert shows_a_gap(told).tolist() == [False, True, False]
    worn = naming_losses(torch.zeros(2, len(WORN)), shown, "worn")
    assert worn.tolist() == pytest.approx([np.log(len(WORN))] * 2)


def facts_of(subject: int, colour: int = UNTOLD) -> list[int]:
    return [subject, colour, *[UNTOLD] * (len(KINDS) - 2)]


# ---------------------------------------------------------------- the exam


def test_the_exam_asks_every_subject_equally_and_only_what_no_training_saw() -> None:
    asked = scenes(0, 2 * len(SUBJECTS))

    assert Counter(scene.subject for scene in asked) == dict.fromkeys(SUBJECTS, 2)
    assert all(scene.held_out for scene in asked)
    assert scenes(0, 8) == asked[:8]
    assert scenes(1, 8) != asked[:8]


def test_the_examiner_that_ships_names_what_drawings_show() -> None:
    """The card has the exact numbers."""
    exam = Exam(123, None, 300)

    found = answers_right(examiner.load(EXAMINER), exam.pixels, exam.facts)

    assert set(found) == {"subject", "colour", "worn", "place", "manner"}
    assert min(found["subject"], found["worn"], found["place"], found["manner"]) >= 0.95
    assert found["colour"] >= 0.93


def test_the_judge_that_ships_tells_subject_colour_and_accessory_of_held_out_drawings() -> None:
    with warnings.catch_warnings():
        # transformers warns that torchvision is not there; the processor without it is the one that we use.
        warnings.simplefilter("ignore")
        from transformers import CLIPModel, CLIPTokenizer

        judge, tokenizer = CLIPModel.from_pretrained(JUDGE), CLIPTokenizer.from_pretrained(JUDGE)

    found = Exam(321, tokenizer, 300).of_judge(judge)

    assert found["subject"] >= 0.97
    assert found["colour"] >= 0.97
    assert found["worn"] >= 0.9  # of some twenty drawings


def test_the_judges_text_tower_is_not_the_painters() -> None:
    from safetensors.torch import load_file

    judge = load_file(JUDGE / "model.safetensors")
    painter = load_file(PIPELINE / "text_encoder" / "model.safetensors")

    shared = [name for name in painter if "proj" in name and painter[name].dim() > 1]
    assert len(shared) > 10
    for name in shared:
        one, other = judge[f"text_model.{name}"].float().flatten(), painter[name].float().flatten()
        assert abs(torch.corrcoef(torch.stack([one, other]))[0, 1]) < 0.2, name


# ---------------------------------------------------------------- the rest


def test_what_the_denoiser_is_asked_for_gives_the_clean_latents_back() -> None:
    generator = torch.Generator().manual_seed(5)
    clean, noise = torch.randn(2, 16, 4, 16, 16, generator=generator)
    timesteps = spread_timesteps(16, generator)

    noised = Noising("cpu")(clean, noise, timesteps)

    signal = (noised.inputs**2).mean() + (noised.targets**2).mean()
    kept = (noised.weights > 0).all() and (noised.weights <= 5 / 6).all()
    assert kept
    assert sorted(timesteps // 62.5) == list(range(16))
    assert signal == pytest.approx(((clean**2).mean() + (noise**2).mean()).item(), rel=1e-4)
    assert noised.loss(noised.targets).abs().max() == 0


def test_the_learning_rate_warms_up_holds_and_falls_to_its_floor() -> None:
    rates = []
    for share, step in [(0.0, 0), (0.1, 200), (0.3, 500), (0.65, 900), (1.0, 2000)]:
        group = {"lr": 0.0, "full_rate": 1.0}
        set_rate(SimpleNamespace(param_groups=[group]), share, step, warm_up=100, flat=0.3, floor=0.02)
        rates.append(group["lr"])

    assert rates == pytest.approx([0.01, 1.0, 1.0, 0.51, 0.02])


def test_a_lesson_takes_its_steps_and_never_fewer_than_one() -> None:
    lesson = Lesson("rehearsal", 0, lambda: {"right": 1 / 3})

    shares = list(lesson)

    assert shares == [0.0]
    assert list(Lesson("rehearsal", 4, dict)) == [0.0, 0.25, 0.5, 0.75]
    assert lesson.result() == {"steps": 1, "right": 0.3333}


def test_the_preview_fit_finds_the_colours_of_a_linear_decoder() -> None:
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
