"""`python -m engine`: what a person types, right and wrong. Status 0 done, 1 the world failed, 2 a bad argument."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from diffusers import UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file

from engine import embedded
from engine.command_line import main
from engine.contract.client import EngineClient
from engine.contract.errors import EngineAway
from engine.contract.events import Progress
from engine.painter import Pixels
from tests.engines import grid
from tests.styles import CONFIG, make_style

FLAGSHIP = "a cat wearing neon-glasses"


@pytest.fixture(autouse=True)
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(home))
    monkeypatch.setenv("PROFILE", "embedded")
    monkeypatch.setenv("ENGINE_PAINTERS", "fake")


def refused(capsys: pytest.CaptureFixture[str], *words: str, status: int = 2) -> str:
    """The one sentence that these words are refused with."""
    assert main(list(words)) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    return err.strip()


def pixels(file: str) -> Pixels:
    with Image.open(file) as image:
        return np.asarray(image)


def test_a_grid_is_printed_as_one_json_object_and_its_files_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["grid", "--prompt", FLAGSHIP, "--approach", "3", "--seed", "7", "--blocks", "2"]

    status = main([*words, "--out", str(tmp_path / "out"), "--json"])

    found = json.loads(capsys.readouterr().out)
    assert status == 0
    assert (found["prompt"], found["seed"], found["approach"], found["blocks"]) == (FLAGSHIP, 7, 3, 2)
    assert found["recipe"]["steps"] == 12
    assert len(found["filler_prompts"]) == 12
    with Image.open(found["sheet"]) as sheet:
        assert sheet.info["tessera"]
    assert json.loads((tmp_path / "out" / "recipe.json").read_text()) == found
    assert {pixels(cell["file"]).shape for cell in found["cells"]} == {(64, 64, 3)}
    assert {cell["source"] for cell in found["cells"]} == {"prompt", "generated"}


def test_a_grid_is_summed_up_in_words_with_judge_n_and_interval(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grid", "--prompt", "a tiger on a sunset", "--approach", "2", "--seed", "7"]) == 0

    out = capsys.readouterr().out
    assert "(16 pictures; cosine, judge embedded)" in out
    assert "of 16 blocks (chance 25 %" in out
    assert "No style is adopted" in out
    assert "tiger" in out


def test_a_grid_written_twice_replaces_itself_but_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["grid", "--prompt", FLAGSHIP, "--blocks", "1", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert main(words) == 0
    capsys.readouterr()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")

    said = refused(capsys, *words[:-1], str(tmp_path / "mine"))

    assert "something other than a grid" in said
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("prompt", "", "prompt must not be empty."),
        ("prompt", " \t ", "prompt must not be empty."),
        ("prompt", "x" * 10_000, "prompt may have at most 1000 characters; this one has 10,000."),
        ("prompt", "a\x07cat", "prompt must not contain control characters; type it as plain text."),
        ("approach", "4", "approach must be 1, 2 or 3, not “4”."),
        ("approach", "two", "approach must be 1, 2 or 3, not “two”."),
        ("blocks", "0", "blocks must be a whole number from 1 to 8, not “0”."),
        ("blocks", "9", "blocks must be a whole number from 1 to 8, not “9”."),
        ("seed", "-1", "seed must be a whole number from 0 to 4 294 967 295, not “-1”."),
        ("seed", str(2**80), "seed must be a whole number from 0 to 4 294 967 295, not “1208925819614629174706176”."),
        ("steps", "0", "steps must be a whole number from 1 to 150, not “0”."),
        ("steps", "1000000", "steps must be a whole number from 1 to 150, not “1000000”."),
        ("guidance", "nan", "guidance must be a number from 0 to 30, not “nan”."),
        ("weight", "1e9", "weight must be a number from 0 to 2, not “1e9”."),
        ("style", "../ink", "style must be a style's name: lower-case letters, digits and hyphens, not “../ink”."),
        ("fillers", "cats", "fillers must be flickr8k, album or generated, not “cats”."),
    ],
)
def test_a_bad_option_is_refused_with_one_sentence(
    option: str, value: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"prompt": FLAGSHIP, option: value}

    said = refused(capsys, "grid", *(f"--{name}={given}" for name, given in words.items()))

    assert said == sentence


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        (
            "name",
            "../ink",
            "name must be a style's name: up to 40 lower-case letters, digits and hyphens, not “../ink”.",
        ),
        (
            "name",
            "/etc/ink",
            "name must be a style's name: up to 40 lower-case letters, digits and hyphens, not “/etc/ink”.",
        ),
        ("rank", "0", "rank must be a whole number from 1 to 128, not “0”."),
        ("rank", "4096", "rank must be a whole number from 1 to 128, not “4096”."),
        ("lr", "1e9", "lr must be a number from 1e-07 to 1, not “1e9”."),
        ("lr", "nan", "lr must be a number from 1e-07 to 1, not “nan”."),
        ("images", "3", "images must be a whole number from 8 to 5000, not “3”."),
        ("epochs", "0", "epochs must be a whole number from 1 to 1000, not “0”."),
        ("source", "imagenet", "source must be wikiart, folder or embedded, not “imagenet”."),
        (
            "caption",
            "{titel}",
            "caption: there is no {titel}. A template may use {caption}, {title}, {artist}, {style}.",
        ),
    ],
)
def test_a_bad_option_of_a_training_is_refused_with_one_sentence_before_anything_is_fetched(
    option: str, value: str, sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PROFILE", "embedded")
    words = {"name": "ink", "source": "embedded", option: value}

    said = refused(capsys, "finetune", *(f"--{name}={given}" for name, given in words.items()))

    assert said == sentence
    assert not (tmp_path / "training").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["grdi"], "There is no “grdi”. Did you mean grid?"),
        (["grid"], "prompt is missing: what to paint."),
        (["grid", "a", "cat"], 'Give the prompt with --prompt, in quotes: --prompt "a cat"'),
        (["grid", "--prompt", "a", "cat"], 'Give the prompt with --prompt, in quotes: --prompt "a cat"'),
        (
            ["grid", "--prompt", "a", "--aproach", "1"],
            "There is no “--aproach”. Did you mean --approach?",
        ),
        (["grid", "--prompt", "a", "--style", "ink"], "There is no “ink”. The choices are: pencil."),
    ],
)
def test_bad_words_are_refused_with_one_sentence(
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))  # no other test's styles are there
    extra = ["--approach", "2"] if "--style" in words else []

    assert refused(capsys, *words, *extra).startswith(sentence)


def test_a_style_for_an_approach_without_styles_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "grid", "--prompt", "a cat", "--approach", "1", "--style", "ink")

    assert said == "approach 1 paints without styles; use approach 2 for “ink”."


def test_an_output_path_that_cannot_be_written_is_told_before_painting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    said = refused(capsys, "grid", "--prompt", "a cat", "--out", str(tmp_path / "file" / "below"))

    assert "cannot be written" in said
    assert "--out" in said


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("pickle", "not a complete safetensors file"),
        ("truncated", "not a complete safetensors file"),
        ("empty", "holds no tensor at all"),
        ("zero", "all its B matrices are zero"),
        ("other-base", "was made for another base model"),
        ("no-config", "There is no"),
    ],
)
def test_a_style_that_cannot_be_used_is_refused_with_its_fault(
    fault: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    unet = UNet2DConditionModel.from_pretrained(embedded.PIPELINE / "unet")
    folder = make_style(tmp_path / "styles", "ink", unet, 1, grown=fault != "zero")
    file = folder / "adapter_model.safetensors"
    match fault:
        case "pickle":
            file.write_bytes(b"\x80\x04\x95" + b"." * 400)
        case "truncated":
            file.write_bytes(file.read_bytes()[:-100])
        case "empty":
            # As the original published it: 40 bytes.
            save_file({}, file, metadata={"format": "pt"})
            assert file.stat().st_size == 40
        case "other-base":
            small = UNet2DConditionModel.from_config({**unet.config, "cross_attention_dim": 64})
            make_style(tmp_path / "styles", "oil", small, 1)
            file.write_bytes((tmp_path / "styles" / "oil" / file.name).read_bytes())
        case "no-config":
            (folder / "adapter_config.json").unlink()

    said = refused(capsys, "grid", "--prompt", "a cat", "--approach", "2", "--style", "ink")

    assert sentence in said
    assert CONFIG.r == 2
    assert not (tmp_path / "grids").exists() or not any((tmp_path / "grids").iterdir())


def test_a_corrupt_picture_of_an_album_is_skipped_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for index in range(4):
        Image.fromarray(np.full((30, 40, 3), 40 * index, np.uint8)).save(album / f"{index}.png")
    (album / "broken.png").write_bytes(b"\x89PNG\r\n not really")
    monkeypatch.setenv("FILLERS", str(album))

    assert main(["grid", "--prompt", FLAGSHIP, "--json", "--seed", "7"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert any("broken.png" in warning for warning in found["warnings"])
    assert {cell["source"] for cell in found["cells"]} == {"prompt", "album"}


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.grid_files._fill", no_room)

    assert main(["grid", "--prompt", FLAGSHIP, "--blocks", "1", "--out", str(tmp_path / "out")]) == 1

    assert "no room left on the disk" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


ADDRESS = "must be an address with http:// or https:// in front, such as http://127.0.0.1:8065."


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("PROFILE", "huge", "must be auto, embedded or full, not “huge”."),
        ("FLICKR8K_URL", "flickr8k.zip", ADDRESS),
        ("FLICKR8K_URL", "ftp://a/b.zip", ADDRESS),
        ("FLICKR8K_URL", "https://", ADDRESS),
        ("DATASETS_SERVER_URL", "/data", ADDRESS),
        ("GEMINI_API_URL", "generativelanguage.example", ADDRESS),
    ],
)
def test_a_bad_setting_is_refused_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, fault: str
) -> None:
    monkeypatch.setenv(name, value)

    assert refused(capsys, "info") == f"{name} {fault}"


def test_info_says_profile_models_and_styles_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["profile"] == "embedded"
    assert found["models"] == {"embedded": "here"}
    assert set(found["approaches"]) == {"1", "2", "3"}
    assert "does not answer" in found["engine"]


def test_an_engine_that_listens_to_others_must_have_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ENGINE_LISTEN", "0.0.0.0:0")

    assert "set ENGINE_TOKEN" in refused(capsys, "serve")


def test_a_socket_that_cannot_be_made_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    (tmp_path / "engine.sock").mkdir()

    assert "Check DATA_DIR, or set ENGINE_LISTEN" in refused(capsys, "serve")


def test_a_folder_of_somebody_else_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "styles"))

    monkeypatch.setattr("engine.styles.names", forbidden)

    assert refused(capsys, "info", status=1) == f"{tmp_path / 'styles'} may not be opened by this user."


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:99999", "must be host:port"),
        ("127.0.0.1:²", "must be host:port"),
        ("203.0.113.1:80", "cannot be used: "),
        ("taken", "cannot be used: "),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, address: str, says: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.setenv("ENGINE_TOKEN", "t" * 40)
        monkeypatch.setenv("ENGINE_LISTEN", taken if address == "taken" else address)

        assert says in refused(capsys, "serve")


def test_a_data_folder_that_is_a_file_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "file"))

    assert "is not a folder that can be written: File exists." in refused(capsys, "serve")


def test_the_command_hands_over_to_an_engine_that_is_running_and_a_second_one_refuses_to_start(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "ENGINE_PAINTERS": "fake"}
    run = [sys.executable, "-m", "engine"]
    with subprocess.Popen(run, env=environment, stderr=subprocess.PIPE, text=True) as engine:
        assert engine.stderr
        first = json.loads(engine.stderr.readline())
        assert "serving on" in first["text"]

        made = subprocess.run(
            [*run, "grid", "--prompt", FLAGSHIP, "--blocks", "1", "--json"],
            env={**environment, "ENGINE_PAINTERS": "local"}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        second = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
        told = subprocess.run([*run, "info"], env=environment, capture_output=True, text=True, check=True)
        engine.terminate()
        engine.communicate()

    # A colour, not a picture: the fake painter of the running engine made it.
    own = next(cell for cell in json.loads(made.stdout)["cells"] if cell["unique"])
    cell = pixels(own["file"])
    assert (cell == cell[0, 0]).all()
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert f"process {first['pid']} at {tmp_path / 'engine.sock'}" in told.stdout
    assert engine.returncode == 0
    assert not (tmp_path / "engine.sock").exists()


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """Takes calls and never answers them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


