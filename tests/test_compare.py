"""Comparisons inside the engine: columns, seeds, twins, retries, measures, and what goes wrong on the way."""

import asyncio
import base64
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import embedded, scoring
from engine.comparing import watching
from engine.comparing.headline import headline
from engine.contract.approaches import SMALL, STYLED
from engine.contract.comparison import (
    Compare,
    Compared,
    ComparedColumn,
    ComparisonEstimated,
    ComparisonPlan,
    ComparisonPlanned,
    EstimateComparison,
)
from engine.contract.errors import BadRequest, PaintingFailed
from engine.contract.estimate import Estimate, nothing
from engine.contract.events import JobFailed, PicturePainted, Progress
from engine.contract.grid import Judged
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.scoring import Scored, ScorePicture
from engine.diffusion import DiffusionPainter
from engine.embedded.drawings import draw, sample
from engine.engine import Engine
from engine.evaluation import real_pictures
from engine.evaluation.looking import judge_in
from engine.evaluation.prompt_sets import read
from engine.evaluation.words import READ_BY
from engine.score_picture import scored
from engine.settings import Settings
from engine.wave import Wave
from tests.engines import TouchyPainter, events, grid, running_engine
from tests.styles import embedded_style

CAT = "a cat wearing neon glasses"
SKETCHES = {"source": "embedded", "origin": "drawings", "licence": "", "images": 20}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a style that knows its words and leads to real pictures."""
    place = tmp_path_factory.mktemp("compare")
    embedded_style(place, "ink", words="pencil drawing", data=SKETCHES)
    return place


@pytest.fixture(autouse=True)
def few_real_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing them is most of what a comparison costs here, and their number is not the point."""
    monkeypatch.setattr(real_pictures, "FRESH", 4)
    monkeypatch.setattr(real_pictures, "FILLERS", 6)


def compare(**options: Any) -> Compare:
    return Compare.model_validate({"prompt": CAT, "seeds": 3, "seed": 7, **options})


def weights(**options: Any) -> Compare:
    return compare(styles="ink", weights="0,0.5,1", **options)


class Told:
    """Everything that was told of a job."""

    def __init__(self, told: list[Any]) -> None:
        self.all = told
        self.ending = told[-1]
        self.painted: dict[str, PicturePainted] = {each.cell: each for each in self._of(PicturePainted)}

    @property
    def plan(self) -> ComparisonPlan:
        plan: ComparisonPlan = self._of(ComparisonPlanned)[0].plan
        return plan

    @property
    def judged(self) -> dict[str, Judged]:
        return {cell: Judged.model_validate(event.model_dump()) for cell, event in self.painted.items()}

    @property
    def compared(self) -> Compared:
        assert isinstance(self.ending, Compared), self.ending
        return self.ending

    def column(self, label: str) -> ComparedColumn:
        return next(column for column in self.compared.columns if column.label == label)

    def _of(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.all if isinstance(each, kind)]


async def told(engine: Engine, order: Compare | EstimateComparison | ScorePicture, **more: Any) -> Told:
    return Told(await events(engine.submit(Job(id=new_id(), work=order, **more))))


def rows(painter: TouchyPainter) -> Counter[tuple[Any, str, int]]:
    """How often each picture was painted: its mix, what the model read, and its seed."""
    return Counter((wave.mix, row.prompt, row.seed) for wave in painter.begun for row in wave.rows)


