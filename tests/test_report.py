"""Prompt sets, the journal, scores, verdicts, the plot and the page of an evaluation."""

import base64
import csv
import io
import json
import re
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.contract.approaches import FULL, JUDGES, TURBO, V1_4
from engine.contract.errors import BadRequest
from engine.contract.estimate import Estimate, nothing, signed
from engine.embedded.vocabulary import prompt_notes
from engine.evaluation import prompt_sets
from engine.evaluation.encoders import sharing
from engine.evaluation.files import as_csv
from engine.evaluation.journal import Journal, fingerprint
from engine.evaluation.layout import BOTTOM, HEIGHT, LEFT, LETTER, LINE, RIGHT, TOP, WIDTH, layout
from engine.evaluation.measuring import Looks, StylePictures, measure
from engine.evaluation.original import beside
from engine.evaluation.plot import image, png
from engine.evaluation.prompt_sets import Prompt, parse, read
from engine.evaluation.report import html, write
from engine.evaluation.results import Cell, Column, Control, Evaluation
from engine.evaluation.statistics import difference
from engine.evaluation.summary import summarized
from engine.evaluation.tradeoff import Point, Tradeoff, tradeoff
from engine.evaluation.verdict import finding, verdict
from engine.metrics.base import Vectors
from engine.prompts.categories import CATEGORIES
from tests.evaluations import COLUMNS, STYLE, evaluation

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evaluation, Path]:
    """A whole evaluation of 28 prompts, with its pictures."""
    folder = tmp_path_factory.mktemp("evaluation")
    found = evaluation(folder, draws=2)
    write(found, folder)
    return found, folder


# --- prompt sets ---------------------------------------------------------------------------------------------------


def test_the_shipped_set_has_64_prompts_over_the_seven_categories_each_with_design_elements() -> None:
    found = read("seven-categories")

    assert len(found.prompts) == 64
    assert {prompt.category for prompt in found.prompts} == set(CATEGORIES)
    counted = [sum(prompt.category == category for prompt in found.prompts) for category in CATEGORIES]
    assert max(counted) - min(counted) <= 1
    assert found.prompts[0].prompt == prompt_sets.FLAGSHIP
    assert found.variants() == ("plain", "details")


def test_the_embedded_set_stays_within_the_words_that_its_model_knows() -> None:
    found = read("embedded")

    assert len(found.prompts) >= 20, "enough for intervals over prompts"
    assert {prompt.category for prompt in found.prompts} == set(CATEGORIES)
    for prompt in found.prompts:
        assert prompt_notes(prompt.prompt) == []
        assert prompt_notes(prompt.asked("details")) == []


def test_every_profile_s_set_is_shipped() -> None:
    assert set(prompt_sets.SHIPPED.values()) <= set(prompt_sets.shipped())


def test_a_set_is_read_with_comments_blank_lines_and_missing_details() -> None:
    found = parse("# comment\n\nanimal |  a   cat | \n object|a mug\n", "mine")

    assert found.prompts == (Prompt(category="animal", prompt="a cat"), Prompt(category="object", prompt="a mug"))
    assert found.variants() == ("plain",)


