"""What is compared and with which seeds, the real pictures beside it, and how a chat shows it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.approaches import FULL, PENCIL
from engine.contract.comparison_sheet import comparison
from engine.contract.errors import BadRequest
from engine.contract.estimate import signed
from engine.evaluation import words
from engine.evaluation.columns import of_approaches, of_prompts, of_weights, with_words
from engine.evaluation.controls import real
from engine.evaluation.measuring import Looks, StylePictures
from engine.evaluation.plan import MOST_CELLS, cells, mark, seed_of
from engine.evaluation.prompt_sets import Prompt, read
from engine.metrics import METRICS
from engine.metrics.base import Vectors
from tests.evaluations import COLUMNS, evaluation

ROOT = Path(__file__).parent.parent
CAT = Prompt(category="animal", prompt="a cat", details="soft light")


def test_the_first_approach_is_the_baseline_and_only_the_one_with_a_style_gets_it() -> None:
    first, second, third = of_approaches("full", [1, 2, 3], style="sketch")

    assert [column.role for column in (first, second, third)] == ["baseline", "compared", "compared"]
    assert (first.style, second.style, third.style) == (None, "sketch", None)
    assert second.weight == 1.0
    assert first.model == FULL[1].model
    assert first.recipe["steps"] == FULL[1].steps


def test_without_a_style_the_fine_tuned_approach_has_its_own_words() -> None:
    assert of_approaches("full", [2])[0].words == PENCIL


def test_weights_are_compared_with_the_model_without_the_style() -> None:
    columns = of_weights("full", 2, "sketch", [0.5, 0.0, 1.0, 0.5])

    assert [(column.role, column.style, column.weight) for column in columns] == [
        ("baseline", None, None),
        ("compared", "sketch", 0.5),
        ("compared", "sketch", 1.0),
    ]
    assert [column.words for column in columns] == [None, PENCIL, PENCIL]
    assert len({column.key for column in columns}) == 3


def test_the_free_control_differs_from_the_baseline_in_its_words_only() -> None:
    base = of_approaches("embedded", [1])[0]

    control = with_words(base, "a pencil sketch of")

    changed = {"key", "label", "role", "words"}
    assert control.model_dump(exclude=changed) == base.model_dump(exclude=changed)
    assert (control.role, control.words) == ("control", "a pencil sketch of")


@pytest.mark.parametrize(
    ("numbers", "message"), [([], "at least one"), ([1, 7], "no approach 7; the choices are 1, 2, 3")]
)
def test_an_approach_that_does_not_exist_is_refused(numbers: list[int], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        of_approaches("full", numbers)


def test_cells_of_a_pair_share_their_seed_and_no_two_pairs_do() -> None:
    prompts = read("seven-categories").prompts
    planned = cells(of_approaches("full", [1, 2]), prompts, ("plain", "details"), 4, seed=7)

    by_pair: dict[tuple[int, int], set[int]] = {}
    for cell in planned:
        by_pair.setdefault((cell.item, cell.draw), set()).add(cell.seed)
    assert len(planned) == 2 * 64 * 2 * 4
    assert len({cell.key for cell in planned}) == len({cell.file for cell in planned}) == len(planned)
    assert all(len(seeds) == 1 for seeds in by_pair.values())
    assert len({seed for seeds in by_pair.values() for seed in seeds}) == 64 * 4


def test_seeds_are_the_same_on_every_machine_and_within_32_bits() -> None:
    assert [seed_of(7, 0, 0), seed_of(7, 0, 1), seed_of(8, 0, 0)] == SEEDS
    assert all(0 <= seed_of(1, item, 0) < 2**32 for item in range(100))


def test_prompts_are_compared_with_the_first_of_them_each_once() -> None:
    columns = of_prompts(of_approaches("full", [1])[0], ["a cat", "a dog", "a cat"])

    assert [(column.key, column.label, column.role) for column in columns] == [
        ("1-p0", "a cat", "baseline"),
        ("1-p1", "a dog", "compared"),
    ]


def test_a_first_part_of_the_plan_has_every_column_of_its_prompts() -> None:
    planned = cells(of_approaches("full", [1, 2]), read("embedded").prompts, ("plain",), 3, seed=1)

    assert {(cell.column, cell.item) for cell in planned[: 2 * 28]} == {(c, i) for c in "12" for i in range(28)}


def test_too_large_an_evaluation_is_refused_before_it_starts() -> None:
    with pytest.raises(BadRequest, match=r"That makes 20,001 pictures; an evaluation has at most 20,000\."):
        cells(of_approaches("full", [1]), [CAT], ("plain",), MOST_CELLS + 1, seed=1)


def test_a_plan_s_mark_changes_with_every_thing_that_changes_a_picture() -> None:
    columns = of_approaches("full", [1, 2])
    planned = cells(columns, [CAT], ("plain",), 2, seed=1)
    other_prompt = cells(columns, [Prompt(category="animal", prompt="a dog")], ("plain",), 2, seed=1)
    other_seed = cells(columns, [CAT], ("plain",), 2, seed=2)
    other_steps = [columns[0].model_copy(update={"recipe": {"steps": 9}}), columns[1]]

    marks = [
        mark(columns, planned, "full"),
        mark(columns, planned, "embedded"),
        mark(columns, other_prompt, "full"),
        mark(columns, other_seed, "full"),
        mark(other_steps, planned, "full"),
    ]

    assert len(set(marks)) == len(marks)
    assert marks[0] == mark(of_approaches("full", [1, 2]), planned, "full")


# --- real pictures -------------------------------------------------------------------------------------------------


def test_real_pictures_have_their_mean_scores_and_are_not_measured_against_themselves() -> None:
    rng = np.random.default_rng(1)

    def unit(n: int) -> Vectors:
        drawn = rng.normal(size=(n, 8))
        found: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return found

    held_out, fillers, text = unit(6), unit(9), unit(1)
    looks = Looks({}, {"a cat": text[0]}, fillers, {"sketch": StylePictures(held_out)})

    style, anything = real(looks, [CAT], "sketch")

    middle = held_out.mean(axis=0) - fillers.mean(axis=0)

    def from_fillers(pictures: Vectors) -> float:
        away = pictures - fillers.mean(axis=0)
        return float((away @ middle / np.linalg.norm(away, axis=1) / np.linalg.norm(middle)).mean())

    assert style.content == pytest.approx(float((held_out @ text[0]).mean()), abs=1e-6)
    assert style.style is not None
    assert style.style < from_fillers(held_out), "each is left out of the mean it is held against"
    assert anything.content == pytest.approx(float((fillers @ text[0]).mean()), abs=1e-6)
    assert anything.style == pytest.approx(from_fillers(fillers), abs=1e-6)
    assert (style.n, anything.n) == (6, 9)


def test_sets_that_are_empty_are_no_points_and_one_held_out_picture_has_no_style_score() -> None:
    one = np.eye(1, 8, dtype=np.float32)

    (only,) = real(Looks({}, {"a cat": one[0]}, styles={"sketch": StylePictures(one)}), [CAT], "sketch")

    assert (only.content, only.style) == (1.0, None)
    assert real(Looks({}, {"a cat": one[0]}, styles={"sketch": StylePictures()}), [CAT], "sketch") == ()


def test_a_single_filler_has_no_style_score_and_no_point() -> None:
    rows = np.eye(8, dtype=np.float32)

    style, anything = real(
        Looks({}, {"a cat": rows[0]}, rows[1:2], {"sketch": StylePictures(rows[2:5])}), [CAT], "sketch"
    )

    assert style.style is not None
    assert (anything.style, anything.n) == (None, 1)


# --- in a chat -----------------------------------------------------------------------------------------------------


def test_the_table_for_chats_has_a_line_for_each_row_and_columns_that_line_up() -> None:
    found = evaluation(draws=2, variants=("plain",))

    head, *lines = words.table(found).splitlines()

    assert [name in head for name in ("content", "style", "retrieval")] == [True] * 3
    assert len(lines) == len(found.rows)
    assert len({len(line) for line in (head, *lines)}) == 1
    start = head.index("style")
    assert all(line[start - 1] == " " and line[start] != " " for line in lines)
    style = found.rows[3].differences["style_score"]
    told = f"{signed(style.value)} ({signed(style.low)} … {signed(style.high)})"
    assert told in lines[3].replace("*", "")


def test_no_two_lines_of_the_table_have_one_name_however_long_the_style_s_is() -> None:
    columns = [*COLUMNS[:1], COLUMNS[1].model_copy(update={"label": f"approach 2, {'a' * 40}"})]

    _, *lines = words.table(evaluation(prompts=[CAT], draws=2, columns=columns)).splitlines()

    assert len({line.split("  ")[0] for line in lines}) == len(lines) == 4


def test_under_the_table_stands_what_it_rests_on_and_every_sentence_behind_a_dash() -> None:
    found = evaluation(prompts=[CAT], draws=1, variants=("plain",))

    notes = words.footnotes(found)

    assert "Judged by the embedded model's own judge." in notes[0]
    assert any(note.endswith(": One seed is too few for an interval; it takes at least two.") for note in notes)
    assert "diversity: There are no pairs to compare: every score is missing." in notes
    assert words.table(found).splitlines()[2].split()[-3:] == ["-"] * 3


def test_it_is_said_whom_columns_with_details_are_held_against() -> None:
    plain, both = (evaluation(prompts=[CAT], draws=2, variants=v) for v in (("plain",), ("plain", "details")))

    assert "differences from it with 95 %" in words.footnotes(plain)[0]
    assert "of other columns with details from approach 1 with details, with 95 %" in words.footnotes(both)[0]
    assert {row.against for row in both.rows[len(both.columns) + 1 :]} == {"approach 1, with details"}


def coloured(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (8, 8), colour)


def test_a_comparison_s_sheet_has_every_picture_in_its_row_and_column() -> None:
    pictures = [[coloured((50 * row, 60 * column, 200)) for column in range(3)] for row in range(2)]

    sheet = comparison(
        ["base", "x 0.5", "a label that is much too long for its column by far"], ["1", "2"], pictures, 96
    )

    for row in range(2):
        found = [where(sheet, (50 * row, 60 * column, 200)) for column in range(3)]
        assert [x for x, _ in found] == [found[0][0] + column * (96 + 4) for column in range(3)]
        assert len({y for _, y in found}) == 1


def test_a_picture_that_is_missing_leaves_an_empty_place_and_a_wrong_shape_is_refused() -> None:
    sheet = np.asarray(comparison(["a"], ["1"], [[None]], 96))

    assert (sheet == (214, 214, 210)).all(axis=2).sum() == 96 * 96
    with pytest.raises(ValueError, match="2 columns and 1 rows"):
        comparison(["a", "b"], ["1"], [[None]])


def where(sheet: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int]:
    """The upper left corner of a colour."""
    down, across = np.nonzero((np.asarray(sheet) == colour).all(axis=2))
    return int(across.min()), int(down.min())


def test_nothing_of_an_evaluation_needs_torch() -> None:
    modules = [f"engine.evaluation.{path.stem}" for path in (ROOT / "engine" / "evaluation").glob("*.py")]
    code = (
        "import sys; sys.modules['torch'] = None; from importlib import import_module; "
        f"[import_module(name) for name in {modules!r}]; "
        f"from engine.metrics import metric; [metric(name) for name in {list(METRICS)!r}]"
    )

    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


SEEDS = [3375889397, 1630447849, 1607219865]