@pytest.mark.parametrize(
    ("options", "compares"),
    [
        ({}, "approaches"),
        ({"approaches": "1,3"}, "approaches"),
        ({"approaches": "1,2", "styles": "ink"}, "approaches"),
        ({"styles": "ink"}, "styles"),
        ({"styles": "ink,wash", "approaches": "2"}, "styles"),
        ({"styles": "ink,wash", "weights": "0,1"}, "weights"),
        ({"styles": "ink", "weights": "1", "approaches": "2"}, "weights"),
        ({"against": "a dog"}, "prompts"),
        ({"against": "a dog", "approaches": "2", "styles": "ink"}, "prompts"),
    ],
)
def test_what_is_compared_follows_from_what_is_named(options: dict[str, str], compares: str) -> None:
    assert Compare.model_validate({"prompt": "a cat", **options}).compares == compares


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"approaches": "3", "styles": "ink"}, "Only approach 2 paints with styles;"),
        ({"approaches": "1,2", "styles": "ink,wash"}, "Compare one thing at a time: several approaches with one style"),
        ({"approaches": "1,1"}, "One approach has nothing to compare with"),
        ({"approaches": "1", "styles": "ink", "weights": "1"}, "Only approach 2 paints with a style's weight;"),
        ({"weights": "1"}, "Weights need a style"),
        ({"styles": "ink", "weights": "0"}, "The only weight is 0"),
        ({"against": "a dog", "approaches": "1,2"}, "two prompts are painted in one way"),
        ({"against": "a dog", "styles": "ink,wash"}, "two prompts are painted in one way"),
        ({"against": "a dog", "styles": "ink", "weights": "1"}, "two prompts are painted in one way"),
        ({"against": "a cat"}, "The two prompts are the same"),
    ],
)
def test_more_or_less_than_one_thing_is_not_compared(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        _ = Compare.model_validate({"prompt": "a cat", **options}).compares


async def test_weights_stand_beside_the_model_without_the_style_and_the_words_alone(folder: Path) -> None:
    painter = TouchyPainter()
    async with running_engine(folder, painter) as engine:
        found = await told(engine, weights())

        columns = found.plan.columns
        seen = [(column.label, column.role, column.weight, column.recipe.dressed_prompt) for column in columns]
        assert seen == [
            ("without the style", "baseline", None, CAT),
            ("ink x 0.5", "compared", 0.5, f"{CAT}, pencil drawing"),
            ("ink x 1", "compared", 1.0, f"{CAT}, pencil drawing"),
            ("saying “pencil drawing”", "control", None, f"{CAT}, pencil drawing"),
        ]
        assert [[cell.cell for cell in row] for row in found.plan.rows] == [
            [f"{letter}{number}" for letter in "ABCD"] for number in (1, 2, 3)
        ]
        assert [len({cell.seed for cell in row}) for row in found.plan.rows] == [1, 1, 1]
        assert set(rows(painter).values()) == {1}
        assert len(rows(painter)) == found.plan.pictures == 12
        assert set(found.painted) == {cell.cell for cell in found.plan.cells}
        assert list(engine.jobs) == [job for job, running in engine.jobs.items() if running.job.work == weights()]


async def test_the_numbers_of_a_column_are_those_of_its_pictures_by_a_plain_judge(folder: Path) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        found = await told(engine, weights())

        judge = judge_in(embedded.JUDGE)
        running = next(iter(engine.jobs.values()))
        pictures = {cell: np.asarray(Image.open(io.BytesIO(data))) for cell, data in running.pictures.items()}
        plain = {cell: float(judge.scores([pixels], [CAT])[0][0]) for cell, pixels in pictures.items()}
        means = {letter: np.mean([plain[f"{letter}{n}"] for n in (1, 2, 3)]) for letter in "ABC"}
        for cell, event in found.painted.items():
            assert event.score == pytest.approx(plain[cell], abs=1e-5)
        half = found.column("ink x 0.5")
        assert half.means["clip_score"] == pytest.approx(means["B"], abs=1e-5)
        assert half.differences["clip_score"].value == pytest.approx(means["B"] - means["A"], abs=1e-5)


async def test_what_is_told_at_the_end_is_measured_against_real_pictures_with_a_plot(folder: Path) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        found = (await told(engine, weights())).compared

        assert [name for name, _ in found.metrics] == ["clip_score", "style_score", "retrieval"]
        assert [point.label for point in found.controls] == ["real ink", "fillers"]
        assert found.method.startswith("paired by seed, Student's t over 3 seeds; they speak for this prompt only")
        assert all(column.verdict for column in found.columns[1:])
        assert found.columns[0].verdict is None
        assert base64.b64decode(found.plot or "").startswith(b"\x89PNG")


async def test_of_two_styles_it_is_said_by_whose_pictures_each_column_is_measured(folder: Path) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        one = (await told(engine, compare(styles="pencil"))).compared
        two = (await told(engine, compare(styles="ink,pencil"))).compared

        assert [point.label for point in two.controls] == ["real ink", "real pencil", "fillers"]
        assert READ_BY.format("ink") in two.notes
        assert not any("Each column's style" in note for note in one.notes)


async def test_without_fillers_neither_style_nor_retrieval_is_measured_and_a_sentence_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = real_pictures.Fillers(notes=("There are no fillers.",))
    monkeypatch.setattr("engine.comparing.ruler.common_fillers", lambda *_: none)
    async with running_engine(folder, TouchyPainter()) as engine:
        found = (await told(engine, weights())).compared

        assert [name for name, _ in found.metrics] == ["clip_score"]
        assert "There are no fillers." in found.notes
        assert found.plot is None


async def test_approaches_that_paint_alike_are_painted_once_and_shown_twice(folder: Path) -> None:
    painter = TouchyPainter()
    async with running_engine(folder, painter) as engine:
        found = await told(engine, compare(approaches="1,3"))

        assert len(rows(painter)) == found.plan.pictures == 3
        assert found.painted["A2"].sha256 == found.painted["B2"].sha256
        assert found.column("approach 3").differences["clip_score"].ties
        assert found.column("approach 3").verdict == "Approach 3 and the baseline score exactly the same in every pair."
        assert any("The same pictures come of approach 1 and approach 3 here" in note for note in found.compared.notes)


async def test_two_prompts_are_painted_in_one_way_with_the_same_seeds(folder: Path) -> None:
    painter = TouchyPainter()
    async with running_engine(folder, painter) as engine:
        found = await told(engine, compare(against="a red mug"))

        read_by_model = Counter(prompt for _, prompt, _ in rows(painter))
        assert read_by_model == {CAT: 3, "a red mug": 3}
        assert {seed for _, prompt, seed in rows(painter) if prompt == CAT} == {
            seed for _, prompt, seed in rows(painter) if prompt != CAT
        }
        assert [column.label for column in found.compared.columns] == [CAT, "a red mug"]
        assert any("scored against its own prompt" in note for note in found.compared.notes)
        assert "style_score" not in dict(found.compared.metrics)
        assert found.compared.plot is None


@pytest.mark.parametrize("kept", [1, 11, 12])
async def test_a_retry_paints_only_what_is_missing_and_ends_with_the_same_numbers(folder: Path, kept: int) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        whole = await told(engine, weights())
    cells = random.Random(kept).sample(sorted(whole.painted), kept)
    have = {cell: whole.judged[cell] for cell in cells}

    painter = TouchyPainter()
    async with running_engine(folder, painter) as engine:
        again = await told(engine, weights(), comparison=whole.plan, have=have)

    assert sum(rows(painter).values()) == 12 - kept
    assert set(again.painted) == set(whole.painted) - set(cells)
    assert again.compared == whole.compared


async def test_a_retry_paints_a_shared_picture_for_the_one_column_that_lacks_it(folder: Path) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        whole = await told(engine, compare(approaches="1,3"))
    have = {cell: judged for cell, judged in whole.judged.items() if cell != "B2"}

    painter = TouchyPainter()
    async with running_engine(folder, painter) as engine:
        again = await told(engine, compare(approaches="1,3"), comparison=whole.plan, have=have)

    assert sum(rows(painter).values()) == 1
    assert again.painted["B2"].sha256 == whole.painted["B2"].sha256


async def test_cancelled_it_paints_nothing_more_and_leaves_nothing_behind(folder: Path) -> None:
    painter = TouchyPainter()
    async with running_engine(folder, painter, most=2) as engine:
        job = Job(id=new_id(), work=weights())
        painter.at_step = lambda: engine.remove(job.id) if painter.steps == 3 and engine.jobs[job.id].alive else None
        found = Told(await events(engine.submit(job)))
        after = await told(engine, compare(approaches="1,3"))

        assert isinstance(found.ending, JobFailed)
        assert found.ending.reason == "cancelled"
        assert len(found.painted) < 12
        assert after.compared
        assert len(engine.jobs) == 2, "the columns' own jobs are gone"
        assert sum(rows(painter).values()) <= 2 + 3


async def test_a_column_that_ended_long_before_the_others_may_be_forgotten_already(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.engine.KEPT_SECONDS", -1.0)
    painter = TouchyPainter()
    async with running_engine(folder, painter, most=3) as engine:
        painter.at_step = engine._forget_old
        found = await told(engine, weights())

        assert len(found.compared.columns) == 4


async def test_a_picture_that_cannot_be_painted_ends_the_comparison_with_its_sentence(folder: Path) -> None:
    def fails(wave: Wave) -> Exception | None:
        return PaintingFailed("This style spoils the picture.") if wave.mix.weight == 1.0 else None

    async with running_engine(folder, TouchyPainter(fails)) as engine:
        found = await told(engine, weights())

        assert found.ending == JobFailed(reason="painting_failed", detail="This style spoils the picture.")
        assert len(engine.jobs) == 1


async def test_withheld_pictures_are_neither_measured_nor_paired(folder: Path) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        seed = (await told(engine, weights())).plan.rows[1][0].seed
    painter = TouchyPainter()
    painter.withhold = {seed or 0}
    async with running_engine(folder, painter) as engine:
        found = await told(engine, weights())

        assert {cell for cell, event in found.painted.items() if event.withheld} == {"A2", "B2", "C2", "D2"}
        assert [column.n for column in found.compared.columns] == [2, 2, 2, 2]
        assert found.column("ink x 1").differences["clip_score"].n == 2


async def test_a_column_that_lacks_a_picture_does_not_lend_the_others_its_number_of_seeds(folder: Path) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        plan = (await told(engine, weights())).plan
        have = {"B2": Judged(withheld="the safety checker")}

        found = await told(engine, weights(), comparison=plan, have=have)

        assert [found.column(label).differences["clip_score"].n for label in ("ink x 0.5", "ink x 1")] == [2, 3]
        assert "Student's t over 2 seeds or Student's t over 3 seeds" in found.compared.method


async def test_progress_shows_the_sheet_so_far(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "TELL_SECONDS", 0.0)
    monkeypatch.setattr(watching, "PREVIEW_SECONDS", 0.0)
    monkeypatch.setattr("engine.running_wave.PREVIEW_SECONDS", 0.0)
    async with running_engine(folder, TouchyPainter()) as engine:
        found = await told(engine, weights())

        seen = [each for each in found.all if isinstance(each, Progress)]
        previews = [each for each in seen if each.preview]
        sheet = Image.open(io.BytesIO(base64.b64decode(previews[-1].preview or "")))
        assert [each.done for each in seen if each.phase == "painting"] == sorted(
            each.done for each in seen if each.phase == "painting"
        )
        assert {each.total for each in seen if each.phase == "painting"} == {12}
        assert sheet.width > 4 * watching.preview.__globals__["SIDE"]


async def test_a_grid_with_a_lower_turn_goes_before_what_a_comparison_still_wants(folder: Path) -> None:
    painter = TouchyPainter()
    async with running_engine(folder, painter, most=2) as engine:
        first = engine.submit(Job(id=new_id(), turn=5, work=compare(approaches="1,3", seeds=16)))
        begun = asyncio.Event()
        painter.at_step = begun.set
        await begun.wait()
        await events(engine.submit(grid(blocks=1, turn=1)))

        assert first.alive
        await events(first)


async def test_the_estimate_counts_different_pictures_and_knows_the_time_once_it_has_painted(folder: Path) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        before = (await told(engine, EstimateComparison(comparison=compare(approaches="1,3")))).ending
        await told(engine, compare(approaches="1,3"))
        after = (await told(engine, EstimateComparison(comparison=weights()))).ending

        assert isinstance(before, ComparisonEstimated)
        assert isinstance(after, ComparisonEstimated)
        assert (before.columns, before.pictures, before.seconds) == (("approach 1", "approach 3"), 3, None)
        assert after.pictures == 12
        assert after.seconds is not None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"styles": "nobody", "weights": "0,1"}, "There is no “nobody”"),
        ({"styles": "ink", "weights": ",".join(str(n / 10) for n in range(16))}, "a comparison has at most 12"),
        ({"styles": "ink", "approaches": "1,3"}, "Only approach 2 paints with styles"),
    ],
)
async def test_what_cannot_be_painted_is_refused_by_the_estimate_already(
    folder: Path, options: dict[str, str], says: str
) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        found = await told(engine, EstimateComparison(comparison=compare(**options)))

        assert isinstance(found.ending, JobFailed)
        assert says in found.ending.detail


