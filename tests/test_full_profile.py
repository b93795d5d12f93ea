"""The full profile from an empty cache to scored sheets, as a person runs it: hub, Flickr8k and Gemini on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.command_line import main
from engine.contract.approaches import JUDGES, PENCIL, TURBO, V1_4
from tests.stand_ins import tiny
from tests.stand_ins.flickr8k import Flickr8kServer, archive
from tests.stand_ins.gemini import GeminiServer, plenty, wrote
from tests.stand_ins.hub import Hub

FLAGSHIP = "a cat wearing neon-glasses"
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a machine whose outside world is on loopback; nothing has been fetched yet."""
    root = tmp_path_factory.mktemp("world")
    with Hub() as hub, Flickr8kServer(archive(230)) as flickr8k, GeminiServer() as gemini:
        hub.add(V1_4, tiny.v1_4(root / "v1-4"))
        hub.add(TURBO, tiny.turbo(root / "turbo"))
        hub.add(JUDGES["full"], tiny.judge(root / "judge"))
        gemini.answers = [wrote(plenty()) for _ in range(9)]
        yield {
            **os.environ,
            "PROFILE": "full",
            "DATA_DIR": str(root / "data"),
            "HF_HOME": str(root / "hf"),
            "HF_ENDPOINT": hub.url,
            "FLICKR8K_URL": flickr8k.url_of_zip,
            "GOOGLE_API_KEY": "right-key",
            "GEMINI_API_URL": gemini.url,
            "OMP_NUM_THREADS": "1",
        }


def alone(world: dict[str, str], *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", *words], env=world, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    assert "right-key" not in done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def served(world: dict[str, str]) -> Iterator[dict[str, str]]:
    """An engine that is running; commands hand their jobs to it."""
    with subprocess.Popen([sys.executable, "-m", "engine"], env=world, stderr=subprocess.PIPE, text=True) as engine:
        assert engine.stderr
        assert "serving on" in engine.stderr.readline()
        yield world
        engine.terminate()
        assert "right-key" not in engine.communicate()[1]


@pytest.fixture
def ask(served: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """`python -m engine grid` with the flagship prompt: status, standard output, standard error."""
    monkeypatch.setenv("DATA_DIR", served["DATA_DIR"])

    def run(*words: str) -> tuple[int, str, str]:
        given = ["grid", "--prompt", FLAGSHIP, "--seed", "7", "--blocks", "2", "--json", *words]
        return main(given), *capsys.readouterr()

    return run


def made(asked: tuple[int, str, str]) -> dict[str, Any]:
    status, out, err = asked
    assert status == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_models_and_photos_are_fetched_ahead_with_their_licence(world: dict[str, str]) -> None:
    before = json.loads(alone(world, "info", "--json").stdout)

    said = alone(world, "fetch").stderr

    after = json.loads(alone(world, "info", "--json").stdout)
    assert set(before["models"].values()) == {"not fetched yet: python -m engine fetch"}
    assert after["models"] == dict.fromkeys([V1_4, TURBO, JUDGES["full"]], "here")
    assert "research" in said.lower()


def test_approach_1_paints_with_v1_4_among_photos(ask: Ask) -> None:
    found = made(ask("--approach", "1", "--steps", "3"))

    assert found["recipe"]["model"] == V1_4
    assert (found["recipe"]["scheduler"], found["recipe"]["guidance"]) == ("PNDMScheduler", 7.5)
    assert len(found["recipe"]["revision"]) == 40
    assert {cell["source"] for cell in found["cells"]} == {"prompt", "flickr8k"}
    assert found["score"]["judge"] == JUDGES["full"]
    assert found["score"]["n"] == 4


def test_approach_2_paints_with_sd_turbo_in_four_steps_without_guidance_and_says_that_no_style_is_adopted(
    ask: Ask,
) -> None:
    found = made(ask("--approach", "2"))

    assert (found["recipe"]["model"], found["recipe"]["steps"], found["recipe"]["guidance"]) == (TURBO, 4, 0.0)
    assert found["recipe"]["scheduler"] == "EulerDiscreteScheduler"
    assert found["recipe"]["dressed_prompt"] == f"{FLAGSHIP}, {PENCIL}"
    assert any("No style is adopted" in warning for warning in found["warnings"])


def test_approach_3_paints_prompts_that_gemini_wrote(ask: Ask) -> None:
    found = made(ask("--approach", "3", "--steps", "2", "--details", "neon-green glasses, studio light"))

    assert found["writer"] == "gemini"
    assert len(set(found["filler_prompts"])) == 12
    assert {cell["source"] for cell in found["cells"]} == {"prompt", "generated"}
    assert found["recipe"]["dressed_prompt"] == f"{FLAGSHIP}, neon-green glasses, studio light"
    assert found["score"]["with_details"] is not None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--approach", "2", "--steps", "20"], "approach 2 paints in 1 to 4 steps, not 20."),
        (["--approach", "2", "--guidance", "7"], f"approach 2 ({TURBO}) paints without guidance; leave guidance out."),
        (["--approach", "2", "--negative", "blur"], f"approach 2 ({TURBO}) takes no negative prompt"),
    ],
)
def test_what_turbo_cannot_do_is_refused(ask: Ask, words: list[str], sentence: str) -> None:
    status, out, err = ask(*words)

    assert (status, out) == (2, "")
    assert err.startswith(sentence)


def test_words_that_are_cut_off_are_counted(ask: Ask) -> None:
    # The tiny tokenizer reads letter by letter, 75 of them.
    found = made(ask("--prompt", "cat " * 30, "--steps", "1", "--blocks", "1"))

    assert found["score"]["tokens_not_scored"] > 0
    assert sum("tokens of the prompt" in warning for warning in found["warnings"]) == 2


def test_a_hub_that_is_away_is_told_in_one_sentence_with_what_to_do(world: dict[str, str], tmp_path: Path) -> None:
    away = {
        **world,
        "DATA_DIR": str(tmp_path / "data"),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_ENDPOINT": "http://127.0.0.1:9",
    }

    said = alone(away, "grid", "--prompt", FLAGSHIP, status=1).stderr

    assert "python -m engine fetch" in said
    assert "HF_ENDPOINT" in said
