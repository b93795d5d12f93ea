"""`python -m engine evaluate` and `score`: painted by the engine, measured by the judge, taken up again, refused."""

import contextlib
import csv
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from transformers import CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from engine import embedded
from engine.command_line import main
from engine.contract.approaches import JUDGES, PENCIL, TURBO, V1_4
from engine.contract.errors import PaintingFailed
from engine.contract.events import Event
from engine.contract.orders import Job
from engine.embedded.drawings import draw, sample
from engine.evaluation.asked import limited
from engine.evaluation.original import beside
from engine.evaluation.plan import seed_of
from engine.evaluation.prompt_sets import Prompt, read
from engine.evaluation.real_pictures import of_style
from engine.evaluation.results import Evaluation
from engine.local import LocalEngine, Paints
from engine.metrics.base import NotMeasured
from engine.settings import Settings
from engine.training.data.collection import Collection, Painting
from engine.training.split import split
from engine.wave import Wave
from tests.engines import TouchyPainter, running_engine
from tests.stand_ins import tiny
from tests.stand_ins.flickr8k import Flickr8kServer, archive
from tests.stand_ins.hub import Hub
from tests.styles import embedded_style as style
from tests.styles import make_style

FLAGSHIP = "a cat wearing neon glasses"
TWO = f"animal | {FLAGSHIP} | on a blue background\nobject | a red mug | on a yellow background\n"
SKETCHES = {"source": "embedded", "origin": "drawings", "licence": "", "images": 20}


@pytest.fixture(autouse=True)
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(home))
    monkeypatch.setenv("PROFILE", "embedded")
    monkeypatch.setenv("ENGINE_PAINTERS", "fake")


@pytest.fixture
def two(tmp_path: Path) -> str:
    """A set of two prompts with details."""
    file = tmp_path / "two.txt"
    file.write_text(TWO)
    return str(file)


@dataclass
class Watched:
    """What the engines of a test painted and were asked for."""

    painters: list[TouchyPainter] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    fails: Callable[[Wave], Exception | None] = lambda _wave: None
    withhold: set[int] = field(default_factory=set)

    @property
    def pictures(self) -> int:
        return sum(len(wave.rows) for painter in self.painters for wave in painter.begun)


class Overheard(LocalEngine):
    """A real engine in this process; `jobs` gets every job that it is given."""

    jobs: list[Job]

    async def run(self, job: Job) -> AsyncIterator[Event]:
        self.jobs.append(job)
        async for event in super().run(job):
            yield event