async def test_a_style_without_words_or_pictures_is_told_in_sentences(folder: Path) -> None:
    if not (folder / "styles" / "bare").is_dir():
        embedded_style(folder, "bare")
    async with running_engine(folder, TouchyPainter()) as engine:
        found = (await told(engine, compare(styles="bare", weights="1"))).compared

        assert any("no words of its own, so there is no control" in note for note in found.notes)
        assert any("There is no style score for “bare”" in note for note in found.notes)
        assert found.plot is None


async def test_a_style_without_words_is_held_against_what_its_pictures_are_called(folder: Path) -> None:
    if not (folder / "styles" / "called").is_dir():
        embedded_style(folder, "called", data=SKETCHES)
    card = folder / "styles" / "called" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "called": "pencil sketch"}))
    async with running_engine(folder, TouchyPainter()) as engine:
        found = await told(engine, compare(styles="called", weights="1"))

        read_by_model = [column.recipe.dressed_prompt for column in found.plan.columns]
        assert found.plan.columns[-1].label == "saying “pencil sketch”"
        assert read_by_model == [CAT, CAT, f"{CAT}, pencil sketch"], "the style itself needs no words"


async def test_approach_2_wears_the_style_that_comes_with_the_model_in_a_comparison_too(folder: Path) -> None:
    async with running_engine(folder, TouchyPainter()) as engine:
        found = await told(engine, compare(approaches="1,2,3"))

    assert [column.style for column in found.plan.columns] == [None, "pencil", None, None]
    assert found.plan.columns[-1].label == "saying “pencil sketch”"
    assert any("The same pictures come of approach 1 and approach 3" in note for note in found.plan.warnings)