def test_details_are_joined_to_the_prompt_in_the_detailed_variant_only() -> None:
    prompt = Prompt(category="animal", prompt="a cat", details="soft light")

    assert (prompt.asked("plain"), prompt.asked("details")) == ("a cat", "a cat, soft light")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine holds no prompt. A line reads: category | prompt | details."),
        (
            "animal | a cat\na dog",
            "mine, line 2: a line reads “category | prompt | details”, and this one has 1 parts.",
        ),
        ("a | b | c | d", "mine, line 1: a line reads “category | prompt | details”, and this one has 4 parts."),
        ("# x\nanimal | ", "mine, line 2: the prompt is missing before a bar “|”."),
        (" | a cat", "mine, line 1: the category is missing before a bar “|”."),
        ("a | a cat\nb | a cat", "mine, line 2: the prompt is already in line 1."),
        ("a | " + "x" * 2000, "mine, line 1: the line has 2004 characters; at most 2000 are read."),
    ],
)
def test_a_faulty_set_is_refused_with_the_number_of_its_line(text: str, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(text, "mine")

    assert str(caught.value) == message


def test_a_file_that_is_missing_or_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bytes.txt").write_bytes(b"animal | \xff")

    with pytest.raises(
        BadRequest, match=r"cannot be read: No such file or directory\. Name a file, or one of the sets"
    ):
        read(str(tmp_path / "none.txt"))
    with pytest.raises(BadRequest, match="is not text in UTF-8"):
        read(str(tmp_path / "bytes.txt"))


# --- the journal ---------------------------------------------------------------------------------------------------


def cell(item: int = 0, draw: int = 0, column: str = "base", **more: Any) -> Cell:
    return Cell(column=column, item=item, draw=draw, prompt="a cat", asked="a cat", seed=draw, **more)


def test_finished_cells_are_there_again_after_a_restart(tmp_path: Path) -> None:
    first = Journal(tmp_path / "run" / "cells.jsonl", "plan")
    first.add(cell(0, 0, file="a.png"))
    first.add(cell(0, 1, withheld="safety"))

    again = Journal(tmp_path / "run" / "cells.jsonl", "plan")

    assert again.cells == first.cells
    assert set(again.cells) == {"base/plain/0/0", "base/plain/0/1"}


def test_wherever_the_last_line_broke_off_the_cells_before_it_are_kept_and_the_next_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "cells.jsonl"
    whole = Journal(path, "plan")
    whole.add(cell(0))
    kept = path.stat().st_size
    whole.add(cell(1))
    written = path.read_bytes()

    for cut in range(kept, len(written)):
        path.write_bytes(written[:cut])
        taken_up = Journal(path, "plan")
        assert set(taken_up.cells) == {"base/plain/0/0"}
        taken_up.add(cell(2))
        assert set(Journal(path, "plan").cells) == {"base/plain/0/0", "base/plain/2/0"}


def test_a_first_line_that_broke_off_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "cells.jsonl"
    path.write_bytes(b'{"pla')

    Journal(path, "plan").add(cell(0))

    assert set(Journal(path, "plan").cells) == {"base/plain/0/0"}


def test_a_journal_of_another_plan_or_with_a_damaged_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cells.jsonl"
    Journal(path, "one").add(cell(0))

    with pytest.raises(BadRequest, match="holds another evaluation"):
        Journal(path, "two")
    path.write_text(path.read_text().replace('"draw":0', '"draw":"?"'))
    with pytest.raises(BadRequest, match="line 2, is damaged"):
        Journal(path, "one")
    path.write_text("hello\n")
    with pytest.raises(BadRequest, match="is not the journal"):
        Journal(path, "one")


def test_the_fingerprint_changes_with_anything_in_the_plan_but_not_with_its_order() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1, "b": [2]}) != fingerprint({"a": 1, "b": [3]})


# --- files ---------------------------------------------------------------------------------------------------------


def test_report_json_gives_back_the_whole_evaluation(made: tuple[Evaluation, Path]) -> None:
    found, folder = made

    assert Evaluation.model_validate_json((folder / "report.json").read_bytes()) == found


def test_the_csv_has_a_line_for_each_cell_with_its_scores(made: tuple[Evaluation, Path]) -> None:
    found, folder = made

    rows = list(csv.DictReader(io.StringIO((folder / "cells.csv").read_text(encoding="utf-8"))))

    assert len(rows) == len(found.cells)
    last, kept = rows[-1], found.cells[-1]
    assert (last["prompt"], last["asked"], int(last["seed"])) == (kept.prompt, kept.asked, kept.seed)
    assert float(last["clip_score"]) == kept.scores["clip_score"]
    assert {row["weight"] for row in rows} == {"", "0.25", "0.5", "1.0", "1.25"}


