"""A style's training: the same losses every time, the best epoch kept, a folder that other programs read."""

import json
import resource
from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file

from engine import models, styles
from engine.contract.approaches import EMBEDDED, TURBO
from engine.contract.errors import BadRequest, Cancelled, DiskFull, NoData, TrainingFailed
from engine.contract.events import Progress
from engine.contract.sentence import bounds
from engine.contract.training import EpochEnded, StyleTrained, TrainStyle
from engine.embedded import PIPELINE
from engine.embedded.training.noising import spread_timesteps
from engine.one_style import cost
from engine.settings import Settings
from engine.training import checkpoint, finishing, saving
from engine.training.estimate import estimate
from engine.training.noising import Noising
from engine.training.prepare import prepare
from engine.training.recipe import Recipe, recipe, styled
from engine.training.split import split
from engine.training.stopping import Stopping
from engine.training.trainer import Trainer
from engine.training.training import Training
from tests.stand_ins import tiny

EPOCHS = 3


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.v1_4(tmp_path_factory.mktemp("base"))


def tiny_profile(place: Path, base: Path, patch: pytest.MonkeyPatch) -> Settings:
    """An embedded profile whose model is a tiny random one with the shapes of v1-4; its samples take two steps."""
    real = models.folder
    patch.setattr(
        models, "folder", lambda model, *rest, judge=False: real(model, *rest, judge=judge) if judge else base
    )
    patch.setattr(finishing, "styled", lambda profile: replace(styled(profile), steps=2))
    return Settings(data_dir=place / "data", profile="embedded", _env_file=None)