async def test_approaches_without_a_style_are_told_how_to_have_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SMALL, STYLED, replace(SMALL[STYLED], style=None))
    async with running_engine(folder, TouchyPainter()) as engine:
        bare = await told(engine, compare(approaches="1,2"))
        styled = await told(engine, compare(approaches="1,2", styles="ink"))

        assert any("Approach 2 has no style here" in note for note in bare.plan.warnings)
        assert not any("has no style here" in note for note in styled.plan.warnings)


async def test_any_picture_is_scored_as_the_command_line_scores_it(folder: Path) -> None:
    out = io.BytesIO()
    drawing = draw(sample(random.Random(5), "cat"))
    drawing.save(out, "PNG")
    async with running_engine(folder, TouchyPainter()) as engine:
        found = (await told(engine, ScorePicture.of("a cat", out.getvalue()))).ending
        broken = (await told(engine, ScorePicture.of("a cat", b"hello"))).ending

        judge = judge_in(embedded.JUDGE)
        plain = judge.scores([np.asarray(drawing)], ["a cat", *(each.prompt for each in read("embedded").prompts)])[0]
        assert isinstance(found, Scored)
        assert found.score == pytest.approx(float(plain[0]), abs=1e-5)
        assert found.rank == 1 + int((plain[1:] >= plain[0]).sum())
        assert found.nearest[0].score == pytest.approx(float(plain[1:].max()), abs=1e-5)
        assert isinstance(broken, JobFailed)
        assert broken.reason == "bad_request"