def test_a_prompt_that_looks_like_a_formula_is_text_in_the_csv() -> None:
    found = evaluation(prompts=[Prompt(category="a", prompt='=HYPERLINK("x")')], variants=("plain",))

    row = next(csv.DictReader(io.StringIO(as_csv(found))))

    assert row["prompt"] == '\'=HYPERLINK("x")'


# --- scores --------------------------------------------------------------------------------------------------------


def axis(*parts: float) -> Vectors:
    vector = np.array([*parts, *[0.0] * (4 - len(parts))], np.float32)
    found: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


def test_cells_get_their_scores_and_a_withheld_one_gets_none() -> None:
    columns = (COLUMNS[0], COLUMNS[3])
    cells = [cell(), cell(column="w1.0"), cell(draw=1, withheld="safety")]
    looks = Looks(
        pictures={cells[0].key: axis(1), cells[1].key: axis(1, 1)},
        texts={"a cat": axis(1)},
        fillers=np.stack([axis(1), axis(-1)]),
        styles={STYLE: StylePictures(axis(0, 1)[None], np.stack([axis(0, 0, 1), axis(1, 1)]), ("one", "two"))},
    )

    scored, notes = measure(cells, columns, looks, ["clip_score", "style_score", "preservation", "copies", "diversity"])

    styled = scored[1].scores
    assert styled["clip_score"] == pytest.approx(0.5**0.5)
    assert styled["style_score:pencil"] == pytest.approx(0.5**0.5)
    assert styled["preservation"] == pytest.approx(0.5**0.5)
    assert styled["copies:pencil"] == pytest.approx(1.0)
    assert styled["diversity"] is None
    assert scored[1].nearest == {STYLE: "two"}
    assert (scored[2].scores, scored[2].nearest) == ({}, {})
    assert notes == []


def test_a_missing_reference_set_becomes_a_sentence_and_the_other_scores_are_kept() -> None:
    looks = Looks(pictures={cell().key: axis(1)}, texts={"a cat": axis(1)}, styles={STYLE: StylePictures()})

    scored, notes = measure([cell()], COLUMNS[:1], looks)

    assert scored[0].scores["clip_score"] == pytest.approx(1.0)
    assert "retrieval" not in scored[0].scores
    assert notes == [
        "Retrieval needs at least 3 filler pictures, and there are 0.",
        "The style score needs pictures of the style that its training never saw, and there are none.",
        "The copy check needs the pictures that the style was trained on, and there are none.",
    ]


def test_a_row_s_difference_is_that_of_its_cells_paired_with_the_baseline_s(made: tuple[Evaluation, Path]) -> None:
    found, _ = made
    row = next(row for row in found.rows if (row.column, row.variant) == ("w1.0", "details"))

    def values(column: str) -> dict[tuple[int, int], float | None]:
        return {
            (c.item, c.draw): c.scores["style_score:pencil"]
            for c in found.cells
            if (c.column, c.variant) == (column, "details")
        }

    independent = difference(values("w1.0"), values("base"))
    assert row.differences["style_score"].model_copy(update={"p_corrected": None}) == independent
    assert row.against == "approach 1, with details"
    assert row.plain_means["clip_score"] == pytest.approx(
        fmean(c.scores["clip_score"] or 0 for c in found.cells if (c.column, c.variant) == ("w1.0", "details"))
    )


def test_the_baseline_s_details_are_held_against_its_plain_prompts(made: tuple[Evaluation, Path]) -> None:
    rows = {(row.column, row.variant): row for row in made[0].rows}

    assert rows["base", "plain"].differences == {}
    assert rows["base", "details"].against == "approach 1"


def test_scores_against_two_texts_are_not_subtracted(made: tuple[Evaluation, Path]) -> None:
    rows = {(row.column, row.variant): row for row in made[0].rows}

    assert "clip_score_asked" not in rows["base", "details"].differences
    assert rows["base", "details"].means["clip_score_asked"].value is not None
    assert "clip_score_asked" in rows["words", "details"].differences