@pytest.fixture
def settings(tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return tiny_profile(tmp_path, base, monkeypatch)


@dataclass(frozen=True)
class Finished:
    settings: Settings
    news: list[Any]

    @property
    def style(self) -> StyleTrained:
        ending = self.news[-1]
        assert isinstance(ending, StyleTrained), ending
        return ending


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Iterator[Finished]:
    """One training for all who only look at what came of it."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        settings = tiny_profile(tmp_path_factory.mktemp("finished"), base, patch)
        yield Finished(settings, run(ready(settings, order())))


def order(name: str = "sketch", **more: Any) -> TrainStyle:
    numbers = {"images": 12, "epochs": EPOCHS, "rank": 2, "alpha": 8.0, "batch": 4, "seed": 7, "lr": 0.01}
    return TrainStyle(name=name, **{"source": "embedded", **numbers, **more})


def ready(settings: Settings, work: TrainStyle, job: str = "aaaaaaaaaa") -> Training:
    return prepare(job, work, settings, "embedded", lambda _done, _total: None)


def run(training: Training, after: Callable[[Any], None] = lambda _news: None) -> list[Any]:
    news = []
    for piece in training.pieces():
        news.append(piece)
        after(piece)
    return news


def epochs(news: list[Any]) -> list[EpochEnded]:
    return [piece for piece in news if isinstance(piece, EpochEnded)]


def losses(news: list[Any]) -> list[tuple[float, float]]:
    return [(epoch.train_loss, epoch.held_out_loss) for epoch in epochs(news)]


def weights(settings: Settings, name: str = "sketch") -> dict[str, torch.Tensor]:
    return load_file(settings.styles_dir / name / styles.WEIGHTS)


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_the_same_seed_gives_the_same_losses_and_the_same_adapter(settings: Settings) -> None:
    first = run(ready(settings, order("one")))
    torch.rand(5)
    second = run(ready(settings, order("two")))
    other = run(ready(settings, order("three", seed=8)))

    assert losses(first) == losses(second)
    assert same(weights(settings, "one"), weights(settings, "two"))
    assert losses(first) != losses(other)


def test_training_learns(settings: Settings) -> None:
    told = epochs(run(ready(settings, order(epochs=6))))

    assert told[-1].held_out_loss < told[0].held_out_loss
    assert told[-1].train_loss < told[0].train_loss


def test_the_last_news_is_the_style_with_its_best_epoch_and_every_file(finished: Finished) -> None:
    trained = finished.style

    assert trained.epochs == tuple(type(trained.epochs[0])(**epoch.model_dump()) for epoch in epochs(finished.news))
    held_out = [epoch.held_out_loss for epoch in trained.epochs]
    assert held_out[trained.best_epoch - 1] == min(held_out)
    assert {file.name for file in Path(trained.folder).iterdir()} == {
        *("adapter_config.json", "adapter_model.safetensors", "kohya.safetensors", "card.json", "README.md"),
        *("pytorch_lora_weights.safetensors", "training_loss.png", "losses.csv", "samples.png"),
    }
    card = json.loads((Path(trained.folder) / "card.json").read_text())
    assert card["recipe"]["seed"] == 7
    assert len(card["nearest"]) == 6
    assert not (finished.settings.training_dir / "sketch").exists()


def test_the_card_holds_samples_against_pictures_that_were_learned_from_and_no_others(settings: Settings) -> None:
    training, examples = ready(settings, order(images=8)), []
    seen, held = split(8, seed=7)
    for index, example in enumerate(training.pictures.examples):
        # What the tiny model paints is gray, far from everything red.
        colour = "gray" if index in held else "red"
        examples.append(replace(example, open=partial(Image.new, "RGB", (64, 64), colour)))
    training.pictures.examples = examples

    run(training)

    card = json.loads((settings.styles_dir / "sketch" / "card.json").read_text())
    assert {near["picture"] for near in card["nearest"]} <= {examples[index].name for index in seen}


@pytest.mark.skipif(torch.cuda.is_available(), reason="in half precision a rate of 1 diverges")
@pytest.mark.parametrize(("lr", "alpha", "doubted"), [(0.01, 8.0, False), (1.0, 256.0, True)])
def test_a_style_without_which_the_model_predicts_better_is_doubted(
    settings: Settings, lr: float, alpha: float, doubted: bool
) -> None:
    trained = run(ready(settings, order(lr=lr, alpha=alpha, epochs=1)))[-1]

    card = json.loads((Path(trained.folder) / "card.json").read_text())
    without, best = card["held_out_loss_without"], trained.epochs[0].held_out_loss
    assert (best >= without) is doubted
    said = f"predicts no better with this style ({best:.4f}) than without it ({without:.4f})"
    assert any(said in warning for warning in trained.warnings) is doubted
    assert (
        f"held-out loss {best:.4f} ({without:.4f} without the style)"
        in (Path(trained.folder) / "README.md").read_text()
    )


def test_a_run_that_was_cut_off_goes_on_to_the_same_adapter_as_an_unbroken_one(settings: Settings) -> None:
    unbroken = run(ready(settings, order("whole")))
    cut = ready(settings, order("cut")).pieces()
    while not isinstance(next(cut), EpochEnded):
        pass
    next(cut)
    cut.close()

    rest = run(ready(settings, order("cut", resume=True), job="bbbbbbbbbb"))

    assert losses(rest) == losses(unbroken)
    assert same(weights(settings, "cut"), weights(settings, "whole"))
    assert [epoch.epoch for epoch in rest[-1].epochs] == [1, 2, 3]


def test_the_same_job_sent_again_goes_on_without_being_asked_to(settings: Settings) -> None:
    cut = ready(settings, order()).pieces()
    while not isinstance(next(cut), EpochEnded):
        pass
    cut.close()

    rest = run(ready(settings, order()))

    assert next(piece.done for piece in rest if isinstance(piece, Progress) and piece.phase == "training") == 4


def test_a_training_that_goes_on_tells_the_epochs_before_and_their_curve(settings: Settings) -> None:
    cut = ready(settings, order(epochs=4)).pieces()
    while not (isinstance(ended := next(cut), EpochEnded) and ended.epoch == 2):
        pass
    cut.close()
    kept = [folder.name for folder in (settings.training_dir / "sketch").iterdir()]

    again = epochs(run(ready(settings, order(epochs=4, resume=True), job="bbbbbbbbbb")))

    assert [epoch.epoch for epoch in again] == [1, 2, 3, 4]
    assert again[1] == ended
    assert again[0].plot is None
    assert kept == ["epoch-0002"], "one checkpoint is enough, and each has the size of an adapter"


def test_what_is_held_out_is_never_trained_on(settings: Settings) -> None:
    training = ready(settings, order())
    pieces = training.pieces()
    while training._rounds is None:
        next(pieces)
    pieces.close()

    trainer = training._rounds._trainer
    learned, held_out = trainer._learned.latents, trainer._held_out.latents
    assert len(learned) + len(held_out) == len(training.pictures.examples)
    assert not any(torch.equal(one, other) for one in learned for other in held_out)


@pytest.mark.parametrize(("n", "tenth"), [(2, 1), (8, 1), (19, 1), (20, 2), (100, 10)])
def test_a_tenth_of_the_pictures_is_held_out_and_none_of_them_learned_from(n: int, tenth: int) -> None:
    learned, held_out = split(n, seed=7)

    assert sorted([*learned, *held_out]) == list(range(n))
    assert len(held_out) == tenth
    assert split(n, seed=7) == (learned, held_out)
    assert len({tuple(split(n, seed)[1]) for seed in range(20)}) > 1


def test_another_job_of_the_same_name_begins_anew(settings: Settings) -> None:
    cut = ready(settings, order()).pieces()
    while not isinstance(next(cut), EpochEnded):
        pass
    cut.close()

    again = run(ready(settings, order(), job="bbbbbbbbbb"))

    assert [epoch.epoch for epoch in epochs(again)] == [1, 2, 3]


def test_a_damaged_checkpoint_is_in_nobodys_way_but_of_who_would_go_on_from_it(settings: Settings) -> None:
    cut = ready(settings, order()).pieces()
    while not isinstance(next(cut), EpochEnded):
        pass
    cut.close()
    (settings.training_dir / "sketch" / "epoch-0001" / "state.json").write_text("")

    with pytest.raises(TrainingFailed, match=r"cannot be read\. Train without --resume"):
        ready(settings, order(resume=True))
    anew = run(ready(settings, order(epochs=1)))

    assert isinstance(anew[-1], StyleTrained)


def test_a_training_that_goes_on_refuses_other_numbers(settings: Settings) -> None:
    cut = ready(settings, order()).pieces()
    while not isinstance(next(cut), EpochEnded):
        pass
    cut.close()

    with pytest.raises(BadRequest, match="rank cannot change when a training continues: “sketch” began with 2, not 4"):
        ready(settings, order(rank=4, resume=True))


@pytest.mark.parametrize("change", ["a caption", "a picture's name"])
def test_a_training_does_not_go_on_with_other_pictures(settings: Settings, tmp_path: Path, change: str) -> None:
    place = folder_of(tmp_path / "mine", good=10)
    work = order(source="folder", data=str(place))
    cut = ready(settings, work).pieces()
    while not isinstance(next(cut), EpochEnded):
        pass
    cut.close()

    if change == "a caption":
        (place / "00.txt").write_text("a red house")
    else:
        (place / "00.png").rename(place / "99.png")

    with pytest.raises(TrainingFailed, match="“sketch” began with other pictures or captions"):
        ready(settings, work)


def test_a_cancelled_training_keeps_its_best_epoch(settings: Settings) -> None:
    training = ready(settings, order())

    news = run(training, lambda piece: training.cancel() if isinstance(piece, EpochEnded) else None)

    assert news[-1].stopped == "cancelled"
    assert news[-1].best_epoch == 1
    assert len(news[-1].epochs) == 1


def test_a_training_cancelled_in_its_first_epoch_leaves_no_style(settings: Settings) -> None:
    training = ready(settings, order())

    with pytest.raises(Cancelled, match="before its first epoch ended"):
        run(training, lambda piece: training.cancel() if getattr(piece, "phase", "") == "training" else None)

    assert styles.own_names(settings) == []


def test_training_ends_after_so_many_epochs_without_improvement() -> None:
    stopping = Stopping(patience=2)

    ended = [(stopping.ended(loss), stopping.enough) for loss in (0.5, 0.4, 0.41, 0.39, 0.4, 0.395, 0.1)]

    assert ended[:5] == [(True, False), (True, False), (False, False), (True, False), (False, False)]
    assert ended[5] == (False, True)
    assert stopping.best == 7


def test_a_diverging_training_ends_with_a_sentence_and_no_style(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda *_: None)
    training = ready(settings, order(lr=1.0, epochs=40))
    loss = Trainer.loss

    def poisoned(self: Trainer, epoch: int, number: int) -> torch.Tensor:
        for part in self.parts.values():
            part.data *= 1e30
        return loss(self, epoch, number)

    monkeypatch.setattr(Trainer, "loss", poisoned)

    with pytest.raises(TrainingFailed, match=r"no longer a number.*Try a lower lr than 1\."):
        run(training)

    assert styles.own_names(settings) == []


def test_a_full_disk_ends_with_a_sentence_and_no_style(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "write", full)

    with pytest.raises(DiskFull, match="The disk is full: the training cannot be kept in"):
        run(ready(settings, order(epochs=1)))

    assert styles.own_names(settings) == []
    assert checkpoint.state(settings.training_dir / "sketch") is not None


def test_a_disk_that_takes_no_tensors_ends_with_a_sentence_too(settings: Settings) -> None:
    training = ready(settings, order(rank=8))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    # Small files fit, the adapter does not: what a full disk says, only with another number.
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, most))
    try:
        with pytest.raises(TrainingFailed, match=r"cannot be written \(File too large\). Check DATA_DIR"):
            run(training)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    assert styles.own_names(settings) == []


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda state: {**state, min(state): state[min(state)] + 1}, "came back changed"),
        (lambda state: dict(list(state.items())[1:]), "tensors instead of"),
    ],
)
def test_a_style_that_comes_back_otherwise_than_it_was_written_is_not_saved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, spoil: Any, sentence: str
) -> None:
    write = saving.write

    def spoiling(folder: Path, state: Any, *rest: Any) -> None:
        write(folder, spoil(state), *rest)

    monkeypatch.setattr(saving, "write", spoiling)

    with pytest.raises(TrainingFailed, match=sentence):
        run(ready(settings, order(epochs=1)))

    assert styles.own_names(settings) == []


def test_a_style_that_would_be_worn_at_another_strength_is_not_saved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = saving.write

    def spoiling(folder: Path, *rest: Any) -> None:
        write(folder, *rest)
        config = json.loads((folder / styles.CONFIG).read_text())
        (folder / styles.CONFIG).write_text(json.dumps({**config, "use_rslora": True}))

    monkeypatch.setattr(saving, "write", spoiling)

    with pytest.raises(TrainingFailed, match="it gives a different result from the trained model"):
        run(ready(settings, order(epochs=1)))

    assert styles.own_names(settings) == []


def test_an_adapter_that_learned_nothing_is_not_saved(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trainer, "learn", lambda *_: None)
    monkeypatch.setattr(checkpoint, "write", lambda *_: None)

    with pytest.raises(TrainingFailed, match="B matrices are all zero"):
        run(ready(settings, order(epochs=1)))


def test_an_alpha_that_is_lost_in_a_file_is_noticed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.training import formats

    right = formats.kohya
    monkeypatch.setattr(formats, "kohya", lambda state, _alpha: right(state, 2.0))

    with pytest.raises(TrainingFailed, match="alpha did not come back"):
        run(ready(settings, order(epochs=1)))


def picture(pipe: Any) -> np.ndarray[Any, Any]:
    generator = torch.Generator().manual_seed(3)
    found = pipe("a cat", num_inference_steps=2, guidance_scale=3.0, generator=generator, output_type="np")
    return np.asarray(found.images[0])


def pipeline(base: Path) -> Any:
    loaded = StableDiffusionPipeline.from_pretrained(
        base, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    loaded.set_progress_bar_config(disable=True)
    return loaded


def test_plain_peft_and_diffusers_read_the_saved_folder_to_the_same_pictures(finished: Finished, base: Path) -> None:
    from peft import PeftModel

    trained = finished.style.folder
    by_peft, by_layout, by_kohya, by_name, without = (pipeline(base) for _ in range(5))
    by_peft.unet = PeftModel.from_pretrained(by_peft.unet, trained).base_model.model
    by_layout.unet.load_lora_adapter(trained, weight_name=styles.WEIGHTS, prefix="base_model.model")
    by_kohya.load_lora_weights(trained, weight_name="kohya.safetensors")
    by_name.load_lora_weights(trained)

    expected = picture(by_peft)

    assert np.abs(expected - picture(without)).max() > 1e-3
    assert np.abs(expected - picture(by_kohya)).max() < 1e-5
    assert by_kohya.unet.peft_config["default_0"].lora_alpha == 8.0
    assert np.abs(expected - picture(by_layout)).max() < 1e-5
    assert np.abs(expected - picture(by_name)).max() < 1e-5


@pytest.mark.parametrize(
    ("make", "steps", "expected"),
    [(tiny.turbo, 4, {999, 749, 499, 249}), (tiny.v1_4, None, set(range(1000)))],
)
def test_a_distilled_base_is_trained_at_the_timesteps_that_it_paints_at(
    make: Any, steps: int | None, expected: set[int], tmp_path: Path
) -> None:
    scheduler = pipeline(make(tmp_path)).scheduler
    noising = Noising(scheduler, steps, torch.device("cpu"))

    drawn = set(noising.spread(20_000, torch.Generator().manual_seed(1)).tolist())

    assert drawn == expected


def test_no_timestep_is_drawn_beyond_the_last_where_float32_rounds_up_to_it() -> None:
    from diffusers import DDPMScheduler

    noising, unlucky = Noising(DDPMScheduler(), None, torch.device("cpu")), 141_668
    highest = torch.rand(64, generator=torch.Generator().manual_seed(unlucky))[-1]

    drawn = noising.spread(64, torch.Generator().manual_seed(unlucky))
    ours = spread_timesteps(64, torch.Generator().manual_seed(unlucky))

    assert 63 + highest == 64
    assert drawn.max() == ours.max() == 999


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_a_perfect_model_of_each_kind_has_no_loss(kind: str) -> None:
    from diffusers import DDPMScheduler

    chance = torch.Generator().manual_seed(1)
    scheduler = DDPMScheduler(prediction_type=kind)
    latents, noise = torch.randn(2, 4, 3, 3, 3, generator=chance)[:, :, :, :, :].unbind(0)
    timesteps = torch.tensor([10, 400, 700, 990])

    shown = Noising(scheduler, None, torch.device("cpu")).show(latents, noise, timesteps)

    assert torch.allclose(shown.inputs, scheduler.add_noise(latents, noise, timesteps), atol=1e-6)
    wanted = {"epsilon": noise, "v_prediction": scheduler.get_velocity(latents, noise, timesteps), "sample": latents}
    assert torch.allclose(shown.targets, wanted[kind], atol=1e-6)


def test_the_full_profile_keeps_the_originals_numbers() -> None:
    numbers = recipe(TrainStyle(name="any"), "full")

    assert (numbers.images, numbers.epochs, numbers.patience, numbers.batch) == (100, 30, 2, 1)
    assert (numbers.rank, numbers.alpha, numbers.dropout, numbers.weight_decay, numbers.lr) == (8, 16, 0.1, 0.01, 1e-4)
    assert numbers.base == "stabilityai/sd-turbo"


@pytest.mark.parametrize("field", fields(Recipe), ids=lambda field: field.name)
def test_every_number_of_a_recipe_can_be_ordered_within_bounds(field: Field[Any]) -> None:
    asked = TrainStyle.model_fields[field.name]

    # The base and the words are texts; a text has a longest length instead.
    numbers = field.name not in {"base", "words"}
    assert all(bound is not None for bound in bounds(asked)) is numbers


def folder_of(place: Path, good: int, bad: int = 0) -> Path:
    place.mkdir()
    for number in range(good):
        Image.new("RGB", (90, 60), (number * 9, 80, 120)).save(place / f"{number:02d}.png")
    for number in range(bad):
        (place / f"bad{number}.jpg").write_bytes(b"no picture")
    return place


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        (0, 0, "There are no pictures in"),
        (3, 0, "3 usable pictures are too few to learn from: there must be at least 8"),
        (0, 9, "0 usable pictures are too few.*left out: bad0.jpg, bad1.jpg"),
    ],
)
def test_a_folder_with_too_few_pictures_is_refused(
    settings: Settings, tmp_path: Path, good: int, bad: int, sentence: str
) -> None:
    place = folder_of(tmp_path / "mine", good, bad)

    with pytest.raises(NoData, match=sentence):
        ready(settings, order(source="folder", data=str(place)))


def test_the_cost_of_a_folder_counts_its_pictures_and_one_without_any_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    few, none = folder_of(tmp_path / "mine", 10), folder_of(tmp_path / "empty", 0)

    told = estimate(order(source="folder", data=str(few)), settings, "embedded")

    assert (told.images, told.steps) == (10, 3 * EPOCHS)
    with pytest.raises(NoData, match="There are no pictures in"):
        estimate(order(source="folder", data=str(none)), settings, "embedded")


def test_the_cost_of_going_on_counts_what_is_left_and_says_where_nothing_was_begun(settings: Settings) -> None:
    nothing = estimate(order(resume=True), settings, "embedded")
    cut = ready(settings, order()).pieces()
    while not isinstance(next(cut), EpochEnded):
        pass
    cut.close()

    rest = estimate(TrainStyle(name="sketch", source="embedded", resume=True), settings, "embedded")
    anew = estimate(order(), settings, "embedded")

    assert (nothing.epochs_done, nothing.steps) == (0, 3 * EPOCHS)
    assert (rest.epochs_done, rest.steps) == (1, 3 * (EPOCHS - 1))
    assert (anew.epochs_done, anew.steps) == (None, 3 * EPOCHS)
    assert "starts over, because there is no checkpoint of that name" in cost(nothing)
    assert "continues after epoch 1" in cost(rest)
    with pytest.raises(BadRequest, match="rank cannot change"):
        estimate(order(rank=4, resume=True), settings, "embedded")


def test_a_folder_is_learned_from_with_its_captions_and_without_its_broken_pictures(
    settings: Settings, tmp_path: Path
) -> None:
    place = folder_of(tmp_path / "mine", good=10, bad=1)
    (place / "00.txt").write_text("a red\nhouse\n")
    (place / "metadata.jsonl").write_text('{"file_name": "01.png", "text": "a boat"}\n')

    training = ready(settings, order(source="folder", data=str(place), caption="{caption}, in ink"))

    examples = training.pictures.examples
    assert [example.caption for example in examples[:3]] == ["a red house, in ink", "a boat, in ink", ", in ink"]
    assert examples[0].open().size == (60, 60)
    assert training.pictures.warnings[0] == "Pictures that cannot be read were left out: bad0.jpg."


def test_a_copy_of_a_picture_is_not_held_out_beside_it(settings: Settings, tmp_path: Path) -> None:
    place = folder_of(tmp_path / "mine", good=10)
    (place / "03 copy.png").write_bytes((place / "03.png").read_bytes())
    (place / "03.txt").write_text("a red house")

    pictures = ready(settings, order(source="folder", data=str(place))).pictures

    assert [example.name for example in pictures.examples] == [f"{number:02d}.png" for number in range(10)]
    assert pictures.examples[3].caption == "a red house"
    assert pictures.warnings[0] == "Of identical pictures only one was used, 1 left out."


def test_pictures_whose_names_are_in_another_encoding_are_learned_from(settings: Settings, tmp_path: Path) -> None:
    place = folder_of(tmp_path / "mine", good=9)
    for number in range(9):
        (place / f"{number:02d}.png").rename(place / f"caf\udce9 {number}.png")
    (place / "bad\udce9.png").write_bytes(b"no picture")

    run(ready(settings, order(source="folder", data=str(place), epochs=1)))

    card = (settings.styles_dir / "sketch" / "README.md").read_text()
    assert "| caf? " in card
    assert "left out: bad?.png." in card


def test_captions_as_windows_writes_them_begin_with_no_mark(settings: Settings, tmp_path: Path) -> None:
    place = folder_of(tmp_path / "mine", good=10)
    (place / "00.txt").write_text("a red house", encoding="utf-8-sig")
    (place / "metadata.jsonl").write_text('{"file_name": "01.png", "text": "a boat"}', encoding="utf-8-sig")

    examples = ready(settings, order(source="folder", data=str(place))).pictures.examples

    assert [example.caption for example in examples[:2]] == ["a red house", "a boat"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"source": "folder"}, "data is missing"),
        ({"data": "/anywhere"}, "say --source folder"),
        ({"art_style": "Cubism"}, "“Cubism” was given as a WikiArt style, but the source is embedded"),
        ({"caption": "{titel} in ink"}, r"there is no {titel}\. A template may use {caption}"),
    ],
)
def test_an_order_that_contradicts_itself_is_refused(settings: Settings, more: Any, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        ready(settings, order(**more))


def test_a_name_that_is_taken_is_refused_before_anything_is_fetched(finished: Finished) -> None:
    with pytest.raises(BadRequest, match="There is already a style “sketch”"):
        ready(finished.settings, order())


def test_progress_tells_steps_and_the_time_left(finished: Finished) -> None:
    steps = [piece for piece in finished.news if isinstance(piece, Progress) and piece.phase == "training"]
    assert [piece.done for piece in steps] == list(range(1, 10))
    assert {piece.total for piece in steps} == {9}
    assert steps[-1].eta_s == 0
    assert {piece.phase for piece in finished.news if isinstance(piece, Progress)} == {
        *("loading", "encoding", "training", "saving"),
    }


def test_the_trained_style_fits_the_base_and_is_found(finished: Finished, base: Path) -> None:
    found = styles.find("sketch", finished.settings, EMBEDDED, models.facts(base))

    assert (found.rank, found.alpha) == (2, 8.0)
    assert UNet2DConditionModel.from_pretrained(base, subfolder="unet") is not None


def test_a_base_whose_styles_the_approach_cannot_wear_is_refused_before_it_is_trained(
    settings: Settings, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"another/base": base, EMBEDDED: PIPELINE}
    monkeypatch.setattr(models, "folder", lambda model, *_, **__: places[model])

    with pytest.raises(BadRequest, match="A style of another/base does not fit embedded, which approach 2 paints with"):
        ready(settings, order(base="another/base"))


@pytest.mark.parametrize("named", [None, "another/base"])
def test_the_full_profile_trains_turbo_or_a_named_base_and_shows_turbo_in_the_samples(
    named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turbo, other, judge = tiny.turbo(tmp_path / "t"), tiny.turbo(tmp_path / "o"), tiny.judge(tmp_path / "j")
    asked: list[str] = []

    def folder(model: str, *_: Any, **kind: bool) -> Path:
        asked.append(model)
        return judge if kind.get("judge") else other if model == "another/base" else turbo

    monkeypatch.setattr(models, "folder", folder)
    settings = Settings(data_dir=tmp_path / "data", profile="full", _env_file=None)
    work = order(epochs=1, base=named)

    trained = run(prepare("aaaaaaaaaa", work, settings, "full", lambda _done, _total: None))[-1]

    assert isinstance(trained, StyleTrained)
    assert trained.base == (named or "stabilityai/sd-turbo")
    assert "stabilityai/sd-turbo" in asked
    with Image.open(Path(trained.folder) / "samples.png") as sheet:
        assert sheet.width > sheet.height
    assert styles.find("sketch", settings, TURBO, models.facts(turbo)).alpha == 8.0