async def test_a_picture_that_waits_to_be_scored_is_not_looked_at_once_it_is_cancelled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    found, out = Scored(score=0, judge="", rank=1, of=1, references="", nearest=(), profile=""), io.BytesIO()
    draw(sample(random.Random(5), "cat")).save(out, "PNG")
    monkeypatch.setattr(scoring, "scored", lambda _picture, prompt, *_: asked.append(prompt) or found)
    async with running_engine(folder, TouchyPainter()) as engine:
        orders = [ScorePicture.of(prompt, out.getvalue()) for prompt in ("a cat", "a dog", "an owl")]
        first, second, third = (engine.submit(Job(id=new_id(), work=order)) for order in orders)
        engine.remove(second.job.id)
        await asyncio.gather(events(first), events(third))

    assert asked == ["a cat", "an owl"]


def test_a_prompt_is_not_its_own_competitor_however_it_is_written() -> None:
    picture = np.asarray(draw(sample(random.Random(5), "cat")))

    plain, other = (
        scored(picture, words, "embedded", lambda _done, _total: None)
        for words in (CAT, CAT.replace(" glasses", "-Glasses!"))
    )

    assert (plain.of, other.of) == (len(read("embedded").prompts),) * 2
    assert all("neon glasses" not in near.prompt for near in (*plain.nearest, *other.nearest))


async def test_the_real_model_paints_every_column_its_own_way(folder: Path) -> None:
    settings = Settings(data_dir=folder, profile="embedded", _env_file=None)
    async with running_engine(folder, DiffusionPainter(settings, "embedded")) as engine:
        found = await told(engine, compare(styles="ink", weights="1", seeds=2))

        one, other = found.plan.columns[:2]
        assert (one.recipe.model, other.recipe.style, other.recipe.weight) == ("embedded", "ink", 1.0)
        assert len({event.sha256 for event in found.painted.values()}) == found.plan.pictures == 6
        assert found.column("ink x 1").differences["style_score"].value is not None


# --- the sentence over all columns -----------------------------------------------------------------------------------


def column(label: str, content: Estimate, style: Estimate) -> ComparedColumn:
    return ComparedColumn(
        label=label, role="compared", n=8, means={}, differences={"clip_score": content, "style_score": style}
    )