def test_holm_s_correction_counts_all_rows_of_a_measure(made: tuple[Evaluation, Path]) -> None:
    found = [row.differences["clip_score"] for row in made[0].rows if row.differences]

    least = min(found, key=lambda estimate: estimate.p or 1.0)
    assert len(found) == 11
    assert least.p_corrected == pytest.approx(min(1.0, 11 * (least.p or 0)))


# --- verdicts ------------------------------------------------------------------------------------------------------


def between(low: float, high: float, p: float | None = None) -> Estimate:
    told = (0.001 if low > 0 or high < 0 else 0.5) if p is None else p
    return nothing("").model_copy(update={"value": (low + high) / 2, "low": low, "high": high, "p": told, "note": None})


TIES = nothing("All pairs are equal.", ties=True)
NO_STYLE = nothing("There are no held-out pictures.")


@pytest.mark.parametrize(
    ("difference", "found"),
    [
        (TIES, "same"),
        (between(-0.004, 0.006), "within"),
        (between(0.002, 0.008), "within"),
        (between(0.02, 0.05), "much more"),
        (between(0.005, 0.05), "more"),
        (between(-0.05, -0.005), "less"),
        (between(-0.05, -0.02), "much less"),
        (between(-0.02, 0.03), "open"),
        (between(0.02, 0.05, p=0.06), "open"),
        (between(0.02, 0.05, p=0.001).model_copy(update={"p_corrected": 0.06}), "open"),
        (NO_STYLE, "unmeasured"),
    ],
)
def test_every_rule_of_a_finding_has_its_case(difference: Estimate, found: str) -> None:
    assert finding(difference) == found


@pytest.mark.parametrize(
    ("content", "style", "sentence"),
    [
        (
            between(-0.004, 0.006),
            between(0.05, 0.09),
            "Approach 2 keeps the content within 0.01 and is clearly stronger in style.",
        ),
        (
            between(-0.09, -0.02),
            between(0.005, 0.09),
            "Approach 2 clearly shows less of what was asked for and is stronger in style.",
        ),
        (
            between(0.005, 0.03),
            between(-0.09, -0.02),
            "Approach 2 shows more of what was asked for and is clearly weaker in style.",
        ),
        (between(-0.03, 0.02), between(-0.03, 0.02), "16 pictures are too few to tell approach 2 from the baseline."),
        (
            between(-0.004, 0.006),
            between(-0.03, 0.02),
            "Approach 2 keeps the content within 0.01, but 16 pictures are too few to say anything about its style.",
        ),
        (
            between(-0.03, 0.02),
            between(0.05, 0.09),
            "Approach 2 is clearly stronger in style, but 16 pictures are too few to say anything about its content.",
        ),
        (
            between(-0.004, 0.006),
            between(-0.004, 0.006),
            "Approach 2 keeps the content within 0.01 and is neither stronger nor weaker in style (within 0.01).",
        ),
        (between(-0.004, 0.006), None, "Approach 2 keeps the content within 0.01."),
        (between(-0.004, 0.006), NO_STYLE, "Approach 2 keeps the content within 0.01."),
        (between(-0.03, 0.02), None, "16 pictures are too few to tell approach 2 from the baseline."),
        (
            nothing("No scores."),
            between(0.05, 0.09),
            "Approach 2 is clearly stronger in style, but its content was not measured.",
        ),
        (TIES, TIES, "Approach 2 and the baseline score exactly the same in every pair."),
        (TIES, None, "Approach 2 and the baseline score exactly the same in every pair."),
        (TIES, between(0.05, 0.09), "Approach 2 scores the same for content and is clearly stronger in style."),
        (
            TIES,
            between(-0.03, 0.02),
            "Approach 2 scores the same for content, but 16 pictures are too few to say anything about its style.",
        ),
        (
            between(-0.03, 0.02),
            TIES,
            "Approach 2 is exactly as strong in style, but 16 pictures are too few to say anything about its content.",
        ),
        (nothing("Only one seed."), nothing("Only one seed."), "Approach 2 cannot be compared: Only one seed."),
    ],
)
def test_a_verdict_says_what_the_intervals_allow(content: Estimate, style: Estimate | None, sentence: str) -> None:
    assert verdict("approach 2", content, style, 16) == sentence