@pytest.fixture
def watched(home: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """The command's engines are real ones over a painter that counts, in waves of two pictures."""
    found = Watched()

    @contextlib.asynccontextmanager
    async def engine_for(_settings: Settings) -> AsyncIterator[Paints]:
        painter = TouchyPainter(found.fails)
        painter.withhold = found.withhold
        found.painters.append(painter)
        async with running_engine(home, painter, most=2) as engine:
            near = Overheard(engine)
            near.jobs = found.jobs
            yield near

    monkeypatch.setattr("engine.evaluate.engine_for", engine_for)
    return found


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What `evaluate --json` prints."""
    assert main(["evaluate", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "cells.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image)


# --- the command from beginning to end -----------------------------------------------------------------------------


def test_an_evaluation_paints_every_cell_and_leaves_report_json_and_csv(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"

    found = report(capsys, "--prompts", two, "--seeds", "2", "--seed", "7", "--out", str(out))

    assert {file.name for file in out.iterdir()} == {
        *("report.html", "report.json", "cells.csv", "cells.jsonl", "cells", "plot.png"),
    }
    assert json.loads((out / "report.json").read_text()) == found
    assert len(found["cells"]) == 4 * 2 * 2 * 2, "columns, prompts, variants, seeds"
    assert [column["label"] for column in found["columns"]] == [
        *("approach 1", "approach 2, pencil", "approach 3", "saying “pencil sketch”"),
    ]
    assert {pixels(out / cell["file"]).shape for cell in found["cells"]} == {(64, 64, 3)}
    assert {"clip_score", "retrieval"} <= set(found["cells"][0]["scores"])
    assert found["fillers"] == 64
    assert FLAGSHIP in (out / "report.html").read_text()
    assert "python -m engine evaluate --prompts" in found["command"]


def test_an_evaluation_is_summed_up_in_words_with_the_place_of_its_report(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--prompts", two, "--seeds", "2", "--out", str(tmp_path / "out")]) == 0

    out = capsys.readouterr().out
    assert f"Report: {tmp_path / 'out' / 'report.html'}" in out
    assert "Approach 3 and the baseline score exactly the same in every pair." in out
    assert "the embedded model's own judge" in out


def test_weights_without_a_style_weigh_the_one_that_comes_with_the_model(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "--prompts",
        two,
        "--approaches",
        "1,2",
        "--weights",
        "0.5",
        "--seeds",
        "1",
        "--out",
        str(tmp_path / "out"),
    )

    labels = [column["label"] for column in report(capsys, *words)["columns"]]

    assert labels == ["approach 1", "pencil x 0.5", "saying “pencil sketch”"]


def test_the_words_of_a_style_are_said_without_it_also_where_the_baseline_wears_it(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(capsys, "--prompts", two, "--approaches", "2", "--seeds", "1", "--out", str(tmp_path / "out"))

    worn = {column["label"]: (column["style"], column["words"]) for column in found["columns"]}
    assert worn == {"approach 2, pencil": ("pencil", None), "saying “pencil sketch”": (None, "pencil sketch")}
    files = {
        column: [cell["file"] for cell in found["cells"] if cell["column"] == column] for column in ("2", "2-words")
    }
    assert not set(files["2"]) & set(files["2-words"])


def test_what_two_approaches_paint_alike_is_painted_once(
    two: str, tmp_path: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(capsys, "--prompts", two, "--approaches", "1,3", "--seeds", "2", "--out", str(tmp_path / "out"))

    assert watched.pictures == 8
    files = {column: [cell["file"] for cell in found["cells"] if cell["column"] == column] for column in ("1", "3")}
    assert files["1"] == files["3"]
    assert len(set(files["1"])) == 8


def test_every_picture_has_its_own_prompt_and_seed_and_the_same_in_every_column(
    two: str, tmp_path: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(capsys, "--prompts", two, "--approaches", "1", "--seeds", "2", "--out", str(tmp_path / "out"))

    painted = {(row.prompt, row.seed) for painter in watched.painters for wave in painter.begun for row in wave.rows}
    assert painted == {(cell["asked"], cell["seed"]) for cell in found["cells"]}
    assert {prompt for prompt, _ in painted} >= {FLAGSHIP, f"{FLAGSHIP}, on a blue background"}


def test_details_that_some_prompts_lack_are_said_to_be_left_out(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path(two).open("a", encoding="utf-8") as file:
        file.write("\nobject | a blue mug\n")

    found = report(capsys, "--prompts", two, "--approaches", "1", "--seeds", "1", "--out", str(tmp_path / "out"))

    assert found["variants"] == ["plain"]
    assert any(
        note.startswith("Nothing was painted with details, because 1 prompt has none: “a blue mug”")
        for note in found["notes"]
    )


def test_people_s_grids_go_before_an_evaluation(
    two: str, tmp_path: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    report(capsys, "--prompts", two, "--approaches", "1", "--seeds", "1", "--out", str(tmp_path / "out"))

    assert watched.jobs
    assert all(job.turn > 2**32 for job in watched.jobs)


# --- taken up again ------------------------------------------------------------------------------------------------


def test_what_was_finished_before_a_failure_is_not_painted_again(
    two: str, tmp_path: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--prompts", two, "--approaches", "1", "--seeds", "2", "--out", str(tmp_path / "out")]
    bad = {seed_of(0, item=1, draw=1)}
    watched.fails = lambda wave: PaintingFailed("It broke.") if bad & {row.seed for row in wave.rows} else None
    assert main(["evaluate", *words]) == 1
    said = capsys.readouterr().err
    kept = {file.name: file.read_bytes() for file in (tmp_path / "out" / "cells").iterdir()}
    watched.painters.clear()
    watched.fails = lambda _wave: None

    found = report(capsys, *words)

    assert "It broke." in said
    assert "the same command continues" in said
    assert 0 < len(kept) < 8
    assert watched.pictures == 8 - len(kept)
    assert {name: (tmp_path / "out" / "cells" / name).read_bytes() for name in kept} == kept
    assert all(cell["file"] for cell in found["cells"])


def test_a_finished_evaluation_is_reported_again_without_painting(
    two: str, tmp_path: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--prompts", two, "--seeds", "2", "--out", str(tmp_path / "out")]
    first = report(capsys, *words)
    watched.painters.clear()

    again = report(capsys, *words)

    assert watched.painters == []
    assert again["rows"] == first["rows"]
    assert again["cells"] == first["cells"]
    assert again["seconds"] is None


def test_a_picture_whose_file_was_lost_is_painted_again(
    two: str, tmp_path: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--prompts", two, "--approaches", "1,2", "--seeds", "1", "--out", str(tmp_path / "out")]
    first = report(capsys, *words)
    lost = tmp_path / "out" / first["cells"][0]["file"]
    before = lost.read_bytes()
    lost.unlink()
    watched.painters.clear()

    again = report(capsys, *words)

    assert watched.pictures == 1
    assert (tmp_path / "out" / again["cells"][0]["file"]).read_bytes() == before
    assert again["cells"] == first["cells"]


def test_a_withheld_picture_has_neither_file_nor_score_and_is_not_asked_for_again(
    two: str, tmp_path: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--prompts", two, "--approaches", "1,3", "--seeds", "3", "--out", str(tmp_path / "out")]
    watched.withhold = {seed_of(0, item=0, draw=0)}
    found = report(capsys, *words)
    watched.painters.clear()
    report(capsys, *words)

    withheld = [cell for cell in found["cells"] if cell["withheld"]]
    assert {(cell["item"], cell["draw"]) for cell in withheld} == {(0, 0)}
    assert len(withheld) == 4, "two variants in two columns"
    assert all(cell["file"] is None and cell["scores"] == {} for cell in withheld)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "5 pictures and 1 withheld, against approach 1" in page
    assert "1 of 6 pairs left out, because a score is missing." in page, "beside numbers that are there"
    assert watched.pictures == 0


# --- the numbers ---------------------------------------------------------------------------------------------------


def test_the_report_s_numbers_are_those_of_a_recomputation_from_the_csv(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    style(tmp_path / "data", "ink", words="pencil drawing", data=SKETCHES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(tmp_path / "data"))
        found = report(
            capsys, *("--prompts", two, "--approaches", "1,2", "--styles", "ink", "--seeds", "3"),
            *("--out", str(tmp_path / "out")),
        )  # fmt: skip
    cells = rows(tmp_path / "out")

    assert len(found["rows"]) == 6, "baseline, style and control in two variants"
    for row in found["rows"]:
        label = next(column["label"] for column in found["columns"] if column["key"] == row["column"])
        ours = [cell for cell in cells if (cell["column"], cell["variant"]) == (label, row["variant"])]
        for name, column in (("clip_score", "clip_score"), ("style_score", "style_score:ink")):
            assert row["plain_means"][name] == pytest.approx(fmean(float(cell[column]) for cell in ours), abs=1e-12)
            if row["against"]:
                against = "plain" if label == "approach 1" else row["variant"]
                theirs = {
                    (cell["item"], cell["draw"]): float(cell[column])
                    for cell in cells
                    if (cell["column"], cell["variant"]) == ("approach 1", against)
                }
                pairs = [float(cell[column]) - theirs[cell["item"], cell["draw"]] for cell in ours]
                assert row["differences"][name]["value"] == pytest.approx(fmean(pairs), abs=1e-12)


def test_the_scores_are_those_of_a_plain_transformers_loop_over_the_saved_pictures(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report(capsys, "--prompts", two, "--approaches", "1", "--seeds", "1", "--out", str(tmp_path / "out"))

    for cell in rows(tmp_path / "out"):
        plain = plain_score(tmp_path / "out" / cell["file"], cell["prompt"])
        assert float(cell["clip_score"]) == pytest.approx(plain, abs=1e-5)
        asked = plain_score(tmp_path / "out" / cell["file"], cell["asked"])
        assert float(cell["clip_score_asked"]) == pytest.approx(asked, abs=1e-5)


def plain_score(file: Path, text: str) -> float:
    """As transformers' documentation computes it, one picture and one text at a time."""
    model = CLIPModel.from_pretrained(embedded.JUDGE, dtype=torch.float32).eval()
    words = CLIPTokenizer.from_pretrained(embedded.JUDGE)([text], return_tensors="pt")
    with Image.open(file) as image:
        seen = CLIPImageProcessorPil.from_pretrained(embedded.JUDGE)(image.convert("RGB"), return_tensors="pt")
    with torch.no_grad():
        out = model(**words, **seen)
    return float(torch.nn.functional.cosine_similarity(out.image_embeds, out.text_embeds))


# --- styles --------------------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_weights_of_a_style_stand_beside_the_baseline_with_the_control_and_real_pictures(
    own: Path, two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    style(own, "ink", words="pencil drawing", data=SKETCHES)

    found = report(
        capsys, *("--prompts", two, "--style", "ink", "--weights", "0,0.5,1", "--seeds", "2"),
        *("--out", str(tmp_path / "out")),
    )  # fmt: skip

    told = [(column["label"], column["role"], column["weight"], column["words"]) for column in found["columns"]]
    assert told == [
        ("approach 1", "baseline", None, None),
        ("approach 2 without a style", "compared", None, None),
        ("ink x 0.5", "compared", 0.5, "pencil drawing"),
        ("ink x 1", "compared", 1.0, "pencil drawing"),
        ("approach 3", "compared", None, None),
        ("saying “pencil drawing”", "control", None, "pencil drawing"),
    ]
    assert [control["label"] for control in found["controls"]] == ["real ink", "fillers"]
    assert (found["held_out"], found["trained"]) == ({"ink": 40}, {"ink": 18})
    assert (tmp_path / "out" / "plot.png").is_file()
    approach_2 = beside(Evaluation.model_validate_json((tmp_path / "out" / "report.json").read_bytes()))[1].row
    assert approach_2
    assert approach_2.label == "ink x 1", "not the same approach without its style"
    assert all(cell["nearest"]["ink"].startswith("sketch ") for cell in found["cells"])


def test_without_another_approach_weight_0_is_the_baseline(
    own: Path, two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    style(own, "ink")
    words = ["--prompts", two, "--approaches", "2", "--style", "ink", "--weights", "1,0.5", "--seeds", "1"]

    found = report(capsys, *words, "--out", str(tmp_path / "out"))

    told = [(column["label"], column["role"], column["style"]) for column in found["columns"]]
    assert told == [
        ("without the style", "baseline", None),
        ("ink x 1", "compared", "ink"),
        ("ink x 0.5", "compared", "ink"),
    ]


def test_a_style_whose_card_leads_to_no_pictures_gets_a_sentence_instead_of_a_style_score(
    own: Path, two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    style(own, "ink")

    found = report(
        capsys, *("--prompts", two, "--style", "ink", "--seeds", "1", "--out", str(tmp_path / "out"))
    )  # fmt: skip

    assert any(note.startswith("There is no style score for “ink”") for note in found["notes"])
    assert any("no words of its own" in note for note in found["notes"])
    assert not any("style_score" in name for cell in found["cells"] for name in cell["scores"])
    assert not (tmp_path / "out" / "plot.png").exists()


def test_a_style_that_was_trained_anew_under_its_name_is_another_evaluation(
    own: Path, two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--prompts", two, "--approaches", "2", "--style", "ink", "--seeds", "1", "--out", str(tmp_path / "out")]
    folder = style(own, "ink")
    report(capsys, *words)
    unet = UNet2DConditionModel.from_pretrained(embedded.PIPELINE / "unet")
    anew = make_style(tmp_path / "anew", "ink", unet, 2)
    (folder / "adapter_model.safetensors").write_bytes((anew / "adapter_model.safetensors").read_bytes())

    assert "holds another evaluation" in refused(capsys, "evaluate", *words)


def wikiart(data_dir: Path, rows: int) -> None:
    """A cache of WikiArt with so many pictures."""
    kept = Collection(data_dir / "cache" / "wikiart", "Impressionism")
    for row in range(rows):
        out = io.BytesIO()
        Image.new("RGB", (40, 30), (9 * row, 80, 120)).save(out, "JPEG")
        kept.add(Painting(row, "Claude Monet", out.getvalue()))


def test_a_style_of_wikiart_is_held_against_the_paintings_that_its_training_held_out(own: Path) -> None:
    learned, held = split(20, 3)
    style(own, "monet", data={"source": "wikiart", "origin": "WikiArt (huggan/wikiart), Impressionism", "images": 20})
    wikiart(own, 20)

    found = of_style("monet", Settings(data_dir=own))

    assert list(found.names) == [f"{row}: Claude Monet" for row in learned]
    reds = [float(np.asarray(opened())[15, 15, 0]) for opened in found.held_out]
    assert reds == pytest.approx([9.0 * row for row in held], abs=4)


def test_paintings_that_are_gone_from_the_cache_are_a_sentence(own: Path) -> None:
    style(own, "monet", data={"source": "wikiart", "origin": "WikiArt (huggan/wikiart), Impressionism", "images": 20})
    wikiart(own, 12)

    with pytest.raises(NotMeasured, match="no longer in the cache of WikiArt"):
        of_style("monet", Settings(data_dir=own))


def test_fillers_that_cannot_be_had_are_a_sentence_and_the_rest_is_measured(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("FILLERS", str(tmp_path / "empty"))

    found = report(capsys, "--prompts", two, "--approaches", "1", "--seeds", "1", "--out", str(tmp_path / "out"))

    sentence = "There are no fillers to compare a picture or a style with."
    assert any(note.startswith(sentence) for note in found["notes"])
    assert "clip_score" in found["cells"][0]["scores"]
    assert "retrieval" not in found["cells"][0]["scores"]


# --- the full profile ----------------------------------------------------------------------------------------------


def test_the_full_profile_evaluates_its_three_approaches_from_an_empty_cache(two: str, tmp_path: Path) -> None:
    with Hub() as hub, Flickr8kServer(archive(80)) as flickr8k:
        hub.add(V1_4, tiny.v1_4(tmp_path / "v1-4"))
        hub.add(TURBO, tiny.turbo(tmp_path / "turbo"))
        hub.add(JUDGES["full"], tiny.judge(tmp_path / "judge"))
        environment = {
            **os.environ,
            "PROFILE": "full",
            "ENGINE_PAINTERS": "local",
            "DATA_DIR": str(tmp_path / "data"),
            "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": hub.url,
            "FLICKR8K_URL": flickr8k.url_of_zip,
            "OMP_NUM_THREADS": "1",
        }
        words = ["--prompts", two, "--seeds", "1", "--out", str(tmp_path / "out"), "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "engine", "evaluate", *words],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    told = [(column["model"], column["recipe"]["steps"], column["words"]) for column in found["columns"]]
    assert told == [(V1_4, 50, None), (TURBO, 4, PENCIL), (V1_4, 50, None)]
    assert len(found["columns"][0]["revision"]) == 40
    assert (found["judge"]["name"], len(found["judge"]["revision"])) == (JUDGES["full"], 40)
    assert found["judge"]["sharing"].startswith("The judge shares no encoder with a generator")
    assert found["fillers"] == 64
    assert len({cell["file"] for cell in found["cells"]}) == 8, "approach 3 shares the pictures of approach 1"
    # The tiny tokenizer reads letter by letter.
    assert any(note.startswith("A generator cannot read the end") for note in found["notes"])


# --- what is refused -----------------------------------------------------------------------------------------------


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one sentence that these words are refused with."""
    assert main(list(words)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    return err.strip()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--approaches", "1,4"], "approaches must be 1, 2 or 3, not “4”."),
        (["--approaches", "one"], "approaches must be 1, 2 or 3, not “one”."),
        (["--seeds", "0"], "seeds must be a whole number from 1 to 256, not “0”."),
        (["--seed", "-1"], "seed must be a whole number from 0 to 4 294 967 295, not “-1”."),
        (["--limit", "x"], "limit must be a whole number from 1 to 10000, not “x”."),
        (["--weights", "3", "--style", "ink"], "weights must be numbers from 0 to 2"),
        (["--weights", "nan", "--style", "ink"], "weights must be numbers from 0 to 2"),
        (["--style", "../ink"], "styles must be names of styles"),
        (["--style", "ink"], "There is no “ink”. The choices are: pencil."),
        (["--style", "ink", "--approaches", "1,3"], "Only approach 2 paints with styles; add it to --approaches."),
        (["--prompts", "/nowhere/set.txt"], "The prompt set /nowhere/set.txt cannot be read: No such file"),
        (["--prompts", "seven-categories", "--seeds", "256"], "That makes 131,072 pictures; an evaluation has at most"),
        (["--aproaches", "1"], "There is no “--aproaches”. Did you mean --approaches?"),
    ],
)
def test_bad_input_is_refused_with_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, "evaluate", *words).startswith(sentence)


def test_a_folder_that_holds_something_else_is_left_alone(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")

    said = refused(capsys, "evaluate", "--prompts", two, "--out", str(tmp_path / "mine"))

    assert "something other than an evaluation" in said
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_a_folder_that_cannot_be_written_is_told_before_painting(
    two: str, tmp_path: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    said = refused(capsys, "evaluate", "--prompts", two, "--out", str(tmp_path / "file" / "below"))

    assert "cannot be written" in said
    assert watched.painters == []


def test_a_folder_of_another_evaluation_is_refused(
    two: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--prompts", two, "--approaches", "1", "--out", str(tmp_path / "out")]
    report(capsys, *words, "--seeds", "1")

    assert "holds another evaluation" in refused(capsys, "evaluate", *words, "--seeds", "2")


def test_a_limited_set_takes_from_all_categories_in_turn() -> None:
    prompts = read("embedded").prompts

    found = limited(prompts, 9)

    assert len(found) == 9
    assert {prompt.category for prompt in found} == {prompt.category for prompt in prompts}
    assert found == tuple(sorted(found, key=prompts.index)), "in the order of the file"
    assert limited((Prompt(category="a", prompt="b"),), 5) == (Prompt(category="a", prompt="b"),)


# --- score ---------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["RGB", "L", "P"])
def drawing(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A drawing of a cat, larger than the judge looks at, in several kinds of PNG."""
    image = draw(sample(random.Random(5), "cat")).resize((150, 100)).convert(request.param)
    image.save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def test_a_picture_s_score_is_that_of_a_plain_transformers_loop(
    drawing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(drawing), "--prompt", "a cat", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    references = [prompt.prompt for prompt in read("embedded").prompts]
    plain = {text: plain_score(drawing, text) for text in ("a cat", *references)}
    assert found["score"] == pytest.approx(plain["a cat"], abs=1e-5)
    assert (found["judge"], found["scale"], found["of"]) == ("embedded", "cosine", 1 + len(references))
    assert found["rank"] == 1 + sum(plain[text] >= plain["a cat"] for text in references)
    best = sorted(references, key=lambda text: -plain[text])[:5]
    assert [near["prompt"] for near in found["nearest"]] == best
    assert [near["score"] for near in found["nearest"]] == pytest.approx([plain[text] for text in best], abs=1e-5)


def test_a_prompt_that_is_a_reference_itself_does_not_compete_with_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(sample(random.Random(5), "cat")).save(tmp_path / "cat.png")

    assert main(["score", str(tmp_path / "cat.png"), "--prompt", FLAGSHIP.upper(), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["of"] == len(read("embedded").prompts)
    assert FLAGSHIP not in {near["prompt"] for near in found["nearest"]}


def test_a_transparent_picture_is_scored_on_white(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = draw(sample(random.Random(5), "cat"))
    hole = drawn.convert("RGBA")
    hole.paste((0, 0, 0, 0), (0, 0, 30, 64))
    hole.save(tmp_path / "hole.png")
    drawn.paste((255, 255, 255), (0, 0, 30, 64))
    drawn.save(tmp_path / "white.png")

    scores = []
    for name in ("hole.png", "white.png"):
        assert main(["score", str(tmp_path / name), "--prompt", "a cat", "--json"]) == 0
        scores.append(json.loads(capsys.readouterr().out)["score"])

    assert scores[0] == scores[1]


def test_a_score_is_told_in_words_with_its_judge_and_its_competitors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(sample(random.Random(5), "cat")).save(tmp_path / "cat.png")

    assert main(["score", str(tmp_path / "cat.png"), "--prompt", "a cat"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("(cosine; judged by the embedded model's own judge).")
    assert "of 29 among the reference prompts" in lines[1]
    assert len(lines) == 7


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + b"." * 50])
def test_what_is_no_picture_is_refused_with_one_sentence(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.png").write_bytes(data)

    said = refused(capsys, "score", str(tmp_path / "x.png"), "--prompt", "a cat")

    assert said.startswith(f"{tmp_path / 'x.png'} is not a picture that can be read")


def test_a_missing_picture_and_a_missing_prompt_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.png").write_bytes(b"")

    assert refused(capsys, "score", "/nowhere.png", "--prompt", "a cat") == "There is no file /nowhere.png."
    assert refused(capsys, "score", str(tmp_path / "x.png")) == "prompt is missing: what the picture should show."
    assert "picture" in refused(capsys, "score").lower()