def about(value: float, half: float = 0.005) -> Estimate:
    p = 0.001 if abs(value) > half else 0.4
    return Estimate(
        value=value, low=value - half, high=value + half, n=8, unit="seeds", method="t", note=None, p=p, p_corrected=p
    )


SAME = nothing("equal", ties=True)
NO_PAIRS = nothing("the baseline was withheld")
SENTENCES: list[tuple[Callable[[], list[ComparedColumn]], str | None]] = [
    (lambda: [column("a", SAME, SAME), column("b", SAME, SAME)], "All columns score exactly the same in every pair."),
    (
        lambda: [column("a", about(-0.002), about(0.1)), column("b", about(0.003), about(0.2))],
        "Of the columns that keep the content, b gains the most style (+0.200).",
    ),
    (
        lambda: [column("a", about(-0.05), about(0.1)), column("b", about(-0.2), about(0.4))],
        "Every gain in style costs content here; a pays the least (−0.050 content for +0.100 style).",
    ),
    (
        lambda: [column("a", about(0.02, 0.1), about(0.02, 0.1)), column("b", about(0.0, 0.3), about(0.1, 0.2))],
        "8 pictures a column are too few to tell any of them from the baseline.",
    ),
    (
        lambda: [column("a", about(0.0, 0.3), about(0.2)), column("b", about(-0.2), about(0.1))],
        "a gains style (+0.200), but 8 pictures a column are too few to tell what it costs in content.",
    ),
    (
        lambda: [column("a", about(-0.05), about(0.1, 0.2)), column("b", about(-0.2), about(0.4))],
        "Only b is known to gain style, and it costs content (−0.200 content for +0.400 style).",
    ),
    (
        lambda: [column("a", about(-0.05), about(-0.1)), column("b", about(0.0), about(0.1, 0.2))],
        "No column is known to gain style while keeping the content.",
    ),
    (
        lambda: [column("a", about(0.0, 0.3), about(0.1, 0.2)), column("b", about(-0.2), about(0.1, 0.2))],
        "8 pictures a column are too few to tell whether any gains style, but b costs content.",
    ),
    (
        lambda: [column("a", about(-0.2), about(0.1, 0.2)), column("b", SAME, SAME)],
        "8 pictures a column are too few to tell whether any gains style, but a costs content.",
    ),
    (
        lambda: [column("a", SAME, SAME), column("b", about(0.0, 0.3), about(0.1, 0.2))],
        "8 pictures a column are too few to tell any of them from the baseline.",
    ),
    (
        lambda: [column("a", about(0.0, 0.3), about(0.1)), column("b", about(0.0, 0.3), about(0.2))],
        "b gains style (+0.200), but 8 pictures a column are too few to tell what it costs in content.",
    ),
    (
        lambda: [column(label, about(-0.2), about(0.1, 0.2)) for label in "ab"],
        "8 pictures a column are too few to tell whether any gains style, but a and b cost content.",
    ),
    (
        lambda: [column("a", about(0.0, 0.3), about(-0.1)), column("b", about(0.0, 0.3), about(0.1, 0.2))],
        "No column is known to gain style while keeping the content.",
    ),
    (
        lambda: [column(label, about(0.001), about(0.1, 0.2)) for label in "ab"],
        "No column is known to gain style while keeping the content.",
    ),
    (
        lambda: [column("a", NO_PAIRS, NO_PAIRS), column("b", about(-0.05), about(0.1))],
        "Only b is known to gain style, and it costs content (−0.050 content for +0.100 style).",
    ),
    (
        lambda: [
            column("a", about(-0.05), about(0.1)),
            column("b", about(-0.2), about(0.4)),
            column("words", about(0.001), about(0.5)).model_copy(update={"role": "control"}),
        ],
        "Every gain in style costs content here; a pays the least (−0.050 content for +0.100 style).",
    ),
    (lambda: [column("a", about(-0.2), about(0.1))], None),
    (lambda: [column(label, NO_PAIRS, NO_PAIRS) for label in "ab"], None),
]


@pytest.mark.parametrize(("columns", "says"), SENTENCES)
def test_the_sentence_over_all_columns_follows_its_rules(
    columns: Callable[[], list[ComparedColumn]], says: str | None
) -> None:
    assert headline(columns()) == says


def test_gains_in_several_styles_are_not_ranked() -> None:
    columns = [column("a", about(-0.002), about(0.1)), column("b", about(0.003), about(0.2))]

    assert headline(columns, styles=2) == "a and b keep the content and gain style."
    assert headline([columns[0], column("c", SAME, SAME)], styles=2) == "a keeps the content and gains style."