def test_one_picture_is_too_few_in_the_singular() -> None:
    assert (
        verdict("approach 2", between(-1, 1), None, 1) == "One picture is too few to tell approach 2 from the baseline."
    )


# --- judge and generator -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judge", "models", "said"),
    [
        ("embedded", ["embedded"], "The judge shares no encoder with the embedded model"),
        (JUDGES["full"], [V1_4, TURBO], "The judge shares no encoder with a generator"),
        (JUDGES["full"], [V1_4], "learned from the same pictures and texts"),
        ("openai/clip-vit-large-patch14", [V1_4], "the same encoder that CompVis/stable-diffusion-v1-4 paints with"),
        (JUDGES["full"], ["somebody/else"], "It is not known whether the judge shares an encoder with somebody/else."),
    ],
)
def test_the_report_says_whether_judge_and_generator_share_an_encoder(judge: str, models: list[str], said: str) -> None:
    assert said in sharing(judge, models)


def test_the_encoders_of_all_approaches_are_known() -> None:
    assert "not known" not in sharing(JUDGES["full"], [row.model for row in FULL.values()])


# --- the plot ------------------------------------------------------------------------------------------------------


def test_the_plot_has_the_baseline_in_the_middle_the_compared_and_the_controls(made: tuple[Evaluation, Path]) -> None:
    found = tradeoff(made[0])

    assert found
    assert [(point.label, point.kind) for point in found.points] == [
        ("approach 1", "baseline"),
        *((f"approach 2, x {weight:g}", "compared") for weight in (0.25, 0.5, 1.0, 1.25)),
        ("base + words", "control"),
        ("real sketches", "real"),
        ("real fillers", "real"),
    ]
    assert found.paths == ((1, 2, 3, 4),)
    row = next(row for row in made[0].rows if row.column == "w1.0")
    assert found.points[3].x == row.differences["clip_score"].value
    assert found.points[3].high == (row.differences["style_score"].low, row.differences["style_score"].high)


def test_real_pictures_of_a_second_style_stand_beside_the_baseline_as_that_style_reads_it() -> None:
    made = evaluation(prompts=[Prompt(category="a", prompt="a mug")], variants=("plain",))
    cells = [cell.model_copy(update={"scores": {**cell.scores, "style_score:ink": 0.3}}) for cell in made.cells]
    ink = Control(label="real ink", explained="held out", content=0.1, style=0.8, n=9, of="ink")
    both = made.model_copy(update={"styles": (STYLE, "ink"), "cells": tuple(cells), "controls": (*made.controls, ink)})

    found = tradeoff(summarized(both))

    assert found
    assert found.points[-1].label == "real ink"
    assert found.points[-1].y == pytest.approx(0.5)
    assert found.points[:-1] == (tradeoff(made) or found).points


def crowd(n: int) -> Tradeoff:
    points = [Point("baseline", "baseline", 0.0, 0.0)]
    points += [Point(f"weight {i}", "compared", -0.004 * i, 0.02 * i, (-0.1, 0.1), (0.0, 0.1)) for i in range(n)]
    return Tradeoff((*points, Point("real pictures, far away", "real", -0.9, 0.7)), (), ())


@pytest.mark.parametrize("found", [crowd(0), crowd(3), crowd(8)])
def test_everything_stands_inside_the_plot_and_no_label_covers_another(found: Tradeoff) -> None:
    placed = layout(found)

    boxes = [
        (m.text[0], m.text[1] - LINE / 2, m.text[0] + len(m.label) * LETTER, m.text[1] + LINE / 2) for m in placed.marks
    ]
    for mark, box in zip(placed.marks, boxes, strict=True):
        assert LEFT <= mark.x <= RIGHT
        assert TOP <= mark.y <= BOTTOM
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= WIDTH
        assert box[3] <= HEIGHT
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_real_pictures_far_away_are_pinned_to_the_edge_with_their_numbers() -> None:
    placed = layout(crowd(3))

    assert placed.marks[-1].label == "real pictures, far away (\N{MINUS SIGN}0.90, +0.70)"
    assert placed.marks[-1].x == LEFT
    assert not any(mark.pinned for mark in placed.marks[:-1])