@contextlib.contextmanager
def fetching(silent_server: socket.socket, data: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m engine` with `words`, its photos to be had of that server."""
    url = f"http://127.0.0.1:{silent_server.getsockname()[1]}/photos.zip"
    environment = {**os.environ, "DATA_DIR": str(data), "FLICKR8K_URL": url}
    # Where the tests run behind a shell's &, interrupts are ignored, and so they would be in the command.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen([sys.executable, "-m", "engine", *words], env=environment, stderr=subprocess.PIPE) as command:
        signal.signal(signal.SIGINT, before)
        try:
            yield command
        finally:
            command.kill()


def test_a_command_that_waits_for_a_download_ends_at_the_first_interrupt(
    tmp_path: Path, silent_server: socket.socket
) -> None:
    with fetching(silent_server, tmp_path, "grid", "--prompt", FLAGSHIP, "--fillers", "flickr8k") as command:
        call, _ = silent_server.accept()
        with call:
            command.send_signal(signal.SIGINT)
            status = command.wait(60)

    assert status == 130


async def test_an_engine_that_waits_for_a_download_ends_when_it_is_told_to(
    tmp_path: Path, silent_server: socket.socket
) -> None:
    with fetching(silent_server, tmp_path) as engine:
        assert engine.stderr
        engine.stderr.readline()
        client = EngineClient(None, tmp_path / "engine.sock")
        async for _ in client.run(grid(fillers="flickr8k")):
            break
        call, _ = await asyncio.to_thread(silent_server.accept)
        engine.terminate()
        status = await asyncio.to_thread(engine.wait, 60)
        call.close()
        await client.close()

    assert status == 0


async def test_an_engine_that_ends_lets_those_go_who_follow_its_jobs_and_complains_of_nothing(
    tmp_path: Path, silent_server: socket.socket
) -> None:
    with fetching(silent_server, tmp_path) as engine:
        assert engine.stderr
        engine.stderr.readline()
        client = EngineClient(None, tmp_path / "engine.sock")
        with pytest.raises(EngineAway):  # noqa: PT012  # the stream is what raises
            async for event in client.run(grid(fillers="flickr8k")):
                if isinstance(event, Progress) and event.phase == "fetching":
                    engine.terminate()
        said = await asyncio.to_thread(engine.stderr.read)
        await client.close()

    assert b'"error"' not in said
    assert engine.returncode == 0