def test_axes_have_a_handful_of_round_ticks_around_zero(made: tuple[Evaluation, Path]) -> None:
    found = tradeoff(made[0])
    assert found
    placed = layout(found)

    for scale in (placed.x, placed.y):
        ticks = scale.ticks()
        assert 3 <= len(ticks) <= 9
        assert 0 in ticks
        assert ticks == sorted(ticks)


def test_the_plot_for_chats_shows_each_point_where_the_layout_puts_it(made: tuple[Evaluation, Path]) -> None:
    found = tradeoff(made[0])
    assert found

    picture = image(found)

    assert picture.size == (2 * WIDTH, 2 * HEIGHT)
    for mark in layout(found).marks:
        if mark.point.kind == "compared":
            assert picture.getpixel((round(2 * mark.x), round(2 * mark.y))) == (31, 95, 175)
    assert Image.open(io.BytesIO(png(found))).size == picture.size


def test_without_a_style_there_is_no_trade_off_and_no_plot(tmp_path: Path) -> None:
    found = evaluation(draws=2, variants=("plain",)).model_copy(update={"styles": ()})

    write(summarized(found), tmp_path)

    assert tradeoff(found) is None
    assert not (tmp_path / "plot.png").exists()
    assert "Content against style" not in (tmp_path / "report.html").read_text(encoding="utf-8")


# --- the page ------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Checks that tags close in order, and collects what a browser would load or run, and the text."""

    VOID = frozenset({"meta", "img", "line", "rect", "circle", "polyline"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_is_whole_html_and_loads_nothing_from_anywhere(made: tuple[Evaluation, Path]) -> None:
    source = (made[1] / "report.html").read_text(encoding="utf-8")

    page = Page(source)

    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    loaded = [value for name, value in page.attributes if name in {"src", "href", "srcset", "data", "poster"}]
    assert loaded
    assert all(value.startswith("data:image/jpeg;base64,") for value in loaded)
    assert "@import" not in source
    assert "url(" not in source
    assert len(source) < 4_000_000


def test_every_picture_of_the_page_can_be_opened(made: tuple[Evaluation, Path]) -> None:
    source = (made[1] / "report.html").read_text(encoding="utf-8")

    for data in set(re.findall(r'src="data:image/jpeg;base64,([^"]+)"', source)):
        Image.open(io.BytesIO(base64.b64decode(data))).load()


def test_the_page_tells_all_that_a_reader_needs_to_believe_or_to_repeat_it(made: tuple[Evaluation, Path]) -> None:
    found, folder = made

    text = Page((folder / "report.html").read_text(encoding="utf-8")).text

    for row in found.rows:
        assert row.verdict is None or row.verdict in text
    assert found.judge.sharing in text
    assert found.command in text
    assert "torch 2.13.0" in text
    assert "bootstrap over the 28 prompts as clusters, 10,000 resamples, seed 0" in text
    assert "about 0.32" in text
    assert "about 0.31" in text
    assert "about 0.35" in text
    assert "but cannot be compared" in text
    assert "numbers of the embedded model and its own judge" in text
    assert "What these numbers cannot say" in text
    assert "CLIP can hardly count" in text
    assert "Whether text in a picture is spelled correctly." in text


def test_the_table_shows_the_difference_and_the_interval_of_every_row(made: tuple[Evaluation, Path]) -> None:
    found, folder = made
    text = Page((folder / "report.html").read_text(encoding="utf-8")).text

    for row in found.rows:
        for estimate in row.differences.values():
            if estimate.value is None:
                assert estimate.note
                assert estimate.note in text
            else:
                assert f"{signed(estimate.value)} {signed(estimate.low)} … {signed(estimate.high)}" in text


def test_what_a_person_typed_is_text_on_the_page_and_never_markup(tmp_path: Path) -> None:
    prompts = [Prompt(category=HOSTILE, prompt=f"{i} {HOSTILE}", details=HOSTILE) for i in range(2)]
    columns = tuple(
        column.model_copy(update={"label": f"{column.label} {HOSTILE}", "words": HOSTILE, "model": HOSTILE})
        for column in COLUMNS[:3]
    )
    found = evaluation(tmp_path, prompts=prompts, columns=columns).model_copy(
        update={"title": HOSTILE, "command": HOSTILE, "filler_source": HOSTILE, "notes": (HOSTILE,), "made": HOSTILE}
    )

    page = Page(html(summarized(found), tmp_path))

    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.tags.count("img") == page.attributes.count(("width", "128")) > 0, "only our own pictures"
    assert page.text.count("<script>alert(1)</script>") > 10


def test_few_prompts_speak_for_themselves_only(tmp_path: Path) -> None:
    found = evaluation(prompts=[Prompt(category="animal", prompt="a cat")], draws=6, variants=("plain",))

    text = Page(html(found, tmp_path)).text

    assert "by Student's t over the seeds: they speak for this prompt only." in text
    assert "The values of one prompt share pictures" in text


def test_a_single_seed_gives_sentences_in_place_of_numbers(tmp_path: Path) -> None:
    found = evaluation(prompts=[Prompt(category="animal", prompt="a cat")], draws=1, variants=("plain",))

    text = Page(html(found, tmp_path)).text

    assert "One seed is too few for an interval; it takes at least two." in text
    assert "Not in the plot:" in text
    assert "nan" not in text.lower().split()


def test_lost_withheld_and_foreign_files_leave_a_note_in_their_place(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    Image.new("RGB", (8, 8)).save(outside)
    folder = tmp_path / "report"
    found = evaluation(folder, prompts=[Prompt(category="a", prompt="a cat")], draws=3, variants=("plain",))
    cells = list(found.cells)
    cells[0] = cells[0].model_copy(update={"file": None, "withheld": "the safety checker"})
    cells[1] = cells[1].model_copy(update={"file": "../outside.png"})
    (folder / str(cells[2].file)).unlink()

    page = Page(html(found.model_copy(update={"cells": tuple(cells)}), folder))

    assert page.text.count("withheld: the safety checker") == 1
    assert page.text.count("the file is gone") == 2


def test_the_original_s_rows_stand_beside_ours_and_the_flagship_alone(made: tuple[Evaluation, Path]) -> None:
    first, second, third = beside(made[0])

    assert (first.row and first.row.column, second.row and second.row.column) == ("base", "w1.0")
    assert third.row
    assert third.row.variant == "details"
    flagship = [
        c.scores["clip_score_asked"] or 0
        for c in made[0].cells
        if (c.column, c.variant, c.item) == ("w1.0", "details", 0)
    ]
    assert third.flagship == pytest.approx(fmean(flagship))
    assert third.flagship_n == 2


def test_an_approach_that_was_not_painted_is_said_to_be_so(tmp_path: Path) -> None:
    found = evaluation(prompts=[Prompt(category="a", prompt="a mug")], columns=COLUMNS[:1], variants=("plain",))

    text = Page(html(found, tmp_path)).text

    assert [row.row is None for row in beside(found)] == [False, True, True]
    assert "not painted" in text
    assert "Nothing was compared: there is only the baseline." in text


def test_the_report_names_the_real_models_where_they_painted() -> None:
    columns = [Column(key="base", label="approach 1", role="baseline", approach=1, model=V1_4)]
    found = evaluation(prompts=[Prompt(category="a", prompt="a mug")], columns=columns, variants=("plain",))

    text = Page(html(found.model_copy(update={"profile": "full"}), Path())).text

    assert f"The pictures here are painted with {V1_4}." in text
    assert "but cannot be compared" not in text
    assert "numbers of the embedded model" not in text


def test_the_json_is_plain_data_without_nan(made: tuple[Evaluation, Path]) -> None:
    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    found = json.loads((made[1] / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)

    assert found["schema_version"] == 1
